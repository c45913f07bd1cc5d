"""Cells that print far too much: few messages, nothing that explains a failure is lost, and the cell ends."""

from __future__ import annotations

import re
import time
from itertools import groupby
from threading import Event

from support.frontend import DEADLINE, Frontend

#: seconds that a slow client takes for each message
SLOW = 0.001

ALTERNATING = """max_while_loops = 20000
event_route[E_FLOOD] {
    $var(i) = 0;
    while ($var(i) < 10000) {
        xlog("L_NOTICE", "out $var(i)\\n");
        xlog("L_WARN", "err $var(i)\\n");
        $var(i) += 1;
    }
}
"""
ENDLESS = """event_route[E_PIKE_BLOCKED] {
    $var(i) = 0;
    while ($var(i) < 10) {
        xlog("i=$var(i)\\n");
        %s
    }
}
%%raise E_PIKE_BLOCKED ip=1.2.3.4
"""
END = "the loop has run 10000 times and is left: nothing in the loop changes $var(i)"


def streams(messages: list[dict[str, object]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for message in messages:
        content = message["content"]
        if message["msg_type"] == "stream" and isinstance(content, dict):
            found.append((content["name"], content["text"]))
    return found


def test_a_loop_that_never_ends_says_so_last(kernel: Frontend) -> None:
    kernel.run(ENDLESS % "")  # where the loop stands a lint says so, and the run need not
    found = kernel.run("%raise E_PIKE_BLOCKED ip=1.2.3.4")
    assert found.status == "ok"
    assert found.stdout == "i=0\n" * 10 + "... 9,990 more like this\n"
    assert found.kinds[-2] == "display_data"
    assert found.shown[-1].startswith(f"error: {END} [run time]\n  In[{found.reply['execution_count'] - 1}]:3:5\n")


def test_what_a_lint_has_just_said_is_not_said_again(kernel: Frontend) -> None:
    found = kernel.run(ENDLESS % "")
    assert [text.partition("\n")[0] for text in found.shown] == [
        "warning: nothing in the loop changes $var(i): the server leaves it after 10,000 rounds [endless-loop]"
    ]


def test_what_the_runtime_remarks_in_a_loop_is_shown_once_and_counted(kernel: Frontend) -> None:
    """It was four lines for each of ten rounds, and then two lines that counted them."""
    found = kernel.run(ENDLESS % "$var(j) = $var(j) + 1;")
    assert re.fullmatch(r"(i=0\n){10}\.\.\. [\d,]+ more like this\n", found.stdout)
    remarks = found.contents("display_data")[1:3]
    titles = [content["data"]["text/plain"].partition("\n")[0] for content in remarks]
    assert titles == [
        "error: <null> + a number without text form: give the left side a value first [run time]",
        "warning: no value on the right side: $var(j) keeps what it had [run time]",
    ]
    counted = found.contents("update_display_data")
    assert [content["transient"] for content in counted] == [content["transient"] for content in remarks]
    assert all(re.search(r"\[run time, \d,\d{3} times\]\n", c["data"]["text/plain"]) for c in counted)
    assert len((found.stdout + found.told).splitlines()) < 40


def test_it_says_so_last_when_it_logs_more_than_is_kept(kernel: Frontend) -> None:
    kernel.run(ENDLESS % '$var(j) = $var(j) + 1;\nxlog("again\\n");')
    found = kernel.run("%raise E_PIKE_BLOCKED ip=1.2.3.4")
    assert len((found.stdout + found.told).splitlines()) < 100
    assert "more log lines were not kept" in found.told
    assert found.shown[-1].startswith(f"error: {END} [run time]\n")
    assert kernel.run(f"%expect {END!r}").status == "error"  # of another cell; this one has logged nothing


def test_the_records_are_complete_whatever_is_shown(kernel: Frontend) -> None:
    found = kernel.run(ENDLESS % "" + '%expect "nothing in the loop changes"')
    assert found.status == "ok"
    last = kernel.run("%log last=20").stdout.splitlines()
    assert len(last) == 20
    assert last[:-1] == ["i=0"] * 19
    assert last[-1].endswith(END)


def test_alternating_levels_are_few_messages_and_a_slow_client_gets_them_all(kernel: Frontend) -> None:
    kernel.run("%config log=30000")
    kernel.run(ALTERNATING)
    kernel.run("%raise E_FLOOD")  # the worker is there, so that all of the time is the cell's
    pause = Event()
    begun = time.monotonic()
    request = kernel.execute("%raise E_FLOOD")
    messages: list[dict[str, object]] = []
    while not messages or messages[-1]["content"] != {"execution_state": "idle"}:
        message = kernel.client.get_iopub_msg(timeout=DEADLINE)
        pause.wait(SLOW)
        if message["parent_header"].get("msg_id") == request:
            messages.append(message)
    taken = time.monotonic() - begun
    kernel.run("%config log=10000")
    assert len(messages) <= 200
    assert taken < 10  # one second; a message for each record would take half a minute
    for stream, name in (("stdout", "out"), ("stderr", "err")):
        lines = "".join(text for known, text in streams(messages) if known == stream).splitlines()
        numbers = [int(line.split()[1]) for line in lines if line.startswith(name)]
        assert numbers == sorted(numbers)
        assert numbers[0] == 0
        assert numbers[-1] == 9_999
        assert numbers[:4000] == list(range(4000))
    assert "9,000 lines left out" in "".join(text for _, text in streams(messages))


def test_few_lines_keep_their_order_across_the_streams(kernel: Frontend) -> None:
    kernel.run(ALTERNATING.replace("10000", "10"))
    found = kernel.run("%raise E_FLOOD")
    shown = "".join(text for _, text in streams(found.messages)).splitlines()
    assert shown == [f"{name} {i}" for i in range(10) for name in ("out", "err")]
    assert len(list(groupby(streams(found.messages), key=lambda piece: piece[0]))) == 20
