"""Compiled scripts, run: control that leaves blocks, and what statements say about themselves."""

from collections.abc import Iterator
from typing import Any

import pytest

from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.library.linker import link
from evroute_kernel.runtime.context import Process, Record, Settings
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.statements import run_top_route
from evroute_kernel.source import Source


@pytest.fixture
def shared() -> Iterator[Shared]:
    shared = Shared.temporary()
    yield shared
    shared.close()


@pytest.fixture
def run(shared: Shared) -> Any:
    """run(text, **settings) -> the records of event_route[E_T]."""

    def run(text: str, modules: tuple[str, ...] = (), **settings: Any) -> list[Record]:
        environment = Environment()
        unit = compile_script(Source("t.cfg", text), environment)
        process, records = Process(shared, Settings(**settings)), list[Record]()
        process.settings.modules = set(modules)
        process.emit = records.append
        for slot, r in enumerate(unit.routes):
            library = environment.library
            linked = link(r.kind, r.name, slot, r.code, r.pool, library, lines=r.lines, file="t.cfg", actions=r.actions)
            process.slots[slot] = linked
            if r.kind == "route":
                process.routes[r.name] = linked
            if r.kind == "error_route":
                process.error_route = linked
        (top,) = (r for r in process.slots.values() if r.kind == "event_route")
        run_top_route(process, top, "E_T", (("a", "x"),))
        return records

    return run


def texts(records: list[Record]) -> list[str]:
    return [text for _, text, is_diagnostic, _ in records if not is_diagnostic]


def test_tracing_names_each_statement_once_with_its_line(run: Any) -> None:
    records = run(
        """event_route[E_T] {
    script_trace(1, "$var(i)", "me");
    $var(i) = 0;
    while ($var(i) < 2) { $var(i) += 1; }
    if (route(f)) exit;
}
route[f] { return(1); }
"""
    )
    assert texts(records) == [
        "[Script Trace][t.cfg:3][me][assign equal] -> (<null>)\n",
        "[Script Trace][t.cfg:4][me][core while] -> (0)\n",
        "[Script Trace][t.cfg:4][me][assign plus-eq] -> (0)\n",
        "[Script Trace][t.cfg:4][me][assign plus-eq] -> (1)\n",
        "[Script Trace][t.cfg:6][me][core if] -> (2)\n",
        "[Script Trace][t.cfg:5][me][route f] -> (2)\n",
        "[Script Trace][t.cfg:7][me][core return] -> (2)\n",
        "[Script Trace][t.cfg:5][me][core exit] -> (2)\n",
    ]


def test_tracing_ends_with_the_top_route(run: Any, shared: Shared) -> None:
    process = Process(shared)
    before = process.at
    run('event_route[E_T] { script_trace(1, "x"); }')
    assert process.at is before


@pytest.mark.parametrize(
    ("body", "logged"),
    [
        ('$var(x) = exit; xlog("never");', []),
        ('$var(x) = 10 + route(zero); xlog("never");', []),
        ('if (route(zero)) xlog("a"); else xlog("b");', []),
        ('if (0 || route(bad)) xlog("a"); else xlog("b");', ["b"]),
        ('route(deep); xlog("never");', []),
        ('while (1) { switch ($param(a)) { case "x": break; } break; } xlog("out $rc");', ["out -5"]),
        ('$var(x) = "a" - "b" + route(says); xlog("$var(x)");', ["<null>"]),
        ('if ({ xlog("in"); return(1); }) xlog("never"); xlog("never");', ["in"]),
    ],
)
def test_how_scripts_end(run: Any, body: str, logged: list[str]) -> None:
    routes = 'route[zero] { return(0); } route[bad] { return(-1); } route[deep] { exit; } route[says] { xlog("said"); }'
    assert texts(run(f"event_route[E_T] {{ {body} }} {routes}")) == logged


def test_the_place_of_a_record_is_its_statement(run: Any) -> None:
    (record,) = run('event_route[E_T] { $var(x) = 1; if (route(f)) exit; }\nroute[f] { xlog("$param(1)"); }')
    assert record[3] == (1, 0)


def test_the_place_of_a_crash_is_left_behind(run: Any) -> None:
    with pytest.raises(ScriptCrash, match="process dies"):
        run("event_route[E_T] { route(f); }\nroute[f] { $var(x) = 5; $var(x) /= 0; }")


def test_error_route_runs_after_the_statement_that_failed(run: Any) -> None:
    records = run(
        'error_route { xlog("$err.class"); } event_route[E_T] { $ru = "garbage"; $var(u) = $rU; xlog("after"); }'
    )
    assert texts(records) == ["1", "after"]


LAUNCH = """loadmodule "tm.so"
route[done] { xlog("done $param(1)"); }
event_route[E_T] { launch(usleep(1), done, "of $param(a)"); xlog("went on $rc"); }
"""


def test_launch_goes_on_and_reports_afterwards(run: Any) -> None:
    assert texts(run(LAUNCH, ("tm",))) == ["went on 1", "done of x"]


def test_launch_without_tm_starts_nothing(run: Any) -> None:
    assert texts(run(LAUNCH.partition("\n")[2])) == ["went on -5"]


def test_async_ends_the_script_and_resumes_in_its_route(run: Any) -> None:
    text = """loadmodule "tm.so"
route[r] { xlog("resumed in $route"); }
event_route[E_T] { async(usleep(1), r); xlog("x"); }
"""
    assert texts(run(text, ("tm",))) == ["resumed in event_route[r]"]


def test_async_goes_on_in_the_same_event(run: Any) -> None:
    text = """loadmodule "tm.so"
route[r] { xlog("resumed $avp(x) $param(a) $rc"); }
route[s] { async(usleep(1), r); xlog("never"); }
event_route[E_T] { $avp(x) = 7; route(s, "argument"); xlog("never"); }
"""
    assert texts(run(text.replace("$param(a)", "$param(1)"), ("tm",))) == ["resumed 7 argument 1"]
    assert texts(run(text.replace("route(s, ", "async(usleep(1), r); route(s, "), ("tm",))) == ["resumed 7 x 1"]


def test_async_without_a_usable_argument_is_passed_over(run: Any) -> None:
    text = """loadmodule "tm.so"
route[r] { xlog("never"); }
event_route[E_T] { async(usleep($var(none)), r); xlog("went on $rc"); }
"""
    assert texts(run(text, ("tm",))) == ["went on -1"]


def test_the_text_of_launch_is_the_first_parameter_and_nothing_else(run: Any) -> None:
    text = """loadmodule "tm.so"
route[done] { $var(one) = 1; xlog("[$param(1)] [$param(2)] [$param(a)] [$param($var(one))]"); }
event_route[E_T] { launch(usleep(1), done, "t"); }
"""
    records = run(text, ("tm",))
    assert texts(records) == ["[t] [<null>] [<null>] [<null>]"]
    assert not any(is_diagnostic for _, _, is_diagnostic, _ in records)


def test_blocks_beyond_the_depth_limit_are_not_called(run: Any) -> None:
    records = run('event_route[E_T] { $var(n) = 0; route(f); xlog("$var(n)"); } route[f] { $var(n) += 1; route(f); }')
    assert texts(records) == ["99"]
    assert sum(is_diagnostic for _, _, is_diagnostic, _ in records) == 1


def test_asserts_are_off_unless_enabled(run: Any) -> None:
    text = 'event_route[E_T] { assert($param(a) == "y", "a is y"); xlog("on"); }'
    assert texts(run(text)) == ["on"]
    assert texts(run(text, enable_asserts=True)) == []


def test_the_error_route_runs_after_the_first_statement_of_a_body(run: Any) -> None:
    """The server looks after each statement whether the message was found broken, here in the head of the if."""
    text = """error_route { xlog("error $rc"); }
event_route[E_T] { $rp = "x"; if ($rP == NULL) { xlog("first"); $var(a) = $var(none) + 1; } xlog("last"); }
"""
    assert texts(run(text)) == ["first", "error 1", "last"]
