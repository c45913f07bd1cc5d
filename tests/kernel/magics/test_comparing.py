"""`%compare` in a running kernel."""

from __future__ import annotations

import pytest

from support.frontend import Frontend, wait_until

ROUTE = 'event_route[E_X] { $shv(n) += 1; xlog("$shv(n) $param(ip) $param(port)\\n"); }'
#: a setting that 4.0 refuses, and one that it brings
GONE, NEW = "tcp_parallel_read_on_workers = 1", "tcp_threads = 2"


@pytest.fixture
def fresh(kernel: Frontend) -> Frontend:
    """The module's kernel, of 3.6."""
    assert kernel.run("%config version=3.6").status == "ok"
    return kernel


def shown(kernel: Frontend, code: str) -> list[str]:
    result = kernel.run(code)
    assert result.status == "ok", result.traceback
    return result.shown[-1].splitlines()


def processes(kernel: Frontend) -> set[int]:
    """Those that the kernel has started, fork servers and workers."""
    return {child.pid for child in kernel.process.children(recursive=True)}


def test_both_logs_and_whether_they_are_the_same(fresh: Frontend) -> None:
    fresh.run(f"$shv(n) = 4;\n{ROUTE}")
    found = shown(fresh, "%compare E_X ip=192.0.2.1 port=5060")
    assert found[0].split() == ["3.6", "(this", "notebook)", "4.0"]
    assert found[2].split() == 2 * ["5", "192.0.2.1", "5060"]
    assert found[3:] == ["same: 1 line in both"]


def test_the_notebook_is_left_alone(fresh: Frontend) -> None:
    fresh.run(f"$shv(n) = 4;\n{ROUTE}")
    result = fresh.run("%compare E_X --count 3\n%assert $shv(n) == 4")
    assert (result.status, result.stdout) == ("ok", "")
    assert fresh.run("%raise E_X").stdout == "5 <null> <null>\n"
    assert fresh.run("%routes").shown[0].endswith(" 1")


def test_what_a_version_refuses_stands_in_its_column(fresh: Frontend) -> None:
    fresh.run(f"{GONE}\n{ROUTE}")
    found = "\n".join(shown(fresh, "%compare E_X ip=1"))
    assert ":1:1: error: unknown setting" in found
    assert found.endswith(
        "differs: 4.0 refuses the script (%migrate --to 4.0 in a cell shows what is to be changed there)"
    )


def test_an_event_inside_another_one(fresh: Frontend) -> None:
    inner = 'event_route[E_IN] { $shv(seen) = $avp(a); xlog("in\\n"); }'
    fresh.run('event_route[E_OUT] { $avp(a) = 5; raise_event("E_IN"); xlog("out\\n"); }\n' + inner)
    found = shown(fresh, "%compare E_OUT")
    assert [line.split() for line in found[2:5]] == [[">", "in"], ["out", "out"], ["in", "<"]]
    assert found[5:7] == ["afterwards", "$shv(seen) = 0      ≠ $shv(seen) = 5"]
    assert found[7] == "differs: the same lines in another order; $shv(seen) afterwards"


def test_what_kills_a_version_stands_in_its_column(fresh: Frontend) -> None:
    raises = 'raise_event("E_IN"); ' * 3
    fresh.run(f'event_route[E_OUT] {{ {raises} xlog("out\\n"); }}\nevent_route[E_IN] {{ xlog("in\\n"); }}')
    found = "\n".join(shown(fresh, "%compare E_OUT"))
    assert "error: event_route[E_OUT]: the stack of" in found
    assert "differs: in 4.0 it fails (crashed)" in found


def test_from_a_notebook_of_the_other_version(fresh: Frontend) -> None:
    assert fresh.run(f"%config version=4.0\n{NEW}\n{ROUTE}").status == "ok"
    found = shown(fresh, "%compare E_X ip=1")
    assert found[0].split() == ["3.6", "4.0", "(this", "notebook)"]
    assert found[-1] == "differs: 3.6 refuses the script"
    fresh.run("%reset")


def test_json_below_and_samples(fresh: Frontend) -> None:
    fresh.run(ROUTE)
    assert shown(fresh, '%%compare E_X\n{"ip": "a", "port": 7}')[2].split() == 2 * ["1", "a", "7"]
    fresh.run("%event declare E_X ip port:int")
    assert shown(fresh, "%compare E_X --sample port=9")[2].split()[2] == "9"


def test_remarks_are_told(fresh: Frontend) -> None:
    fresh.run('event_route[E_PIKE_BLOCKED] { xlog("$param(ip)\\n"); }')
    result = fresh.run("%compare E_PIKE_BLOCKED pi=192.0.2.1")
    assert any("pi" in text and "E_PIKE_BLOCKED" in text for text in result.shown[:-1])


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("%compare E_Y", "no route handles the event E_Y", "define event_route[E_Y]; handled are E_X"),
        (
            "%compare",
            "the event's name is missing",
            "usage: %compare EVENT [name=value",
        ),
        ("%compare E_X --async", "--async is for %raise", "%compare takes --count, --sample, --timeout"),
        ("%compare E_X --live", "--live is for %raise", "--count"),
        ("%compare E_X ?", "%compare has no form", "%raise E_X ? shows one"),
        ("%%compare E_X ip=1\n{}", "%%compare takes its parameters from the lines below", ""),
        ("%compare E_X --count 0", "count", ""),
    ],
)
def test_what_cannot_be_compared(fresh: Frontend, line: str, message: str, hint: str) -> None:
    fresh.run(ROUTE)
    result = fresh.run(line)
    assert result.status == "error"
    assert message in result.traceback
    assert hint in result.traceback


def test_an_interrupt_ends_it(fresh: Frontend) -> None:
    spin = "event_route[E_SPIN] { $var(i) = 0; while (1) { $var(i) = 1; } }"
    fresh.run(f"%config workers=1 max_while_loops=2000000000\n{spin}")
    fresh.run("$var(started) = 1;")  # now the notebook's own worker is there
    before = processes(fresh)
    request = fresh.execute("%compare E_SPIN")
    wait_until(lambda: processes(fresh) - before)
    fresh.interrupt()
    assert fresh.gather(request).error["ename"] == "Interrupted"
    wait_until(lambda: not processes(fresh) - before)
    assert fresh.run('xlog("there\\n");').stdout == "there\n"


def test_completion_and_help(fresh: Frontend) -> None:
    fresh.run("event_route[E_PIKE_BLOCKED] { exit; }")
    words = {"%comp": "compare", "%compare E_PIKE": "E_PIKE_BLOCKED", "%compare E_PIKE_BLOCKED i": "ip="}
    for line, expected in words.items():
        reply = fresh.ask("complete_request", code=line, cursor_pos=len(line)).reply
        assert any(expected in match for match in reply["matches"]), line
    flags = fresh.ask("complete_request", code="%compare E_X --", cursor_pos=15).reply["matches"]
    assert {flag.lstrip("-") for flag in flags} == {"sample", "count", "timeout"}
    told = fresh.run("%help compare").shown[0]
    assert "notebook itself is left alone" in told
    assert "bare statements do not" in told
