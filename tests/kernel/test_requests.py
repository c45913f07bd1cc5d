"""Malformed and unknown requests get the protocol's error reply, and disturb nothing."""

from __future__ import annotations

from typing import Any

import pytest

from evroute_kernel.kernel.protocol.requests import complaint, reply_type
from support.frontend import DEADLINE, Frontend

MALFORMED: list[tuple[str, Any, str]] = [
    ("execute_request", {}, "code is missing"),
    ("execute_request", {"code": 5}, "code must be a string, not a number"),
    ("execute_request", {"code": "1", "silent": "no"}, "silent must be true or false, not a string"),
    ("execute_request", {"code": "1", "user_expressions": ["1"]}, "user_expressions must be an object, not a list"),
    ("execute_request", {"code": "1", "user_expressions": {"a": 1}}, "user_expressions must hold strings"),
    ("execute_request", b"[]", "the content must be an object, not a list"),
    ("complete_request", {"code": "%rai"}, "cursor_pos is missing"),
    ("complete_request", {"code": "%rai", "cursor_pos": True}, "cursor_pos must be an integer, not a boolean"),
    ("complete_request", {"code": None, "cursor_pos": 0}, "code must be a string, not null"),
    ("inspect_request", {"code": "xlog", "cursor_pos": 1.5}, "cursor_pos must be an integer, not a number"),
    ("inspect_request", {"code": "xlog", "cursor_pos": 1, "omit_sections": 3}, "omit_sections must be a list"),
    ("is_complete_request", {"code": {}}, "code must be a string, not an object"),
    ("history_request", {"hist_access_type": "all"}, "hist_access_type must be one of range, tail, search"),
    ("history_request", {}, "hist_access_type is missing"),
    ("history_request", {"hist_access_type": "tail", "n": "5"}, "n must be an integer, not a string"),
    ("comm_info_request", {"target_name": 5}, "target_name must be a string, not a number"),
    ("nonsense_request", {}, "unknown message type 'nonsense_request'"),
    ("debug_request", {"command": "debugInfo"}, "unknown message type"),
]


@pytest.mark.parametrize(("kind", "content", "what"), MALFORMED)
def test_error_replies(kernel: Frontend, kind: str, content: Any, what: str) -> None:
    count = kernel.run("1").reply["execution_count"]
    request = kernel.request(kind, content)
    message = kernel.client.get_shell_msg(timeout=DEADLINE)
    reply = message["content"]
    assert message["parent_header"]["msg_id"] == request
    assert message["msg_type"] == kind.replace("_request", "_reply")
    assert reply["status"] == "error"
    assert what in reply["evalue"]
    assert [m["content"].get("execution_state") for m in kernel.messages(request, "idle")] == ["busy", "idle"]
    assert kernel.run("2").reply["execution_count"] == count + 1


@pytest.mark.parametrize(
    ("kind", "content"),
    [("nonsense_request", {}), ("shutdown_request", {}), ("debug_request", b"[]"), ("history_request", {"n": 1})],
)
def test_error_replies_on_control(kernel: Frontend, kind: str, content: Any) -> None:
    assert kernel.control(kind, content)["status"] == "error"
    assert kernel.run("1").status == "ok"


def test_error_replies_while_a_cell_runs(kernel: Frontend) -> None:
    cell = kernel.spin()
    assert kernel.ask("complete_request", code="%rai").reply["ename"] == "BadRequest"
    kernel.interrupt()
    assert kernel.gather(cell).error["ename"] == "Interrupted"


def test_a_bad_request_does_not_abort_the_cells_that_wait(kernel: Frontend) -> None:
    kernel.run("event_route[E_X] { usleep(50000); }")
    first, bad, last = kernel.execute("%raise E_X"), kernel.request("execute_request", {}), kernel.execute("7")
    replies = {}
    while len(replies) < 3:
        message = kernel.client.get_shell_msg(timeout=DEADLINE)
        replies[message["parent_header"]["msg_id"]] = message["content"]["status"]
    assert replies == {first: "ok", bad: "error", last: "ok"}
    kernel.messages(last, "idle")


@pytest.mark.parametrize(
    "kind", ["nonsense", "", "comm_msg", "comm_open", "comm_close", "execute_reply", 5, ["a"], None]
)
def test_what_has_no_reply_is_dropped(kernel: Frontend, kind: Any) -> None:
    message = kernel.client.session.msg("x", {"comm_id": ["no"]})
    message["header"]["msg_type"] = message["msg_type"] = kind
    kernel.client.shell_channel.send(message)
    assert kernel.run("1").status == "ok"
    assert kernel.ask("kernel_info_request").status == "ok"


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b"5", b'"text"', b"null"])
def test_frames_that_are_no_message_are_dropped(kernel: Frontend, part: int, junk: bytes) -> None:
    session = kernel.client.session
    frames = session.serialize(session.msg("kernel_info_request", {}))
    parts = frames[2:]
    parts[part] = junk
    kernel.client.shell_channel.socket.send_multipart([frames[0], session.sign(parts), *parts])
    kernel.client.shell_channel.socket.send_multipart([frames[0], b"no signature", *parts])
    found = kernel.run("1")
    assert (found.status, found.shown) == ("ok", ["1"])


@pytest.mark.parametrize("cursor", [-5, 10**9])
@pytest.mark.parametrize("kind", ["complete_request", "inspect_request"])
def test_cursors_beside_the_text(kernel: Frontend, kind: str, cursor: int) -> None:
    assert kernel.ask(kind, code="%raise", cursor_pos=cursor).status == "ok"


def test_metadata_is_an_object() -> None:
    message = {"header": {"msg_type": "execute_request"}, "metadata": [], "content": {"code": ""}}
    assert complaint(message) == "the metadata must be an object, not a list"
    assert complaint({**message, "metadata": {}}) is None


def test_members_that_nobody_knows_are_ignored() -> None:
    content = {"code": "", "later": 1, "user_expressions": None}
    assert complaint({"header": {"msg_type": "execute_request"}, "metadata": {}, "content": content}) is None


def test_only_requests_have_replies() -> None:
    kinds = ["execute_request", "comm_msg", "execute_reply", 5]
    found = [reply_type({"header": {"msg_type": kind}}) for kind in kinds]
    assert found == ["execute_reply", None, None, None]


# -- usage ------------------------------------------------------------------------------------------------------------


def test_usage_covers_the_workers(kernel: Frontend) -> None:
    kernel.run("1")
    reply = kernel.control("usage_request", {})
    assert reply["pid"] == kernel.process.pid
    assert reply["cpu_count"] >= 1
    assert reply["kernel_cpu"] >= 0
    children = kernel.process.children(recursive=True)
    assert reply["kernel_memory"] > sum(c.memory_full_info().pss for c in children)
    assert reply["host_virtual_memory"]["total"] > reply["kernel_memory"]
