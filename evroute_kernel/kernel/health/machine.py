"""What the machine gives: memory that processes share, ports. And whether a route and a kernel run on it."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from evroute_kernel.kernel.health.check import BROKEN, NOTE, OK, Check, told
from evroute_kernel.runtime.memory.room import MEMORY_DIRECTORY, free, more_room
from evroute_kernel.runtime.shared import FIRST_SIZE, MAP_SIZE

#: where `evroute serve` and `%mi serve` listen unless they are told otherwise
MI_PORT: Final = 8080
#: a route, its event, and what it logs
_ROUTE: Final = 'event_route[E_EVROUTE_DOCTOR] { xlog("a route runs\\n"); }'
_EVENT: Final = "E_EVROUTE_DOCTOR"
_LOGGED: Final = "a route runs\n"
#: seconds for a kernel to start, and for its cell to run
_PATIENCE: Final = 60


def look() -> Iterator[Check]:
    """Shared memory, ports, a route, a kernel."""
    yield shared_memory()
    found = list(ports())
    yield from found
    yield a_route()
    if all(check.state != BROKEN for check in found):  # or it would wait in vain
        yield a_kernel()


def shared_memory() -> Check:
    """Room for what the processes of a session share: little at first, and as much as scripts store."""
    room = free(MEMORY_DIRECTORY)
    what = f"{MEMORY_DIRECTORY}: {room / 2**20:,.0f} MiB free"
    if room >= MAP_SIZE:
        return Check(OK, what)
    elsewhere = Path(tempfile.gettempdir())
    if max(room, free(elsewhere)) < FIRST_SIZE:
        return Check(BROKEN, f"{what}, and {free(elsewhere) / 2**20:,.0f} MiB in {elsewhere}", more_room())
    if room < FIRST_SIZE:
        return Check(NOTE, f"{what}; sessions share memory in {elsewhere}, which is slower", more_room())
    return Check(NOTE, f"{what}; scripts that store much need up to {MAP_SIZE // 2**20} MiB", more_room())


def ports() -> Iterator[Check]:
    """Kernels talk with Jupyter by TCP on this machine; the management interface has a port that may be taken."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            probe.listen()
            socket.create_connection(probe.getsockname(), timeout=5).close()
    except OSError as error:
        yield Check(BROKEN, f"kernels cannot talk with Jupyter at 127.0.0.1 ({error})", "ip link set lo up")
        return
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", MI_PORT))
        except OSError as error:
            other = f"evroute serve --mi datagram:127.0.0.1:{MI_PORT + 1}, %mi serve datagram:127.0.0.1:{MI_PORT + 1}"
            yield Check(NOTE, f"the management interface's port {MI_PORT} is taken ({error.strerror})", other)
        else:
            yield Check(OK, f"ports: 127.0.0.1 works, {MI_PORT} is free for the management interface")


def a_route() -> Check:
    """A session with a worker, which raises an event."""
    try:
        from evroute_kernel.engine.session.session import Session

        with Session(workers=1) as session:
            session.load(_ROUTE)
            run = session.raise_event(_EVENT)
            logged = "".join(record.text for record in run.log)
    except Exception as error:  # whatever it is: to say so is what this is for
        return Check(BROKEN, f"no route runs here: {told(error)}", "see above; else report it, with this output")
    if logged != _LOGGED:
        return Check(BROKEN, f"a route ran, and logged {logged!r}: {run.error}", "report it, with this output")
    return Check(OK, "a route runs in a worker process")


def a_kernel() -> Check:
    """A kernel that is started as Jupyter starts one, by a kernelspec of this environment."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import KernelManager

        from evroute_kernel.kernel.kernelspec import NAME, install

        with tempfile.TemporaryDirectory() as folder:
            kernels = install(prefix=folder).parent
            manager = KernelManager(kernel_name=NAME, kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(kernels)]))
            error = _cell(manager)
    except Exception as failed:  # see above
        error = told(failed)
    if error:
        return Check(BROKEN, f"the kernel does not start: {error}", "see above; else report it, with this output")
    return Check(OK, "the kernel starts, and runs a cell")


def _cell(manager: object) -> str:
    """What went wrong when a kernel ran a cell; "" where nothing did."""
    from jupyter_client.manager import KernelManager

    assert isinstance(manager, KernelManager)
    with Path(os.devnull).open("w") as nowhere:
        manager.start_kernel(stdout=nowhere, stderr=nowhere)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=_PATIENCE)
        reply = client.execute_interactive("2 + 3", timeout=_PATIENCE, output_hook=lambda message: None)
        return "" if reply["content"]["status"] == "ok" else str(reply["content"].get("evalue"))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
