"""Questions are answered while a cell runs, and the cell goes on."""

from __future__ import annotations

import pytest

from support.frontend import Frontend

QUESTIONS = [
    ("complete_request", {"code": "%rai", "cursor_pos": 4}),
    ("inspect_request", {"code": "xlog", "cursor_pos": 2, "detail_level": 0}),
    ("is_complete_request", {"code": "xlog("}),
    ("history_request", {"hist_access_type": "tail", "output": False, "raw": True, "n": 3}),
    ("kernel_info_request", {}),
    ("comm_info_request", {}),
]


@pytest.mark.parametrize(("kind", "content"), QUESTIONS)
def test_questions_during_a_cell(kernel: Frontend, kind: str, content: dict[str, object]) -> None:
    cell = kernel.spin()
    found = kernel.gather(kernel.request(kind, content))
    assert found.status != "error"
    assert found.kinds == ["busy", "idle"]
    # front ends show the state that came last: the cell still runs
    (state,) = [m for m in kernel.messages(cell, "busy") if m["msg_type"] == "status"]
    assert state["content"]["execution_state"] == "busy"
    kernel.interrupt()
    assert kernel.gather(cell).status == "error"


def test_answers_during_a_cell_know_the_session(kernel: Frontend) -> None:
    kernel.run("route[greet] { $shv(total) = 1; }")
    cell = kernel.spin()
    for code, expected in (("%rai", "%raise"), ("event_route[E_SP", "E_SPIN"), ("$shv(", "total"), ("$var(", "j")):
        found = kernel.ask("complete_request", code=code, cursor_pos=len(code)).reply
        assert expected in found["matches"]
    told = kernel.ask("inspect_request", code="route(greet", cursor_pos=9, detail_level=1).reply
    assert "$shv(total) = 1;" in told["data"]["text/plain"]
    kernel.interrupt()
    assert kernel.gather(cell).status == "error"


def test_output_stays_with_its_cell(kernel: Frontend) -> None:
    kernel.run(
        'event_route[E_X] { $var(i) = 0; while ($var(i) < 300) { xlog("$var(i)\\n"); usleep(1000); $var(i) += 1; } }'
    )
    cell = kernel.execute("%raise E_X")
    kernel.messages(cell, "stream")
    for _ in range(10):
        kernel.ask("complete_request", code="%rai", cursor_pos=4)
    found = kernel.gather(cell)
    early = [m["content"]["text"] for m in kernel.others if m["msg_type"] == "stream"]
    assert found.stdout.endswith("299\n")
    assert all(m["parent_header"]["msg_id"] == cell for m in kernel.others if m["msg_type"] == "stream"), early


def test_malformed_questions_are_survived(kernel: Frontend) -> None:
    cell = kernel.spin()
    request = kernel.request("complete_request", {})
    kernel.messages(request, "idle")
    kernel.interrupt()
    kernel.gather(cell)
    assert kernel.run("1").shown == ["1"]
