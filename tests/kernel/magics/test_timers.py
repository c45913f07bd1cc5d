"""Timer routes, in a real kernel: one turn, and turns in the background."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from support.frontend import Frontend, all_gone, started, wait_until

CLEAN = 'timer_route[clean, 60] { $shv(turns) += 1; xlog("turn $shv(turns)\\n"); }\n'
FAST = "%timer start clean --every 0.01"


def turns(kernel: Frontend) -> int:
    return int(kernel.run("$shv(turns)").shown[0])


def running(kernel: Frontend) -> list[list[str]]:
    return [line.split() for line in kernel.run("%timer list").shown[0].splitlines()[2:]]


def check_stands_still(kernel: Frontend) -> None:
    assert running(kernel) == []
    # the turn that was under way has ended when the worker answers; another would come within this time
    before = turns(kernel)
    kernel.run("usleep(50000);")
    assert turns(kernel) == before


def test_tick_runs_a_timer_route_once(kernel: Frontend) -> None:
    kernel.run(CLEAN)
    assert kernel.run("%tick clean").stdout == "turn 1\n"
    assert kernel.run("%tick cleam").error["ename"] == "UnknownRoute"


def test_turns_are_logged_under_the_cell_that_started_them(kernel: Frontend) -> None:
    kernel.run(CLEAN)
    request = kernel.execute(FAST)
    assert kernel.gather(request).status == "ok"
    shown = ""
    while "turn 3\n" not in shown:
        shown += kernel.messages(request, "stream")[-1]["content"]["text"]
    assert shown.startswith("turn 1\nturn 2\n")
    assert kernel.run('xlog("mine\\n");').stdout == "mine\n"
    assert kernel.run("%timer stop").stdout.startswith("timer_route[clean] has run ")
    check_stands_still(kernel)


def test_all_of_them_or_those_that_are_named(kernel: Frontend) -> None:
    kernel.run(CLEAN + "timer_route[other, 30] { exit; }")
    kernel.run("%timer start")
    assert [row[:2] for row in running(kernel)] == [["timer_route[clean]", "60"], ["timer_route[other]", "30"]]
    kernel.run("%timer stop clean")
    assert [row[0] for row in running(kernel)] == ["timer_route[other]"]
    kernel.run("%timer start other --every 7")
    assert [row[:2] for row in running(kernel)] == [["timer_route[other]", "7"]]
    assert kernel.run("%timer stop").stdout == "timer_route[other] has run 0 times\n"
    assert kernel.run("%timer stop").stdout == "no timer runs\n"
    assert kernel.run("%timer").shown == ["no timer runs"]


def test_stopping_what_is_not_there(kernel: Frontend) -> None:
    kernel.run(CLEAN)
    assert "did you mean 'clean'?" in kernel.run("%timer stop claen").traceback
    assert kernel.run("%timer stop clean").stdout == "no timer runs\n"


def test_a_new_definition_takes_the_turns_over(kernel: Frontend) -> None:
    kernel.run(CLEAN)
    request = kernel.execute(FAST)
    kernel.messages(request, "stream")
    kernel.run('timer_route[clean, 60] { xlog("new\\n"); }')
    while "new\n" not in kernel.messages(request, "stream")[-1]["content"]["text"]:
        pass
    kernel.run("%timer stop")


def test_a_route_that_is_forgotten_ends_its_timer(kernel: Frontend) -> None:
    kernel.run(CLEAN)
    request = kernel.execute(FAST)
    kernel.messages(request, "stream")
    kernel.execute("%forget clean")  # whose end is not waited for: the note may come before it
    note = kernel.messages(request, "display_data")[-1]
    assert note["content"]["data"]["text/plain"] == "the timer of timer_route[clean] has stopped: the route is gone"
    assert running(kernel) == []


def test_a_turn_that_fails_is_shown_and_the_next_one_comes(kernel: Frontend) -> None:
    kernel.run("timer_route[clean, 60] { $shv(turns) += 1; $var(zero) = 0; $var(zero) /= 0; }")
    request = kernel.execute(FAST)
    failed = kernel.messages(request, "display_data")[-1]["content"]
    assert failed["data"]["text/plain"].startswith("error: ")
    wait_until(lambda: turns(kernel) > 2)
    assert int(running(kernel)[0][3]) > 0
    kernel.run("%timer stop")


def test_an_interrupt_stops_all_timers(kernel: Frontend) -> None:
    kernel.run(CLEAN)
    request = kernel.execute(FAST)
    kernel.messages(request, "stream")
    kernel.interrupt()
    note = kernel.messages(request, "display_data")[-1]
    assert note["content"]["data"]["text/plain"] == "the timer of timer_route[clean] has stopped: interrupted"
    check_stands_still(kernel)


@pytest.mark.parametrize("end", ["interrupt", "%timer stop", "%timer stop slow"])
def test_the_turn_under_way_ends_too(kernel: Frontend, end: str) -> None:
    kernel.run('timer_route[slow, 1] { xlog("slow\\n"); usleep(60000000); }')
    request = kernel.execute("%timer start --every 0.01")
    kernel.messages(request, "stream")
    assert "timer_route[slow]" in kernel.run("%ps").shown[0]
    if end == "interrupt":
        kernel.interrupt()
        kernel.messages(request, "display_data")
    else:
        kernel.run(end)
    wait_until(lambda: "slow" not in kernel.run("%ps").shown[0], 10)


def test_reset_stops_all_timers(kernel: Frontend) -> None:
    kernel.run(CLEAN + FAST)
    kernel.run("%reset")
    kernel.run(CLEAN)
    check_stands_still(kernel)


@pytest.mark.parametrize("end", ["shutdown", "kill"])
def test_nothing_is_left_when_the_kernel_ends(tmp_path: Path, end: str) -> None:
    with started(tmp_path) as kernel:
        kernel.run(CLEAN + FAST)
        processes = [kernel.process, *kernel.process.children(recursive=True)]
        if end == "shutdown":
            kernel.control("shutdown_request", {"restart": False})
        else:
            kernel.process.send_signal(signal.SIGKILL)
        wait_until(lambda: all_gone(processes), 10)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%timer start cleam", "there is no timer_route[cleam]"),
        ("%timer begin", "expected one of start, stop, list, not 'begin'"),
        ("%timer list clean", "unexpected 'clean'"),
        ("%timer stop --every 5", "%timer stop takes no --every"),
        ("%timer start --every 0", "expected 0.01 seconds or more, not '0'"),
    ],
)
def test_mistakes(kernel: Frontend, line: str, message: str) -> None:
    kernel.run(CLEAN)
    found = kernel.run(line)
    assert (found.status, found.error["evalue"]) == ("error", message)


def test_without_timer_routes_there_is_nothing_to_start(kernel: Frontend) -> None:
    assert kernel.run("%timer start").error["evalue"] == "no timer_route is defined"


WAITING = """loadmodule "event_routing.so"
loadmodule "tm.so"
event_route[E_ARM] { notify_on_event("E_BEGIN", $avp(none), "begin", 600); }
event_route[E_BEGIN] { exit; }
event_route[E_X] { xlog("event\\n"); }
route[begin] { xlog("begun\\n"); async(wait_for_event("E_X", $avp(f), 60), resumed); }
route[resumed] { xlog("k is "); xlog("$avp(k)\\n"); }
"""


def test_a_moved_clock_lets_what_waits_go_on(kernel: Frontend) -> None:
    kernel.run(WAITING)
    kernel.run("%log diagnostics=CRITICAL")
    assert kernel.run("%raise E_ARM\n%raise E_BEGIN id=7").stdout == "[notified] begun\n"
    assert "route[resumed] goes on in worker 1" in kernel.run("%subscribers E_X").shown[-1]
    assert kernel.run("%tick --clock 50").stdout == ""
    ticked = kernel.run("%tick --clock 15\n%expect 'k is <null>'")
    assert (ticked.status, ticked.stdout) == ("ok", "[resumed] k is <null>\n")


def test_a_second_wait_comes_to_nothing_and_the_cell_says_so(kernel: Frontend) -> None:
    kernel.run(WAITING)
    kernel.run("%raise E_ARM\n%raise E_BEGIN id=7")
    second = kernel.run("%raise E_BEGIN id=8")
    assert second.status == "ok"
    assert "nothing comes of this async(): another run waits" in "".join([second.stdout, second.stderr, *second.shown])


def test_the_clock_goes_on_only(kernel: Frontend) -> None:
    assert kernel.run("%tick").error["evalue"].startswith("NAME is missing")
    assert kernel.run("%tick --clock -5").error["ename"] == "MagicError"
    kernel.run(CLEAN)
    assert kernel.run("%tick clean --clock 5").stdout == "turn 1\n"
