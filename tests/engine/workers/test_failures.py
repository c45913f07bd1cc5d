"""Routes that loop, crash, eat memory or flood; workers that are killed. Each costs its run and nothing else."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from threading import Thread
from time import monotonic
from typing import Any

import pytest

from evroute_kernel.engine.results.runs import Run, RunError
from evroute_kernel.engine.session.session import Session
from evroute_kernel.engine.workers import decisions
from evroute_kernel.engine.workers import worker as workers
from evroute_kernel.engine.workers.processes import launcher, pool

#: seconds for what should take milliseconds
DEADLINE = 20.0
Define = Callable[..., None]
Wait = Callable[[Callable[[], bool]], None]
SPIN = "at(1)\nwhile True: pass"
# C code that looks at no signal
DEAF = 'at(1)\nload("builtins").sum(range(10**13))'


def texts(run: Run) -> list[str]:
    return [record.text for record in run.log]


def error_of(run: Run) -> RunError:
    assert run.error is not None
    return run.error


def is_running(session: Session, number: int = 1) -> bool:
    return any(w.number == number and w.running for w in session.workers())


def has_logged(session: Session, text: str, count: int = 1) -> bool:
    return sum(record.text == text for record in session.log) >= count


def pid_of(session: Session, number: int = 1) -> int:
    pid = next(w.pid for w in session.workers() if w.number == number)
    assert pid is not None
    return pid


# -- what is said -------------------------------------------------------------------------------------------------


def test_an_error_names_event_route_cause_and_line(session: Session) -> None:
    session.load(
        'route[work] {\n  xlog("working");\n  sleep(60);\n}\nevent_route[E_A] {\n  route(work);\n}\n', name="a.cfg"
    )
    run = session.raise_event("E_A", timeout=1.0)
    error = error_of(run)
    assert (error.cause, error.event, error.route) == ("timed out", "E_A", "route[work]")
    assert error.message == "event_route[E_A], in route[work], timed out after 1 s (event E_A)"
    assert error.span is not None
    assert (error.span.source.name, error.span.line) == ("a.cfg", 3)
    assert "    3 |   sleep(60);" in error.render()
    assert str(error).startswith("a.cfg:3:3: error: event_route[E_A]")
    assert texts(run) == ["working"]


def test_a_crash_of_the_script(session: Session) -> None:
    session.load(
        'event_route[E_A] { $var(x) = 1; xlog("before"); $var(x) /= 0; } event_route[E_B] { xlog("$var(x)"); }'
    )
    run = session.raise_event("E_A")
    assert texts(run) == ["before"]
    assert error_of(run).cause == "crashed"
    assert "test the divisor" in error_of(run).message
    assert texts(session.raise_event("E_B")) == ["1"]


def test_a_fault_of_ours(session: Session, define: Define) -> None:
    define(session, E_A="at(2)\n1/0")
    error = error_of(session.raise_event("E_A"))
    assert error.cause == "internal error"
    assert "ZeroDivisionError" in error.message
    assert "Traceback" in error.render()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_worker_that_dies_is_replaced_and_nothing_logged_is_lost(
    session: Session, define: Define, number: signal.Signals
) -> None:
    define(session, E_DIE=f'say("before")\nat(1)\nload("os").kill(load("os").getpid(), {int(number)})', E_A='say("a")')
    run = session.raise_event("E_DIE")
    error = error_of(run)
    assert error.cause == "worker died"
    assert error.message == f"event_route[E_DIE] ended with its worker, which was killed by {number.name} (event E_DIE)"
    assert error.span is not None
    assert error.span.text == "two"
    assert texts(run)[0] == "before"
    assert texts(session.raise_event("E_A")) == ["a"]
    assert [w.number for w in session.workers()] == [1]


def test_other_runs_go_on(pair: Session, define: Define, wait: Wait) -> None:
    slow_body = 'while p.shared.get("shv", "go") != 1: load("time").sleep(0.001)\nsay("slow")'
    define(pair, E_SPIN=f'say("spinning")\n{SPIN}', E_SLOW=slow_body)
    spinning = pair.submit("E_SPIN")
    wait(lambda: has_logged(pair, "spinning"))
    slow = pair.submit("E_SLOW")
    wait(lambda: is_running(pair, 2))
    os.kill(pid_of(pair, 1), signal.SIGKILL)
    assert error_of(spinning.result()).cause == "worker died"
    pair.shared.put("shv", "go", 1)
    assert texts(slow.result()) == ["slow"]


def test_memory(session: Session, define: Define) -> None:
    session.memory_limit = 64 * 2**20
    define(session, E_EAT='say("before")\nx = []\nat(1)\nwhile True: x.append(bytearray(1000))', E_A='say("a")')
    run = session.raise_event("E_EAT")
    error = error_of(run)
    assert (error.cause, texts(run)) == ("out of memory", ["before"])
    assert error.message == "event_route[E_EAT] needs more memory than 64 MiB (event E_EAT)"
    assert texts(session.raise_event("E_A")) == ["a"]


def test_a_flood_is_bounded_and_the_route_goes_on(define: Define) -> None:
    with Session(workers=1, log_limit=100) as session:
        define(session, E_A='for i in range(5000): say("x")\np.var["done"] = "yes"', E_B='say(p.var["done"])')
        run = session.raise_event("E_A")
        assert run.ok
        assert texts(run) == ["x"] * 100 + ["4900 more log lines were not kept: the limit of 100 is reached"]
        assert run.log[-1].diagnostic
        assert texts(session.raise_event("E_B")) == ["yes"]


def test_what_is_printed_in_a_worker_is_shown_as_a_diagnostic(session: Session, define: Define) -> None:
    define(session, E_A='load("os").write(2, b"from C\\nsecond line\\n")\nload("time").sleep(0.05)')
    run = session.raise_event("E_A")
    assert [(r.text, r.diagnostic, r.event) for r in run.log] == [
        ("from C", True, "E_A"),
        ("second line", True, "E_A"),
    ]


# -- time and interrupts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "keeps"), [(SPIN, True), (DEAF, False)])
def test_a_run_that_takes_too_long(
    session: Session, define: Define, body: str, keeps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if keeps:  # on a machine with better things to do it may answer late, and would be killed for that
        monkeypatch.setattr(decisions, "GRACE", 10.0)
    define(session, E_A=f'p.var["x"] = "kept"\n{body}', E_B='say(p.var.get("x", "gone"))')
    session.raise_event("E_B")  # the worker is there, so that all of the time is the run's
    run = session.raise_event("E_A", timeout=1.0)
    assert error_of(run).cause == "timed out"
    assert error_of(run).span is not None
    assert texts(session.raise_event("E_B")) == ["kept" if keeps else "gone"]


def test_an_endless_chain_of_events_ends_in_time(session: Session) -> None:
    session.load('event_route[E_A] { raise_event("E_A"); raise_event("E_A"); $shv(n) += 1; }')
    run = session.raise_event("E_A", timeout=0.3)
    assert error_of(run).cause == "timed out"
    assert run.routes > 5
    assert session.interrupt() == 0


def test_an_interrupt_ends_what_has_this_origin_and_nothing_else(session: Session, define: Define, wait: Wait) -> None:
    define(session, E_SPIN=SPIN, E_A='say("a")')
    mine, also_mine = session.submit("E_SPIN", origin="cell 1"), session.submit("E_A", origin="cell 1")
    other = session.submit("E_A", origin="cell 2")
    wait(lambda: is_running(session))
    assert session.interrupt("cell 1") == 2
    for future, message in (
        (mine, "event_route[E_SPIN] was interrupted (event E_SPIN)"),
        (also_mine, "the event E_A was interrupted"),
    ):
        assert (error_of(future.result()).cause, error_of(future.result()).message) == ("interrupted", message)
    assert texts(other.result()) == ["a"]
    assert session.interrupt() == 0


def test_interrupts_are_answered_within_fifty_milliseconds(session: Session, define: Define, wait: Wait) -> None:
    """The median over routes of every kind, also those that listen to no signal and lose their worker."""
    define(session, E_SPIN=SPIN, E_SLEEP='load("time").sleep(60)', E_LOG='while True: say("x")', E_DEAF=DEAF)
    times = []
    for round_number in range(24):
        event = ("E_SPIN", "E_SLEEP", "E_LOG", "E_DEAF")[round_number % 4]
        future = session.submit(event)
        wait(lambda: is_running(session))
        start = monotonic()
        assert session.interrupt() == 1
        assert error_of(future.result()).cause == "interrupted"
        times.append(monotonic() - start)
    assert median(times) < 0.05
    assert len(session.workers()) == 1


def test_interrupts_at_random_moments(session: Session) -> None:
    session.load(
        'event_route[E_A] { $var(i) = 0; while ($var(i) < 50) $var(i) += 1; raise_event("E_B"); } '
        "event_route[E_B] { $shv(n) += 1; }"
    )
    numbers = random.Random(7)
    for _ in range(100):
        future = session.submit("E_A")
        end = monotonic() + numbers.random() * 0.001
        while monotonic() < end:
            pass
        session.interrupt()
        run = future.result(10)
        assert run.ok or {error.cause for error in run.errors} == {"interrupted"}
    assert session.raise_event("E_A").ok
    assert session.shared.get("shv", "n") is not None


# -- batches ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    ['raise ScriptCrash("no")', 'load("os").kill(load("os").getpid(), 9)', "bytearray(2**31)", SPIN, DEAF],
)
def test_a_fault_in_a_batch_costs_one_event(session: Session, define: Define, fault: str) -> None:
    body = "\n    ".join(fault.splitlines())
    define(session, E_A=f'n = c.params[0][1]\nif n == 70:\n    {body}\nsay("%d" % n)')
    result = session.submit_batch("E_A", [{"n": i} for i in range(200)], timeout=1.0).result()
    assert [r.text for r in result.log if not r.diagnostic] == [str(i) for i in range(200) if i != 70]
    assert (result.events, result.failed, len(result.errors)) == (200, 1, 1)
    assert sum(ran.runs for ran in result.ran) in (199, 200), "the one that killed its worker is not counted"


def test_an_interrupted_batch_ends_early(session: Session, define: Define, wait: Wait) -> None:
    define(session, E_A='p.shared.put("shv", "begun", 1)\nload("time").sleep(0.001)')
    future = session.submit_batch("E_A", [{}] * 100_000)
    wait(lambda: session.shared.get("shv", "begun") == 1)  # an interrupt that comes before the first event ends it too
    assert session.interrupt() == 1
    result = future.result()
    assert 0 < result.events < 100_000
    assert result.errors[0].cause == "interrupted"
    assert not result.ok


# -- workers that come and go -------------------------------------------------------------------------------------


def test_two_hundred_workers_killed_at_random_moments(session: Session, define: Define) -> None:
    """Each raise ends with a result or an error, none hangs, and the last one works."""
    session.load('event_route[E_A] { $shv(n) += 1; xlog("a"); raise_event("E_B"); } event_route[E_B] { xlog("b"); }')
    killed: set[int] = set()
    stop = False

    def kill() -> None:
        numbers = random.Random(3)
        while not stop and len(killed) < 200:
            end = monotonic() + numbers.random() * 0.02
            while monotonic() < end:
                pass
            for worker in session.workers():
                if worker.pid is not None and worker.pid not in killed and worker.state != "starting":
                    killed.add(worker.pid)
                    os.kill(worker.pid, signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    outcomes: dict[str, int] = {}
    try:
        while killer.is_alive():
            run = session.submit("E_A").result(30)
            outcome = "ok" if run.ok else error_of(run).cause
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            assert outcome in ("ok", "worker died")
            assert not run.ok or texts(run) == ["a", "b"]
    finally:
        stop = True
        killer.join()
    assert len(killed) == 200
    assert outcomes["ok"] > 0
    assert texts(session.raise_event("E_A")) == ["a", "b"]
    pids = [w.pid for w in session.workers()]
    session.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in [*killed, *pids])


def test_a_killed_fork_server_is_replaced(session: Session, define: Define, wait: Wait) -> None:
    define(session, E_SPIN=f'say("spinning")\n{SPIN}', E_A='say("a")')
    for count, number in enumerate((signal.SIGKILL, signal.SIGTERM), 1):
        future = session.submit("E_SPIN")
        wait(lambda count=count: has_logged(session, "spinning", count))  # type: ignore[misc]
        server = session._backend.supervisor._pool._launcher
        assert server is not None
        os.kill(server.pid, number)
        assert error_of(future.result()).cause == "worker died"
        assert texts(session.raise_event("E_A")) == ["a"]


def test_a_worker_killed_while_idle_costs_nothing(session: Session, define: Define, wait: Wait) -> None:
    define(session, E_A='say("a")')
    session.raise_event("E_A")
    for _ in range(10):
        os.kill(pid_of(session), signal.SIGKILL)
        assert texts(session.raise_event("E_A")) == ["a"]


def test_when_no_worker_can_be_started_raises_say_so(monkeypatch: pytest.MonkeyPatch, define: Define) -> None:
    monkeypatch.setattr("evroute_kernel.engine.workers.processes.launcher._PROGRAM", "print('no such house')")
    with Session(workers=1) as session:
        define(session, E_A='say("a")')
        for _ in range(2):
            error = error_of(session.submit("E_A").result(30))
            assert error.cause == "no worker"
            assert error.message == (
                "no worker could be started: the process that workers are forked from exited with code 0: no such house"
            )
            assert error.hint is not None
        monkeypatch.undo()
        assert texts(session.submit("E_A").result(30)) == ["a"]


def test_a_worker_that_dies_at_once_is_not_started_for_ever(session: Session, define: Define, wait: Wait) -> None:
    define(session, E_A='say("a")')
    starts: list[Any] = []
    start = pool.Process

    def broken(*arguments: Any) -> Any:
        starts.append(arguments)
        number, launcher, _, _, now = arguments
        return start(number, launcher, Path("/nowhere"), 0, now)

    assert texts(session.raise_event("E_A")) == ["a"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "Process", broken)
        os.kill(pid_of(session), signal.SIGKILL)
        assert error_of(session.submit("E_A").result(30)).cause == "no worker"
        assert 0 < len(starts) <= 4
    assert texts(session.raise_event("E_A")) == ["a"]


# -- fork servers that end or stop --------------------------------------------------------------------------------


def fork_server(session: Session) -> int:
    """The process that workers come from."""
    return int(Path(f"/proc/{pid_of(session)}/stat").read_text("utf-8").rpartition(")")[2].split()[1])


def test_workers_of_an_ended_fork_server_end_with_it_though_there_is_another_one(pair: Session, wait: Wait) -> None:
    """They are forgotten when their streams end, not killed later through a fork server that is gone."""
    pair.load("event_route[E_A] { usleep(2000); }")
    for _ in range(8):
        wait(lambda: any(worker.state == "idle" for worker in pair.workers()))
        futures = [pair.submit("E_A") for _ in range(4)]
        os.kill(fork_server(pair), signal.SIGKILL)
        futures += [pair.submit("E_A") for _ in range(4)]
        for future in futures:
            run = future.result(DEADLINE)
            assert run.ok or {error.cause for error in run.errors} == {"worker died"}
    wait(lambda: "ending" not in {worker.state for worker in pair.workers()})
    assert pair.raise_event("E_A").ok


def test_a_fork_server_that_is_stopped_is_replaced(
    session: Session, define: Define, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts no workers and kills none, and cannot say so."""
    monkeypatch.setattr(workers, "END_DEADLINE", 0.5)
    define(session, E_A='say("a")', E_DEAF=DEAF)
    assert session.raise_event("E_A").ok
    server, worker = fork_server(session), pid_of(session)
    os.kill(server, signal.SIGSTOP)
    assert error_of(session.submit("E_DEAF", timeout=0.2).result(DEADLINE)).cause == "timed out"
    assert texts(session.submit("E_A").result(DEADLINE)) == ["a"]
    assert fork_server(session) != server
    wait(lambda: not Path(f"/proc/{server}").exists() and not Path(f"/proc/{worker}").exists())


def test_a_stopped_worker_is_not_waited_for_when_it_is_asked(
    session: Session, define: Define, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is ended, and another one takes its place."""
    monkeypatch.setattr(workers, "ANSWER_DEADLINE", 0.5, raising=False)
    define(session, E_A='p.var["x"] = 1\nsay("a")')
    assert session.raise_event("E_A").ok
    assert session.variables(1).result(DEADLINE).var == {"x": 1}
    os.kill(pid_of(session), signal.SIGSTOP)
    assert session.variables(1).result(DEADLINE).var == {}
    assert texts(session.raise_event("E_A", timeout=DEADLINE)) == ["a"]
    assert session.variables(1).result(DEADLINE).var == {"x": 1}


# -- no worker ----------------------------------------------------------------------------------------------------


def no_worker(define: Define) -> tuple[str, str]:
    """What a session that cannot start a worker says: a sentence, and what to do."""
    with Session(workers=1) as session:
        define(session, E_A='say("a")')
        error = error_of(session.submit("E_A").result(30))
        assert (error.cause, error.detail) == ("no worker", "")
        assert session.log == []
        assert error.message.startswith("no worker could be started: ")
        assert "\n" not in error.message
        assert "Errno" not in error.message
        return error.message.removeprefix("no worker could be started: "), error.hint or ""


def test_no_descriptors_left() -> None:
    program = """
import resource, sys
from evroute_kernel import Session
resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))
with Session(workers=1) as session:
    session.load("event_route[E_A] { exit; }")
    print(session.raise_event("E_A").error.render())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == (
        "error: no worker could be started: this process has as many files open as it may (12)\n"
        "  hint: close some (connections and subscriptions count too), or raise the limit: ulimit -n\n"
    )


@pytest.mark.parametrize(
    ("executable", "reason"),
    [
        ("/nonexistent/python", "the Python interpreter /nonexistent/python cannot be run: no such file or directory"),
        ("/etc/passwd", "the Python interpreter /etc/passwd cannot be run: permission denied"),
        ("", "Python does not know its own interpreter"),
        ("/bin/false", "the process that workers are forked from exited with code 1"),
    ],
)
def test_an_interpreter_that_cannot_be_run(
    monkeypatch: pytest.MonkeyPatch, define: Define, executable: str, reason: str
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    found, hint = no_worker(define)
    assert found.lower() == reason.lower()
    assert hint


@pytest.mark.parametrize(
    ("name", "reason", "advice"),
    [
        ("EAGAIN", "no more processes may be started (limit of this user: ", "ulimit -u"),
        ("ENOMEM", "the system has no memory for one more process", "use fewer workers"),
    ],
)
def test_a_worker_that_the_system_has_no_process_for(
    monkeypatch: pytest.MonkeyPatch, define: Define, name: str, reason: str, advice: str
) -> None:
    """The fork server is the real one; the system's word is made up, for it forbids root nothing."""
    program = launcher._PROGRAM.replace("main(", "import os; os.fork = refuse; main(")
    refuse = f"def refuse():\n    raise OSError(__import__('errno').{name}, 'refused')\n"
    monkeypatch.setattr(launcher, "_PROGRAM", refuse + program)
    found, hint = no_worker(define)
    assert found.startswith(reason)
    assert advice in hint


def test_what_the_fork_server_lacks(monkeypatch: pytest.MonkeyPatch, define: Define) -> None:
    monkeypatch.setattr(launcher, "_PROGRAM", "import a_module_that_nobody_has")
    with Session(workers=1) as session:
        define(session, E_A='say("a")')
        error = error_of(session.submit("E_A").result(30))
    assert error.message.endswith("exited with code 1: ModuleNotFoundError: No module named 'a_module_that_nobody_has'")
    assert "install what" in (error.hint or "")
    assert "Traceback" in error.detail  # all of it, below the sentence


def test_a_process_that_may_have_too_few_addresses() -> None:
    program = """
import resource
from evroute_kernel import Session
resource.setrlimit(resource.RLIMIT_AS, (150 * 2**20,) * 2)
try:
    Session(workers=1)
except OSError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == (
        "this process cannot map the 256 MiB that shared memory may grow to: raise its limit of addresses (ulimit -v)\n"
    )


def test_a_memory_limit_that_nothing_fits_in(define: Define) -> None:
    with Session(workers=1, memory_limit=1) as session:
        define(session, E_A='say("a")')
        error = error_of(session.submit("E_A").result(30))
    assert error.cause == "out of memory"
    assert error.hint == "allow more memory, or keep less in variables"
    assert session.log == []
