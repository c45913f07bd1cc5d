"""What any worker promises, tried on a real one: it runs, reports in order, survives faults, ends when it should."""

from __future__ import annotations

import signal
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest

from evroute_kernel.worker.blackbox import INDEX, SLOT, STATEMENT
from evroute_kernel.worker.messages import (
    ApplySettings,
    BatchFinished,
    EventRaised,
    LimitMemory,
    LoadRoutes,
    LogLine,
    RouteFailed,
    RunBatch,
    RunFinished,
    StubCalled,
    Subscribed,
    Subscriptions,
    plain,
)

Wait = Callable[[Callable[[], bool]], None]
FOREVER = "while True: pass"
# C code that looks at no signal
DEAF = 'load("builtins").sum(range(10**13))'


def test_a_route_runs_and_its_end_comes_after_its_log(peer: Any) -> None:
    peer.load('at(0)\nsay("one")\nat(1)\nsay(c.params[0][1])\nc.shown += (7,)')
    peer.run(run=5, params=(("a", "two"),))
    log, end = peer.until(RunFinished)
    assert [(line.text, line.level, line.slot, line.statement) for line in log] == [("one", 2, 0, 0), ("two", 2, 0, 1)]
    assert end == RunFinished(5, 0, (7,), {("E_T", 0): 1})
    assert peer.blackbox.place[STATEMENT] == -1


def test_what_a_process_keeps_lives_on(peer: Any) -> None:
    peer.load('p.var["n"] = p.var.get("n", 0) + 1\nsay("%d %d" % (p.var["n"], p.number))')
    for _ in range(3):
        peer.run()
    texts = [peer.texts(peer.until(RunFinished)[0]) for _ in range(3)]
    assert texts == [["1 1"], ["2 1"], ["3 1"]]


def test_avps_of_startup_route_are_seen_by_the_next_run_only(peer: Any) -> None:
    peer.load('say(str(c.avps.get("q")))'.replace("str", "names['str']"))
    startup = plain(peer.handmade(1, 'c.avps["q"] = ["leak"]', "startup_route", ""))
    peer.send(LoadRoutes((startup,), {}, None))
    texts = []
    for slot in (1, 0, 0):
        peer.run(slot)
        texts += peer.texts(peer.until(RunFinished)[0])
    assert texts == ["['leak']", "None"]


def test_a_crash_of_the_script_costs_the_run_only(peer: Any) -> None:
    peer.load('at(2)\nraise ScriptCrash("divides by zero")', 'say("alive")')
    peer.run(0)
    _, failed = peer.until(RouteFailed)
    peer.until(RunFinished)
    assert (failed.cause, failed.message, failed.slot, failed.statement) == ("crashed", "divides by zero", 0, 2)
    peer.run(1)
    assert peer.texts(peer.until(RunFinished)[0]) == ["alive"]


def test_a_fault_of_ours_is_reported_with_its_traceback(peer: Any) -> None:
    peer.load("at(1)\n1 // 0", "def f(): f()\nf()")
    peer.run(0)
    _, failed = peer.until(RouteFailed)
    assert (failed.cause, failed.message) == ("internal error", "ZeroDivisionError: integer division or modulo by zero")
    assert '"<hand.cfg>"' in failed.detail
    peer.run(1)
    assert peer.until(RouteFailed)[1].message == "the script nests too deeply to be run"


def test_a_route_that_cannot_be_linked_fails_when_it_is_run(peer: Any) -> None:
    peer.load('say("fine")')
    peer.send(LoadRoutes(((1, "event_route", "E_BAD", b"no code", (), (), "", ()),), {}, None))
    peer.run(1)
    assert peer.until(RouteFailed)[1].cause == "internal error"
    peer.until(RunFinished)
    peer.run(0)
    assert peer.texts(peer.until(RunFinished)[0]) == ["fine"]


@pytest.mark.parametrize("body", [FOREVER, 'load("time").sleep(60)', 'while True: say("line")'])
def test_an_interrupt_ends_the_run_and_keeps_the_process(peer: Any, wait: Wait, body: str) -> None:
    peer.load(f'at(1)\np.var["x"] = 1\np.at[1] = 0\nat(2)\n{body}', 'say("%d" % p.var["x"])')
    peer.run(0, run=7)
    wait(lambda: peer.blackbox.place[STATEMENT] == 2)
    peer.interrupt(7)
    _, failed = peer.until(RouteFailed)
    peer.until(RunFinished)
    assert (failed.run, failed.cause, failed.slot, failed.statement) == (7, "interrupted", 0, 2)
    peer.run(1, run=8)
    assert peer.texts(peer.until(RunFinished)[0]) == ["1"]


def test_an_interrupt_meant_for_another_run_does_nothing(peer: Any, wait: Wait) -> None:
    peer.load('at(1)\nwhile p.at[0] != 2: pass\nsay("done")')
    peer.run(0, run=2)
    wait(lambda: peer.blackbox.place[STATEMENT] == 1)
    peer.interrupt(1)
    peer.signal(signal.SIGINT)
    peer.blackbox.place[STATEMENT] = 2
    log, end = peer.until(RunFinished)
    assert (peer.texts(log), end.run) == (["done"], 2)


def test_an_interrupt_does_not_cut_a_message_in_two(peer: Any, wait: Wait) -> None:
    """The route is struck while a message larger than the stream's buffer is half sent; it goes out whole."""
    peer.load('at(1)\nwhile True: say("x" * 1000000)')
    peer.run(run=3, room=10**9)
    wait(lambda: peer.blackbox.place[STATEMENT] == 1 and peer.is_sleeping())
    peer.interrupt(3)
    log, failed = peer.until(RouteFailed)
    assert failed.cause == "interrupted"
    assert {line.text for line in log} == {"x" * 1000000}


def test_a_deaf_route_is_killed_and_its_place_is_known(peer: Any, wait: Wait) -> None:
    peer.load(f'at(1)\nsay("before")\nat(2)\n{DEAF}')
    peer.run(run=4)
    wait(lambda: peer.blackbox.place[STATEMENT] == 2)
    peer.interrupt(4)
    peer.signal(signal.SIGKILL)
    assert peer.texts(peer.rest()) == ["before"]
    assert peer.ended().status == -signal.SIGKILL
    assert (peer.blackbox.place[SLOT], peer.blackbox.place[STATEMENT]) == (0, 2)


def test_a_crash_of_the_process_loses_nothing_and_dumps_its_stack(peer: Any) -> None:
    peer.load('for i in range(100): say("%d" % i)\nload("faulthandler")._sigsegv()')
    peer.run()
    assert peer.texts(peer.rest()) == [str(i) for i in range(100)]
    assert peer.ended().status == -signal.SIGSEGV
    assert "Segmentation fault" in peer.printed()


def test_a_flood_is_bounded_and_counted(peer: Any) -> None:
    peer.load('for i in range(100000): say("%d" % i)')
    peer.run(room=10)
    log, end = peer.until(RunFinished)
    assert peer.texts(log) == [str(i) for i in range(10)]
    assert end.dropped == 99990


def test_a_flood_waits_for_its_reader(peer: Any, wait: Wait) -> None:
    peer.load('at(1)\nfor i in range(20000): say("%06d" % i)\nat(2)')
    peer.run(room=10**9)
    wait(lambda: peer.blackbox.place[STATEMENT] == 1 and peer.is_sleeping())
    log, end = peer.until(RunFinished)
    assert peer.texts(log) == [f"{i:06}" for i in range(20000)]
    assert end.dropped == 0


@pytest.mark.parametrize("body", ["bytearray(2**31)", "x = []\nwhile True: x.append(bytearray(10000))"])
def test_a_route_that_eats_memory_says_so_and_ends_the_worker(peer: Any, body: str) -> None:
    peer.load(f'say("before")\nat(1)\n{body}')
    peer.run()
    log, failed = peer.until(RouteFailed)
    assert peer.texts(log) == ["before"]
    assert (failed.cause, failed.statement) == ("out of memory", 1)
    assert [type(told) for told in peer.rest()] == [RunFinished]
    assert peer.ended().status == 3


def test_the_memory_limit_can_change(peer: Any) -> None:
    peer.load("bytearray(2**29)")
    peer.send(LimitMemory(None))
    peer.run()
    peer.until(RunFinished)
    peer.send(LimitMemory(2**20))
    peer.run()
    assert peer.until(RouteFailed)[1].cause == "out of memory"


def test_raised_events_are_told_at_once_to_who_wants_to_know_of_all(peer: Any) -> None:
    peer.load(
        'for e in ("E_A", "E_B"):\n'
        '    if p.has_subscribers(e): p.raise_event(c, e, [("n", 1), (None, "two")])\n'
        'say("after")'
    )
    peer.send(Subscriptions(frozenset({"E_B"}), {"E_B": 0}, reports_all=True))
    peer.run()
    log, _ = peer.until(RunFinished)
    assert [(told.event, told.params, told.request) for told in log if isinstance(told, EventRaised)] == [
        ("E_A", (("n", 1), (None, "two")), 0),
        ("E_B", (("n", 1), (None, "two")), 0),
    ]
    assert isinstance(log[0], EventRaised)
    assert peer.texts(log) == ["after"]


def test_subscriptions(peer: Any) -> None:
    peer.load(
        'say(str(p.subscribe("E_Z", "route:E_X", None)))\n'
        'say(str(p.has_subscribers("E_Z")))\n'
        'say(str(p.subscribe("E_Z", "route:E_NO", 5)))\n'.replace("str(", "names['str'](")
    )
    peer.send(Subscriptions(frozenset(), {"E_X": 7}))
    peer.run()
    log, _ = peer.until(RunFinished)
    assert log[0] == Subscribed("E_Z", "route:E_X", None)
    assert peer.texts(log) == ["None", "True", "there is no event_route[E_NO] to subscribe"]


def test_settings_change_levels_only_when_they_change(peer: Any) -> None:
    peer.load(
        'say("%d %d %d" % (p.xlog_level, p.settings.max_while_loops, p.settings.modparams[("m", "p")][0]))\n'
        "p.xlog_level = -1"
    )
    for values in ({"xlog_level": 4, "max_while_loops": 5}, {"xlog_level": 4, "max_while_loops": 6}, {"xlog_level": 3}):
        peer.send(ApplySettings(values, {("m", "p"): [1]}, frozenset({"m"}), {}))
        peer.run()
    texts = [peer.texts(peer.until(RunFinished)[0]) for _ in range(3)]
    assert texts == [["4 5 1"], ["-1 6 1"], ["3 6 1"]]


def test_calls_of_stubs_are_reported(peer: Any) -> None:
    peer.load('p.stub_called("t_relay", ("1", None))')
    peer.run()
    (call,), _ = peer.until(RunFinished)
    assert isinstance(call, StubCalled)
    assert (call.name, call.arguments, call.slot) == ("t_relay", ("1", None), 0)


def test_what_is_printed_goes_to_the_supervisor_and_standard_input_is_empty(peer: Any) -> None:
    peer.load('load("os").write(1, b"out ")\nload("os").write(2, b"err")\nsay(load("sys").stdin.read() + ".")')
    peer.run()
    assert peer.texts(peer.until(RunFinished)[0]) == ["."]
    peer.signal(signal.SIGKILL)
    peer.ended()
    assert peer.printed() == "out err"


def test_the_end_of_the_stream_is_the_end_of_the_worker(peer: Any) -> None:
    peer.stream.shutdown(1)
    assert peer.ended().status == 0
    assert peer.printed() == ""


def test_a_worker_is_light(peer: Any) -> None:
    peer.load('say(" ".join(load("sys").modules))')
    peer.run()
    modules = set(peer.texts(peer.until(RunFinished)[0])[0].split())
    assert "evroute_kernel.library.everything" in modules
    heavy = {"lark", "zmq", "ipykernel", "IPython", "jupyter_client", "tornado", "evroute_kernel.lang", "asyncio"}
    assert modules & heavy == set()


# -- batches ------------------------------------------------------------------------------------------------------


def batch(count: int, *, slots: tuple[int, ...] = (0,), room: int = 10**6) -> RunBatch:
    return RunBatch(9, slots, "E_T", [(("n", i),) for i in range(count)], room)


def test_a_batch_runs_every_route_for_every_list_in_order(peer: Any) -> None:
    peer.load('say("a%d" % c.params[0][1])', 'say("b%d" % c.params[0][1])')
    peer.send(batch(3000, slots=(0, 1)))
    log, end = peer.until(BatchFinished)
    assert end == BatchFinished(9, 3000, 0)
    assert peer.texts(log) == [f"{route}{i}" for i in range(3000) for route in "ab"]


def test_a_failure_in_a_batch_is_reported_and_the_rest_runs(peer: Any) -> None:
    peer.load('n = c.params[0][1]\nif n == 2: raise ScriptCrash("two")\nsay("%d" % n)')
    peer.send(batch(4))
    log, end = peer.until(BatchFinished)
    assert [m.text if isinstance(m, LogLine) else m.message for m in log] == ["0", "1", "two", "3"]
    assert end.done == 4


def test_a_failure_in_a_batch_does_not_keep_the_event_from_its_other_routes(peer: Any) -> None:
    peer.load('raise ScriptCrash("no")', 'say("%d" % c.params[0][1])')
    peer.send(batch(2, slots=(0, 1)))
    log, _ = peer.until(BatchFinished)
    assert [m.text if isinstance(m, LogLine) else m.message for m in log] == ["no", "0", "no", "1"]


def test_an_interrupt_ends_a_batch_after_the_list_it_struck(peer: Any, wait: Wait) -> None:
    peer.load('if c.params[0][1] == 2:\n    at(2)\n    while True: pass\nsay("%d" % c.params[0][1])')
    peer.send(batch(10))
    wait(lambda: peer.blackbox.place[STATEMENT] == 2)
    peer.interrupt(9)
    log, end = peer.until(BatchFinished)
    assert peer.texts(log) == ["0", "1"]
    assert [m.cause for m in log if isinstance(m, RouteFailed)] == ["interrupted"]
    assert end.done == 3


@pytest.mark.parametrize("lines", [3, 5000])
def test_nothing_logged_in_a_batch_is_lost_when_the_worker_is_killed(peer: Any, lines: int) -> None:
    """5000 lines are several times what the black box holds, so most of them were sent."""
    peer.load(
        f'n = c.params[0][1]\nsay("line %d" % n)\nif n == {lines - 1}:\n    load("os").kill(load("os").getpid(), 9)'
    )
    peer.send(batch(lines + 10))
    assert peer.texts(peer.rest()) == [f"line {i}" for i in range(lines)]
    assert peer.blackbox.place[INDEX] == lines - 1


def test_a_line_larger_than_the_black_box_goes_through(peer: Any) -> None:
    peer.load('say("%d" % c.params[0][1])\nsay("x" * 100000)')
    peer.send(batch(3))
    log, _ = peer.until(BatchFinished)
    assert [len(text) for text in peer.texts(log)] == [1, 100000] * 3


def test_the_clock_of_the_black_box_tells_when_the_event_began(peer: Any) -> None:
    peer.load('say("%d" % c.params[0][1])')
    start = monotonic()
    peer.send(batch(3))
    peer.until(BatchFinished)
    assert start <= peer.blackbox.clock[0] <= monotonic()
