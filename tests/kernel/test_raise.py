"""`%raise` in all its forms."""

from __future__ import annotations

import os
import re
import signal
from typing import Any

import pytest

from support.frontend import DEADLINE, SPIN, Frontend, Result

SHOW = 'event_route[E_X] { xlog("$param(1)|$param(2)|$param(name)|$param(number)\\n"); }\n'


@pytest.mark.parametrize(
    ("line", "log"),
    [
        ("%raise E_X name=abc number=7", "abc|7|abc|7"),
        ('%raise E_X name = "a b" number = 7', "a b|7|a b|7"),
        ("%raise E_X abc 7", "abc|7|<null>|<null>"),
        ('%raise E_X {"name": "Zoë", "number": 7}', "Zoë|7|Zoë|7"),
        ("%raise E_X", "<null>|<null>|<null>|<null>"),
        ('%%raise E_X\n{"name": "a",\n "number": 7}', "a|7|a|7"),
        ("%%raise E_X\n[1, 2]", "1|2|<null>|<null>"),
    ],
)
def test_parameters(kernel: Frontend, line: str, log: str) -> None:
    kernel.run(SHOW)
    assert kernel.run(line).stdout == log + "\n"


@pytest.mark.parametrize(("value", "sum_"), [("7", "8"), ('"7"', "<null>"), ("s:7", "<null>"), ("-7", "-6")])
def test_integers_are_integers_and_quoted_ones_strings(kernel: Frontend, value: str, sum_: str) -> None:
    kernel.run('event_route[E_X] { $var(sum) = NULL; $var(sum) = $param(n) + 1; xlog("$var(sum)\\n"); }')
    assert kernel.run(f"%raise E_X n={value}").stdout == f"{sum_}\n"


def test_samples_come_from_the_catalogue(kernel: Frontend) -> None:
    kernel.run('event_route[E_PIKE_BLOCKED] { xlog("$param(ip)\\n"); }')
    assert kernel.run("%raise E_PIKE_BLOCKED --sample").stdout == "192.0.2.66\n"
    assert kernel.run("%raise E_PIKE_BLOCKED --sample ip=10.0.0.1").stdout == "10.0.0.1\n"
    assert "no sample is known" in kernel.run("%raise E_X --sample").traceback


def test_count_raises_in_order(kernel: Frontend) -> None:
    kernel.run('event_route[E_X] { $shv(n) = $shv(n) + 1; xlog("$shv(n)\\n"); }')
    assert kernel.run("$shv(n) = 0;\n%raise E_X --count 50").stdout == "".join(f"{n}\n" for n in range(1, 51))


def test_nested_events_end_before_the_cell(kernel: Frontend) -> None:
    found = kernel.run(
        'event_route[E_A] { xlog("a\\n"); raise_event("E_B"); xlog("still a\\n"); }\n'
        'event_route[E_B] { xlog("b\\n"); }\n%raise E_A'
    )
    assert found.stdout == "a\nstill a\nb\n"


SLOW = 'event_route[E_SLOW] { while ($shv(go) != 1) usleep(1000); xlog("slow\\n"); }\n'
GO = "%mi shv_set go int 1"


def test_async_goes_on_and_the_cell_waits_at_its_end(kernel: Frontend) -> None:
    kernel.run(SLOW)
    found = kernel.run(f"%raise E_SLOW --async\n%routes\n{GO}")
    assert found.kinds[:3] == ["busy", "execute_input", "display_data"]
    assert sorted(found.kinds[3:-1]) == ["display_data", "stream"]
    assert found.kinds[-1] == "idle"
    assert found.stdout == "slow\n"


def test_detached_output_comes_late_under_its_own_cell(kernel: Frontend) -> None:
    kernel.run(SLOW)
    request = kernel.execute("%raise E_SLOW --detach")
    first = kernel.gather(request)
    assert first.stdout == ""
    assert kernel.run(GO).status == "ok"
    late = next((m for m in kernel.others if m["msg_type"] == "stream"), None)
    while late is None:
        message = kernel.client.get_iopub_msg(timeout=DEADLINE)
        late = message if message["msg_type"] == "stream" else None
    assert (late["content"]["text"], late["parent_header"]["msg_id"]) == ("slow\n", request)


def test_timeouts_end_the_run(kernel: Frontend) -> None:
    found = kernel.run(SPIN + "%raise E_SPIN --timeout 1")
    assert found.error["ename"] == "RouteFailed"
    assert found.stdout == "spinning\n"
    assert "event_route[E_SPIN]" in found.traceback
    assert "  In[" in found.traceback


def test_a_timeout_counts_while_the_event_waits_for_a_worker(kernel: Frontend) -> None:
    kernel.run('%workers 1\nevent_route[E_X] { xlog("x\\n"); }')
    spinning = kernel.execute(SPIN + "%raise E_SPIN --detach")
    kernel.messages(spinning, "stream")
    found = kernel.run("%raise E_X --timeout 0.1")
    kernel.interrupt()
    kernel.messages(spinning, "display_data")  # that it was interrupted; what runs later is not meant any more
    assert kernel.run("%raise E_X\n%workers 2").stdout == "x\n"
    assert found.error["evalue"].startswith("the event E_X was not run: it waited 0.1 s for a worker")
    assert "worker 1 runs event_route[E_SPIN]" in found.traceback
    assert found.stdout == ""


def test_a_failing_route_fails_the_cell(kernel: Frontend) -> None:
    found = kernel.run('event_route[E_X] {\n    xlog("before\\n");\n    $var(x) = 5;\n    $var(x) /= 0;\n}\n%raise E_X')
    assert found.stdout == "before\n"
    assert found.error["ename"] == "RouteFailed"
    assert f"  In[{found.reply['execution_count']}]:4:5\n" in found.traceback
    assert kernel.run('xlog("alive\\n");').stdout == "alive\n"


def test_a_killed_worker_costs_its_run_only(kernel: Frontend) -> None:
    kernel.run('event_route[E_X] { xlog("x\\n"); }')
    request = kernel.execute(SPIN.replace("spinning", "$pp") + "%raise E_SPIN")
    os.kill(int(kernel.messages(request, "stream")[-1]["content"]["text"]), signal.SIGKILL)
    found = kernel.gather(request)
    assert found.error["ename"] == "RouteFailed"
    assert "event_route[E_SPIN]" in found.traceback
    assert kernel.run("%raise E_X").stdout == "x\n"


@pytest.mark.parametrize(
    ("line", "pointed"),
    [
        ("%raise", "%raise"),
        ("%raise E_X a=1 2", "2"),
        ("%raise E_X --cuont 3", "--cuont"),
        ('%raise E_X "open', '"'),
        ("%raise E_X {1}", "1"),
        ("%%raise E_X\nnonsense", "n"),
        ('%%raise E_X a=1\n{"a": 1}', "%%raise E_X a=1"),
        ("%raise E_X n=99999999999", "99999999999"),
    ],
)
def test_wrong_arguments_are_pointed_at(kernel: Frontend, line: str, pointed: str) -> None:
    kernel.run(SHOW)
    found = kernel.run(line)
    assert (found.status, found.error["ename"]) == ("error", "MagicError")
    carets = next(text for text in found.traceback.splitlines() if text.strip(" |").startswith("^"))
    excerpt = found.traceback.splitlines()[found.traceback.splitlines().index(carets) - 1]
    assert carets.count("^") == len(pointed) or pointed == "%raise"
    assert pointed in excerpt


# -- progress, summary, report ----------------------------------------------------------------------------------------


def displays(found: Result) -> list[str]:
    """text/plain of the displays at the end: what updates have put there counts."""
    last: dict[Any, str] = {}
    for message in found.messages:
        if message["msg_type"] in ("display_data", "update_display_data"):
            content = message["content"]
            last[content["transient"].get("display_id", len(last))] = content["data"]["text/plain"]
    return list(last.values())


@pytest.mark.parametrize("count", [100, 5000])
def test_many_raises_show_a_bar_that_ends_as_their_summary(kernel: Frontend, count: int) -> None:
    kernel.run("event_route[E_X] { usleep(100); }")
    found = kernel.run(f"%raise E_X --count {count}")
    (bar,) = found.contents("display_data")
    updates = found.contents("update_display_data")
    assert f"E_X: 0 of {count}" in bar["data"]["text/plain"]
    assert "<progress" in bar["data"]["text/html"]
    assert displays(found) == [f"E_X: raised {count} times, none failed"]
    assert "<progress" not in updates[-1]["data"]["text/html"]
    assert len({bar["transient"]["display_id"]} | {u["transient"]["display_id"] for u in updates}) == 1
    again = kernel.run(f"%raise E_X --count {count}").contents("display_data")[0]
    assert again["transient"]["display_id"] != bar["transient"]["display_id"]


@pytest.mark.parametrize("count", [999, 20_000])
def test_the_bar_moves(kernel: Frontend, count: int) -> None:
    kernel.run("event_route[E_X] { usleep(500); }")
    found = kernel.run(f"%raise E_X --count {count}" if count < 1000 else f"%raise E_X --count {count} --timeout 60")
    shown = [u["data"]["text/plain"] for u in found.contents("update_display_data")]
    numbers = [int(text.split(" of ")[0].split()[-1]) for text in shown[:-1]]
    assert len(numbers) >= 2
    assert numbers == sorted(set(numbers))
    assert numbers[-1] <= count


def test_few_raises_show_nothing(kernel: Frontend) -> None:
    kernel.run("event_route[E_X] { exit; }")
    assert kernel.run("%raise E_X --count 99").kinds == ["busy", "execute_input", "idle"]
    assert kernel.run("%raise E_X --count 200", silent=True).kinds == ["busy", "idle"]


def test_a_failure_ends_the_bar(kernel: Frontend) -> None:
    kernel.run(
        "$shv(n) = 0;\nevent_route[E_X] { $shv(n) = $shv(n) + 1; if ($shv(n) == 7) { $var(x) = 5; $var(x) /= 0; } }"
    )
    found = kernel.run("%raise E_X --count 100")
    assert found.error["ename"] == "RouteFailed"
    assert displays(found) == ["E_X: raised 7 of 100 times, 1 failed"]


def test_an_interrupt_ends_the_bar(kernel: Frontend) -> None:
    kernel.run("event_route[E_X] { usleep(5000); }")
    request = kernel.execute("%raise E_X --count 900")
    early = kernel.messages(request, "update_display_data")
    kernel.interrupt()
    found = kernel.gather(request)
    found.messages[:0] = early
    assert found.error["ename"] == "Interrupted"
    assert " of 900 times" in displays(found)[0]


def test_an_interrupted_batch_counts_what_was_run(kernel: Frontend) -> None:
    kernel.run("event_route[E_X] { $shv(n) += 1; }")
    request = kernel.execute("%raise E_X --count 9999999")
    early = kernel.messages(request, "update_display_data")
    kernel.interrupt()
    found = kernel.gather(request)
    found.messages[:0] = early
    assert re.match(r"E_X: raised [1-9]\d* of 9999999 times", displays(found)[0])


@pytest.mark.parametrize("count", [150, 3000])
def test_the_bar_of_an_async_raise_ends_with_its_cell(kernel: Frontend, count: int) -> None:
    kernel.run("event_route[E_X] { exit; }")
    found = kernel.run(f"%raise E_X --count {count} --async --report")
    assert displays(found)[0] == f"E_X: raised {count} times, none failed"
    assert f"E_X    event_route[E_X]  {count}" in displays(found)[1]


def test_a_report_tells_what_was_run(kernel: Frontend) -> None:
    kernel.run(
        'event_route[E_X] { xlog("x\\n"); route(sub); raise_event("E_Y"); raise_event("E_Y"); }\n'
        'route[sub] { xlog("sub\\n"); }\nevent_route[E_Y] { xlog("y\\n"); $var(z) = 5; $var(z) /= 0; }'
    )
    found = kernel.run("%raise E_X --report")
    assert displays(found)[0].splitlines()[2:] == [
        "E_X    event_route[E_X]  1     1        ok",
        "E_Y    event_route[E_Y]  2     2        crashed (2)",
        "E_X    route[sub]              1",
    ]
    assert found.status == "error"


def test_a_report_of_many(kernel: Frontend) -> None:
    kernel.run('event_route[E_X] { raise_event("E_Y"); }\nevent_route[E_Y] { exit; }')
    found = kernel.run("%raise E_X --count 2000 --report")
    assert displays(found)[1].splitlines()[2:] == [
        "E_X    event_route[E_X]  2000  0        ok",
        "E_Y    event_route[E_Y]  2000  0        ok",
    ]


def test_times_are_shown_to_who_asks(kernel: Frontend) -> None:
    kernel.run("event_route[E_X] { exit; }")
    (one,) = displays(kernel.run("%raise E_X --stats"))
    (some,) = displays(kernel.run("%raise E_X --count 100 --stats"))
    (many,) = displays(kernel.run("%raise E_X --count 1000 --stats"))
    assert re.fullmatch(r"E_X: raised once, none failed; 0\.\d+ s in routes, \d+ a second, [\d.]+ ms each", one)
    assert re.search(r"half of them within [\d.]+ ms, 95 % within [\d.]+ ms", some)
    assert re.search(r"\d+ a second, [\d.]+ ms each", many)


def test_what_no_server_sends_is_remarked(kernel: Frontend) -> None:
    kernel.run('event_route[E_DISPATCHER_STATUS] { xlog("$param(statsu)\\n"); }')
    done = kernel.run("%raise E_DISPATCHER_STATUS statsu=active")
    assert done.stdout == "active\n"
    assert "E_DISPATCHER_STATUS has no parameter 'statsu'" in "".join(done.shown)
    assert "did you mean status?" in "".join(done.shown)
    assert "[event-parameter]" not in kernel.run("%raise E_DISPATCHER_STATUS status=active").told
