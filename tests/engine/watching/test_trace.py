"""`Session.trace()`: what real workers tell of each statement that they run, wherever a run may begin."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.results.trace import Step, Trace
from evroute_kernel.runtime.versions import VERSIONS

Wait = Callable[[Callable[[], bool]], None]
DEADLINE = 30.0


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session with one worker, of each version."""
    with Session(workers=1, version=request.param, timeout=DEADLINE, check=True) as opened:
        yield opened


def texts(trace: Trace) -> list[str]:
    return [step.text for step in trace]


def raised(session: Session, script: str, event: str = "E_X", **params: object) -> list[Step]:
    """The steps of one event."""
    session.load(script)
    with session.trace() as trace:
        session.raise_event(event, params or None)
    return trace.steps


def test_each_statement_is_told_with_what_came_of_it(server: Session) -> None:
    steps = raised(
        server,
        'event_route[E_X] {\n    $var(n) = $param(ip);\n    $avp(l) = 1;\n    $avp(l) = "b";\n'
        '    $shv(sum) = 3;\n    xlog("L_WARN", "seen $var(n)\\n");\n    $var(n) = NULL;\n}',
        ip="192.0.2.1",
    )
    assert [(step.line, step.text) for step in steps] == [
        (2, "$var(n) = $param(ip)"),
        (3, "$avp(l) = 1"),
        (4, '$avp(l) = "b"'),
        (5, "$shv(sum) = 3"),
        (6, 'xlog("L_WARN", "seen $var(n)\\n")'),
        (7, "$var(n) = NULL"),
    ]
    changed = [step.changed for step in steps]
    before = [{"$var(n)": "192.0.2.1"}, {"$avp(l)": (1,)}, {"$avp(l)": ("b", 1)}, {"$shv(sum)": 3}]
    assert changed == [*before, {}, {"$var(n)": None}]
    assert [step.logged for step in steps] == [[]] * 4 + [[("WARNING", "seen 192.0.2.1\n")], []]
    assert {(step.event, step.route, step.process, step.depth) for step in steps} == {("E_X", "event_route[E_X]", 1, 0)}


def test_without_a_trace_nothing_is_told_and_a_trace_ends(server: Session) -> None:
    server.load('event_route[E_X] { route(r); }\nroute[r] { xlog("x\\n"); }')
    first = server.raise_event("E_X")
    with server.trace() as trace:
        server.raise_event("E_X")
    assert texts(trace) == ["route(r)", 'xlog("x\\n")']
    after = server.raise_event("E_X")
    assert len(trace) == 2
    assert [record.text for record in first.log] == [record.text for record in after.log] == ["x\n"]


def test_the_heads_of_loops_are_reached_at_each_round(server: Session) -> None:
    steps = raised(
        server,
        "event_route[E_X] {\n$avp(l) = 1;\n$avp(l) = 2;\n$var(i) = 0;\n"
        "while ($var(i) < 2)\n$var(i) += 1;\n"
        "for ($var(x) in $(avp(l)[*]))\n$var(y) = $var(x);\n}",
    )
    assert [step.line for step in steps] == [2, 3, 4, 5, 6, 5, 6, 5, 7, 8, 7, 8, 7]
    assert [step.changed["$var(x)"] for step in steps if step.line == 7 and step.changed] == [2, 1]


def test_loops_within_loops_over_the_same_values(server: Session) -> None:
    steps = raised(
        server,
        "event_route[E_X] {\n$avp(l) = 1;\n$avp(l) = 2;\n"
        "for ($var(x) in $(avp(l)[*])) {\nfor ($var(y) in $(avp(l)[*])) {\nif ($var(y) == 1)\nbreak;\n}\n"
        "$var(z) = $var(x);\n}\n}",
    )
    inner = [5, 6, 5, 6, 7]
    assert [step.line for step in steps] == [2, 3, 4, *inner, 9, 4, *inner, 9, 4]


def test_an_empty_for_each_is_one_statement_wherever_it_stands(server: Session) -> None:
    steps = raised(
        server,
        "event_route[E_X] {\nswitch ($param(n)) {\ncase 1:\nfor ($var(x) in $avp(l))\n$var(y) = 1;\nbreak;\ncase 2:\n"
        "$var(z) = 1;\n}\n}",
        n=2,
    )
    assert [step.line for step in steps] == [2, 8]


def test_branches_and_blocks_in_conditions(server: Session) -> None:
    steps = raised(
        server,
        'event_route[E_X] {\nif (route(test) && $param(n) == 1) {\nxlog("then\\n");\n} else {\nxlog("else\\n");\n}\n'
        'switch ($param(n)) {\ncase 1:\nxlog("one\\n");\nbreak;\ndefault:\nxlog("other\\n");\n}\n}\n'
        "route[test] {\nreturn(1);\n}",
        n=1,
    )
    assert [(step.line, step.depth) for step in steps] == [(2, 0), (2, 0), (16, 1), (3, 0), (7, 0), (9, 0), (10, 0)]
    assert [step.called for step in steps if step.called] == [["route[test]"]]


def test_a_block_that_ends_the_script_leaves_the_others(server: Session) -> None:
    server.load(
        "event_route[E_X] {\n$var(a) = 1;\nroute(outer);\n$var(a) = 2;\n}\nroute[outer] {\nroute(inner);\n}\n"
        "route[inner] {\nexit;\n}"
    )
    with server.trace() as trace:
        server.raise_event("E_X")
        server.raise_event("E_X")
    assert [(step.line, step.depth) for step in trace] == [(2, 0), (3, 0), (7, 1), (10, 2)] * 2


def test_an_event_that_a_route_raises_follows_or_runs_inside(server: Session) -> None:
    steps = raised(
        server,
        'event_route[E_X] {\n$avp(n) = 7;\nraise_event("E_IN", , $avp(n));\n$var(after) = 1;\n}\n'
        "event_route[E_IN] {\n$var(v) = $param(1);\n}",
    )
    inside = (7, "E_IN", 1 if server.version == "4.0" else 0)
    mine = [(2, "E_X", 0), (3, "E_X", 0), (4, "E_X", 0)]
    mine.insert(2 if server.version == "4.0" else 3, inside)
    assert [(step.line, step.event, step.depth) for step in steps] == mine
    assert [step.raised for step in steps if step.raised] == [[("E_IN", ((None, 7),))]]


def test_batches_and_replays_are_traced(server: Session) -> None:
    server.load("event_route[E_X] { $var(n) = $param(n); route(r); }\nroute[r] { $var(m) = $var(n); }")
    with server.trace() as trace:
        server.submit_batch("E_X", [{"n": n} for n in range(1, 4)]).result()
    assert texts(trace) == ["$var(n) = $param(n)", "route(r)", "$var(m) = $var(n)"] * 3
    assert [step.changed for step in trace] == [
        change for n in range(1, 4) for change in ({"$var(n)": n}, {}, {"$var(m)": n})
    ]
    with server.trace() as trace:
        server.replay([("E_X", {"n": n}) for n in range(3)])
    assert texts(trace) == ["$var(n) = $param(n)", "route(r)", "$var(m) = $var(n)"] * 3


def test_startup_timers_and_bare_statements_are_traced(server: Session) -> None:
    with server.trace() as trace:
        server.load("startup_route { $var(s) = 1; }\ntimer_route[t, 60] { $var(t) = 1; }")
        server.run_timer("t")
        server.load("$var(b) = 1;", name="cell", scratch=True)
    assert [(step.route, step.changed) for step in trace] == [
        ("startup_route", {"$var(s)": 1}),
        ("timer_route[t]", {"$var(t)": 1}),
        (trace.steps[2].route, {"$var(b)": 1}),
    ]


def test_what_async_and_launch_run_is_traced(server: Session) -> None:
    steps = raised(
        server,
        'loadmodule "tm.so"\nloadmodule "cfgutils.so"\nevent_route[E_X] {\nlaunch(usleep(1), later);\n'
        "async(usleep(1), goes_on);\n}\nroute[later] {\n$var(l) = 1;\n}\nroute[goes_on] {\n$var(g) = 1;\n}",
    )
    assert [step.line for step in steps] == [4, 5, 11, 8]


def test_a_run_that_has_waited_is_traced_when_it_goes_on(server: Session) -> None:
    server.load(
        'loadmodule "event_routing.so"\nloadmodule "tm.so"\nloadmodule "cfgutils.so"\n'
        'event_route[E_ARM] { notify_on_event("E_BEGIN", $avp(none), "begin", 1000000); }\n'
        "event_route[E_BEGIN] { exit; }\nevent_route[E_X] { exit; }\n"
        'route[begin] { async(wait_for_event("E_X", $avp(f), 5), resumed); }\nroute[resumed] {\n$var(k) = $avp(k);\n}'
    )
    server.raise_event("E_ARM")
    with server.trace() as trace:
        server.raise_event("E_BEGIN", {"id": 1})
    assert [step.route for step in trace] == ["event_route[E_BEGIN]", "route[begin]"]
    with server.trace() as trace:
        server.raise_event("E_X", {"k": 5})
    assert [(step.route, step.changed) for step in trace] == [
        ("event_route[E_X]", {}),
        ("route[resumed]", {"$var(k)": 5}),
    ]


def test_error_route_is_called_by_the_statement_that_failed(server: Session) -> None:
    server.load('enable_asserts=yes\nerror_route {\n$var(e) = 1;\n}\nevent_route[E_X] {\nassert(0, "no");\n}')
    with server.trace() as trace:
        server.raise_event("E_X")
    assert [(step.line, step.depth, step.called) for step in trace] == [(6, 0, ["error_route"]), (3, 1, [])]


def test_script_trace_logs_what_it_logs_without_a_trace(server: Session) -> None:
    server.load(
        'event_route[E_X] { script_trace(1, "$var(i)", "me"); $var(i) = 0; while ($var(i) < 2) $var(i) += 1; route(r); '
        "script_trace(); $var(i) = 5; }\nroute[r] { $var(i) = 9; }"
    )
    server.raise_event("E_X")
    plain = server.raise_event("E_X")
    with server.trace() as trace:
        traced = server.raise_event("E_X")
    assert [record.text for record in traced.log] == [record.text for record in plain.log] != []
    assert texts(trace)[-2:] == ["script_trace()", "$var(i) = 5"]
    assert sum(step.text.startswith("while") for step in trace) == 3


def test_names_choose_what_is_traced(server: Session) -> None:
    server.load(
        "event_route[E_X] { route(a); route(b); }\nroute[a] { $var(a) = 1; route(b); }\nroute[b] { $var(b) = 1; }"
    )
    for names, lines in ((("a",), [2, 2, 3]), (("route[b]",), [3, 3]), (("E_X",), [1, 2, 2, 3, 1, 3]), (("E_Y",), [])):
        with server.trace(*names) as trace:
            server.raise_event("E_X")
        assert [step.line for step in trace] == lines, names


def test_an_origin_chooses_whose_runs_are_traced(server: Session) -> None:
    server.load("event_route[E_X] { $var(n) = $param(n); }")
    with server.trace(origin="mine") as trace:
        for n, origin in enumerate(("mine", "others", "mine"), 1):
            server.raise_event("E_X", {"n": n}, origin=origin)
    assert [step.changed for step in trace] == [{"$var(n)": 1}, {"$var(n)": 3}]


def test_two_traces_at_once_each_tell_all(server: Session) -> None:
    server.load("event_route[E_X] { $var(n) = 1; }\nevent_route[E_Y] { $var(n) = 2; }")
    with server.trace() as both:
        with server.trace("E_Y") as one:
            server.raise_event("E_X")
            server.raise_event("E_Y")
        server.raise_event("E_Y")
    assert (texts(both), texts(one)) == (["$var(n) = 1", "$var(n) = 2", "$var(n) = 2"], ["$var(n) = 2"])
    assert [step.number for step in both] == [1, 2, 3]


def test_routes_that_are_loaded_meanwhile_are_traced(server: Session) -> None:
    server.load("event_route[E_X] { route(r); }\nroute[r] { $var(n) = 1; }", owner="a")
    with server.trace() as trace:
        server.raise_event("E_X")
        server.load("event_route[E_X] { route(r); }\nroute[r] { $var(n) = 2; }", owner="a")
        server.raise_event("E_X")
    assert texts(trace) == ["route(r)", "$var(n) = 1", "route(r)", "$var(n) = 2"]


def test_of_many_statements_the_middle_is_left_out(server: Session) -> None:
    server.load("event_route[E_X] { $var(i) = 0; while ($var(i) < 500) $var(i) += 1; }")
    with server.trace(limit=5) as trace:
        server.raise_event("E_X")
    assert (len(trace), trace.left_out, [step.number for step in trace]) == (1002, 997, [1, 2, 3, 1001, 1002])
    lines = trace.text().split("\n")
    assert lines[0].strip() == "event_route[E_X]"
    assert lines[4] == "... 997 more statements ..."
    assert lines[5].startswith("1    $var(i) += 1")
    assert lines[5].endswith("$var(i) = 500")
    assert trace.text(most=2).split("\n")[2] == "... 1,000 more statements ..."


def test_the_columns_of_the_text_stand_below_each_other(server: Session) -> None:
    server.load("route[r] {\n\n$var(n) = 2;\n}", name="a.cfg", owner="a")
    server.load(
        'event_route[E_X] {\nroute(r);\n$var(long) = "a text of more than thirty characters";\n}', name="bcd.cfg"
    )
    with server.trace() as trace:
        server.raise_event("E_X")
    rows = [re.match(r"( *)(\S+)( +)(.*?)  +(.*)", line) for line in trace.text().split("\n")]
    assert [row[2] for row in rows if row] == ["bcd.cfg:2", "a.cfg:3", "bcd.cfg:3"]
    assert len({row.end(2) for row in rows if row}) == 1, "places end below each other"
    assert len({row.start(5) for row in rows if row}) == 1, "and what came of them begins so"


def test_json_lines_have_what_happened(server: Session) -> None:
    server.load('event_route[E_X] { $var(n) = 1; xlog("x\\n"); route(r); }\nroute[r] { return(3); }', name="x.cfg")
    with server.trace() as trace:
        server.raise_event("E_X")
    first, second, third, fourth = map(json.loads, trace.json_lines().splitlines())
    assert {**first, "time": 0, "code": 1} == {
        "number": 1, "event": "E_X", "route": "event_route[E_X]", "process": 1, "depth": 0, "time": 0,
        "file": "x.cfg", "line": 1, "text": "$var(n) = 1", "changed": {"$var(n)": 1}, "code": 1,
    }  # fmt: skip
    assert second["logged"] == [{"level": "NOTICE", "text": "x\n"}]
    assert (third["called"], fourth["depth"], fourth["code"]) == (["route[r]"], 1, 3)


def test_a_crash_and_an_interrupt_are_traced_to_the_end(session: Session, wait: Wait) -> None:
    session.load(
        "event_route[E_X] { $var(n) = 7; $var(n) /= $param(zero); }\nevent_route[E_L] { while (1) $var(i) += 1; }"
    )
    with session.trace(limit=20) as trace:
        session.raise_event("E_X", {"zero": 0})
        assert texts(trace) == ["$var(n) = 7", "$var(n) /= $param(zero)"]
        session.load("max_while_loops=100000000", owner="settings")
        future = session.submit("E_L", origin="loop")
        wait(lambda: len(trace) > 50)
        session.interrupt("loop")
        assert [error.cause for error in future.result().errors] == ["interrupted"]
        session.raise_event("E_X", {"zero": 1})
    assert texts(trace)[-2:] == ["$var(n) = 7", "$var(n) /= $param(zero)"]
    assert trace.steps[-1].depth == 0


def test_a_worker_that_is_killed_has_told_where_it_was(session: Session, wait: Wait) -> None:
    session.load('loadmodule "cfgutils.so"\nevent_route[E_X] { $var(n) = 1; route(r); }\nroute[r] { sleep(30); }')
    with session.trace() as trace:
        future = session.submit("E_X")
        wait(lambda: len(trace) == 3)
        (pid,) = [worker.pid for worker in session.workers() if worker.running]
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert [error.cause for error in future.result().errors] == ["worker died"]
        assert texts(trace) == ["$var(n) = 1", "route(r)", "sleep(30)"]
        session.load("event_route[E_Y] { $var(n) = 2; }")
        session.raise_event("E_Y")
    assert texts(trace)[-1] == "$var(n) = 2"


def test_several_workers_and_a_reset(pair: Session) -> None:
    pair.load('loadmodule "cfgutils.so"\nevent_route[E_X] { usleep(20000); $var(n) = $param(n); }')
    with pair.trace() as trace:
        for future in [pair.submit("E_X", {"n": n}) for n in range(1, 5)]:
            future.result()
        assert {step.process for step in trace} == {1, 2}
        assert sorted(step.changed["$var(n)"] for step in trace if step.changed) == [1, 2, 3, 4]
        pair.reset()
        pair.load("event_route[E_Y] { $var(n) = 9; }")
        pair.raise_event("E_Y")
    assert texts(trace)[-1] == "$var(n) = 9"


def test_the_statement_that_a_run_fails_in_says_why() -> None:
    with Session(workers=1) as session:
        session.load("event_route[E_X] {\n    route(r);\n}\nroute[r] {\n    $var(y) = 5;\n    $var(y) /= 0;\n}")
        with session.trace() as trace:
            run = session.raise_event("E_X")
    assert not run.ok
    [failed] = [step for step in trace if step.failure]
    assert failed.line == 6
    assert failed.failure in str(run.errors[0])
    assert failed.effects == [f"fails: {failed.failure}"]
    assert json.loads(trace.json_lines().splitlines()[-1])["failure"] == failed.failure


def test_a_run_that_exits_does_not_fail() -> None:
    with Session(workers=1) as session:
        session.load("event_route[E_X] { route(r); }\nroute[r] { exit; }")
        with session.trace() as trace:
            assert session.raise_event("E_X").ok
    assert not any(step.failure for step in trace)


def test_as_text_nothing_commands_a_terminal() -> None:
    with Session() as session:
        session.load('event_route[E_X] {\n    xlog("$param(x)\\n");\n    $var(x) = $param(x);\n}\n')
        with session.trace() as trace:
            session.raise_event("E_X", {"x": "a\x1b[2J\x9b\nb"})
    assert "NOTICE: a\\x1b[2J\\x9b\\nb" in trace.text()
    assert len(trace.text().splitlines()) == 3
    assert trace.text().replace("\n", "").isprintable()
