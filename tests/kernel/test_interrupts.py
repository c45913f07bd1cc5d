"""An interrupt ends the running routes and the cell, with one error; the kernel and its other state live on."""

from __future__ import annotations

import os
import random
import signal
import statistics
import time
from pathlib import Path

import pytest

from support.frontend import SPIN, Frontend, Result, started, wait_until

#: how many interrupts at random moments are tried; more on request
MOMENTS = int(os.environ.get("EVROUTE_INTERRUPTS", "25"))


def check_interrupted(found: Result) -> None:
    assert found.status == "error"
    assert (found.error["ename"], len(found.contents("error"))) == ("Interrupted", 1)
    assert found.kinds[-1] == "idle"


def test_the_cell_ends_with_one_error_and_the_log_so_far(kernel: Frontend) -> None:
    request = kernel.spin()
    kernel.interrupt()
    found = kernel.gather(request)
    check_interrupted(found)
    again = kernel.run('xlog("alive\\n");')
    assert again.stdout == "alive\n"
    wait_until(lambda: not kernel.running())


def test_sigint_is_the_same_as_the_message(kernel: Frontend) -> None:
    request = kernel.spin()
    kernel.process.send_signal(signal.SIGINT)
    check_interrupted(kernel.gather(request))
    kernel.process.send_signal(signal.SIGINT)  # with no cell running
    kernel.ask("kernel_info_request")  # once this is answered, the signal has been handled
    assert kernel.run('xlog("alive\\n");').stdout == "alive\n"


@pytest.mark.parametrize(
    "code", [SPIN + "%raise E_SPIN --async", SPIN + "%raise E_SPIN --count 5", SPIN.split("\n", 1)[1].rsplit("}", 1)[0]]
)
def test_whatever_the_cell_waits_for_can_be_interrupted(kernel: Frontend, code: str) -> None:
    request = kernel.execute(code)
    kernel.messages(request, "stream")
    kernel.interrupt()
    check_interrupted(kernel.gather(request))


def test_queued_cells_are_aborted(kernel: Frontend) -> None:
    running = kernel.spin()
    queued = [kernel.execute("1"), kernel.execute("2")]
    # the queue has them when it has answered a later question
    kernel.ask("kernel_info_request")
    kernel.interrupt()
    check_interrupted(kernel.gather(running))
    assert [kernel.reply(request)["status"] for request in queued] == ["aborted", "aborted"]
    assert kernel.run('xlog("alive\\n");').stdout == "alive\n"


def test_definitions_and_variables_survive(kernel: Frontend) -> None:
    kernel.run('event_route[E_X] { xlog("x\\n"); }\n$shv(kept) = 7;')
    request = kernel.spin()
    kernel.interrupt()
    kernel.gather(request)
    assert kernel.run("%raise E_X").stdout == "x\n"
    assert kernel.run("$shv(kept)").shown == ["7"]


def test_interrupts_at_random_moments(kernel: Frontend) -> None:
    chance = random.Random(1)
    kernel.run(SPIN)
    latencies = []
    for _ in range(MOMENTS):
        request = kernel.execute("%raise E_SPIN")
        time.sleep(chance.uniform(0, 0.03))  # the random moment is the point of this test
        start = time.perf_counter()
        kernel.interrupt()
        kernel.reply(request)
        latencies.append(time.perf_counter() - start)
        check_interrupted(Result({"status": "error"}, kernel.messages(request, "idle")))
    assert statistics.median(latencies) < 0.05, sorted(latencies)
    assert kernel.run('xlog("alive\\n");').stdout == "alive\n"
    wait_until(lambda: not kernel.running())


def test_an_interrupt_that_overtakes_its_cell(kernel: Frontend) -> None:
    """The control channel is faster: the interrupt of a cell sent before may be read first."""
    kernel.run(SPIN)
    message = kernel.client.session.msg(
        "execute_request", {"code": "%raise E_SPIN", "silent": False, "user_expressions": {}, "allow_stdin": False}
    )
    assert kernel.control("interrupt_request", {})["status"] == "ok"
    kernel.client.shell_channel.send(message)
    found = kernel.gather(message["header"]["msg_id"])
    check_interrupted(found)
    assert found.stdout == ""


def test_an_interrupt_before_a_cell_does_not_touch_it(kernel: Frontend) -> None:
    assert kernel.control("interrupt_request", {})["status"] == "ok"
    assert kernel.run('xlog("alive\\n");').stdout == "alive\n"


def test_interrupt_mode_signal(tmp_path: Path) -> None:
    with started(tmp_path, interrupt_mode="signal") as kernel:
        request = kernel.spin()
        kernel.interrupt()
        check_interrupted(kernel.gather(request))
        assert kernel.run('xlog("alive\\n");').stdout == "alive\n"
