"""What everything else is made of: how long one call, one access, one message takes on this machine.

No path can be quicker than what it cannot do without; docs/performance.md says which of these bounds which path.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from benchmarks.doors import clients_alone
from benchmarks.measurement import Measurement, best_of
from evroute_kernel.engine.mi.dispatch import answer
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.session.session import Session
from evroute_kernel.runtime.shared import Shared, make_directory
from evroute_kernel.worker.messages import Decoder, RunBatch, encode

REQUEST: Final = b'{"jsonrpc":"2.0","id":1,"method":"pwd"}'
#: answers each byte with one
ECHO: Final = "import os\nwhile data := os.read(0, 1): os.write(1, data)"


def primitives(smoke: bool) -> Iterator[Measurement]:
    """Each the best of some rounds."""
    calls, rounds = (1_000, 1) if smoke else (100_000, 5)

    def measured(what: str, function: Callable[[], object], share: int = 1) -> Measurement:
        """`function` is done so many times; `share`: seldomer, for it takes longer."""
        number = max(10, calls // share)
        seconds = best_of(rounds, lambda: [function() for _ in range(number)], time.process_time)
        return Measurement("primitives", what, seconds / number * 1e6, "us")

    yield measured("a call of a Python function", lambda: None)
    pattern = re.compile(b"^from 192\\.", re.IGNORECASE)
    yield measured("a match of a regular expression", lambda: pattern.match(b"from 192.0.2.1"))
    yield from _memory(measured)
    yield from _messages(measured)
    yield measured("a write to a pipe and a read", _pipe(), 10)
    yield Measurement("primitives", "a byte to another process and back", _there_and_back(calls // 20), "us")
    yield Measurement("primitives", "the interpreter's lock to another thread and back", _hand_over(calls // 20), "us")
    yield Measurement("primitives", "a datagram to another process and back", 1e6 / clients_alone(calls // 10), "us")
    with Session(workers=1) as session:
        management = Management(session)
        yield measured("a request read, carried out and answered", lambda: answer(management, REQUEST), 10)


Measured = Callable[..., Measurement]


def _memory(measured: Measured) -> Iterator[Measurement]:
    """Shared variables, in LMDB."""
    directory = make_directory()
    shared = Shared(directory)
    try:
        shared.put("shv", "n", 1)
        yield measured("a shared variable read", lambda: shared.get("shv", "n"), 10)
        yield measured("a shared variable written", lambda: shared.put("shv", "n", 1), 10)
    finally:
        shared.close()
        for file in directory.iterdir():
            file.unlink()
        directory.rmdir()


def _messages(measured: Measured) -> Iterator[Measurement]:
    """What goes through the pipes of workers."""
    block = [(("ip", "192.0.2.1"), ("port", 5060))] * 100
    message = RunBatch(1, (1,), "E_X", block, 1000)  # type: ignore[arg-type]
    frame = encode(message)
    yield measured("a block of 100 events written as a message", lambda: encode(message), 100)
    yield measured("a block of 100 events read from a message", lambda: Decoder().feed(frame), 100)


def _pipe() -> Callable[[], object]:
    reader, writer = os.pipe()

    def once() -> None:
        os.write(writer, b"x")
        os.read(reader, 1)

    return once


def _there_and_back(count: int) -> float:
    """Microseconds."""
    with subprocess.Popen([sys.executable, "-S", "-E", "-c", ECHO], stdin=-1, stdout=-1, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ask, answered = process.stdin.fileno(), process.stdout.fileno()
        os.write(ask, b"x")
        os.read(answered, 1)  # it has started
        started = time.perf_counter()
        for _ in range(count):
            os.write(ask, b"x")
            os.read(answered, 1)
        seconds = time.perf_counter() - started
        process.stdin.close()
    return seconds / count * 1e6


def _hand_over(count: int) -> float:
    """Microseconds of two locks that two threads wait for in turn."""
    go, back = threading.Lock(), threading.Lock()
    go.acquire()
    back.acquire()

    def other() -> None:
        for _ in range(count):
            go.acquire()
            back.release()

    thread = threading.Thread(target=other)
    thread.start()
    started = time.perf_counter()
    for _ in range(count):
        go.release()
        back.acquire()
    seconds = time.perf_counter() - started
    thread.join()
    return seconds / count * 1e6
