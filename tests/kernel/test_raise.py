"""`%raise` in all its forms."""

from __future__ import annotations

import psutil
import pytest
from frontend import DEADLINE, SPIN, Frontend

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


SLOW = 'event_route[E_SLOW] { usleep(100000); xlog("slow\\n"); }\n'


def test_async_goes_on_and_the_cell_waits_at_its_end(kernel: Frontend) -> None:
    kernel.run(SLOW)
    found = kernel.run("%raise E_SLOW --async\n%routes")
    assert found.kinds == ["busy", "execute_input", "display_data", "stream", "idle"]
    assert found.stdout == "slow\n"


def test_detached_output_comes_late_under_its_own_cell(kernel: Frontend) -> None:
    kernel.run(SLOW)
    request = kernel.execute("%raise E_SLOW --detach")
    first = kernel.gather(request)
    assert first.stdout == ""
    assert kernel.run('"meanwhile"').stdout == ""
    late = next((m for m in kernel.others if m["msg_type"] == "stream"), None)
    while late is None:
        message = kernel.client.get_iopub_msg(timeout=DEADLINE)
        late = message if message["msg_type"] == "stream" else None
    assert (late["content"]["text"], late["parent_header"]["msg_id"]) == ("slow\n", request)


def test_timeouts_end_the_run(kernel: Frontend) -> None:
    found = kernel.run(SPIN + "%raise E_SPIN --timeout 0.1")
    assert found.error["ename"] == "RouteFailed"
    assert found.stdout == "spinning\n"
    assert "event_route[E_SPIN]" in found.traceback
    assert "Cell In[" in found.traceback


def test_a_failing_route_fails_the_cell(kernel: Frontend) -> None:
    found = kernel.run('event_route[E_X] {\n    xlog("before\\n");\n    $var(x) = 5;\n    $var(x) /= 0;\n}\n%raise E_X')
    assert found.stdout == "before\n"
    assert found.error["ename"] == "RouteFailed"
    assert f"Cell In[{found.reply['execution_count']}], line 4, column 5" in found.traceback
    assert kernel.run('xlog("alive\\n");').stdout == "alive\n"


def test_a_killed_worker_costs_its_run_only(kernel: Frontend) -> None:
    kernel.run('event_route[E_X] { xlog("x\\n"); }')
    request = kernel.spin()
    for process in kernel.process.children(recursive=True):
        if process.status() == psutil.STATUS_RUNNING:
            process.kill()
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
