"""The process that workers are forked from: it imports what they need once, so that a worker starts in milliseconds.

It has one thread, runs no script, and is the parent of all workers, so it alone knows without a race which of them
live: it signals them on request and reports their ends. When its stream closes, because the kernel ended in whatever
way, it kills the workers, removes the directory of the shared memory, and ends.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import os
import selectors
import shutil
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, NoReturn

from evroute_kernel.records import prepare
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.worker.messages import (
    TAGS,
    Decoder,
    Message,
    ServerReady,
    SignalWorker,
    StartWorker,
    WorkerEnded,
    WorkerNotForked,
    WorkerStarted,
    encode,
)
from evroute_kernel.worker.process import EXIT_OUT_OF_MEMORY

#: descriptors that travel with a StartWorker
DESCRIPTORS: Final = 3
#: what only workers of a version need
_OF_VERSIONS: Final = {"4.0": ("evroute_kernel.worker.inline.runs",)}
_PR_SET_PDEATHSIG: Final = 1
_RECEIVE_SIZE: Final = 2**16


def main(descriptor: int, parent: int, directory: str) -> NoReturn:
    """Serve the process `parent` over a socket. `directory` is removed at the end."""
    run(descriptor, parent, lambda: directory)


def run(descriptor: int, parent: int, directory: Callable[[], str]) -> NoReturn:
    """The same; `directory` tells it when everything is ready, or says "" when nobody wants a server any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the thread that started us may have blocked what we need
    server = ForkServer(socket.socket(fileno=descriptor))
    removed = ""
    try:
        is_wanted = die_with_parent(parent, signal.SIGTERM)
        if is_wanted:
            preload()
        removed = directory()
        if is_wanted and removed:
            server.serve()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the kernel is gone
    finally:
        server.kill_workers()
        if removed:
            shutil.rmtree(removed, ignore_errors=True)
    os._exit(0)


class ForkServer:
    """The loop: requests come in on the stream, ends of workers as SIGCHLD."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._decoder = Decoder()
        self._descriptors: deque[int] = deque()
        self._pids: dict[int, int] = {}
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        # the handlers do nothing: that they exist makes the signal wake the loop
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)

    def serve(self) -> None:
        """Serve until the stream closes or SIGTERM comes."""
        self._send(ServerReady())
        with selectors.DefaultSelector() as selector:
            selector.register(self._stream, selectors.EVENT_READ, self._receive)
            selector.register(self._wake[0], selectors.EVENT_READ, self._woken)
            is_open = True
            while is_open:
                for key, _ in selector.select():
                    is_open = key.data() and is_open

    def _receive(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._stream, _RECEIVE_SIZE, 16 * DESCRIPTORS)
        self._descriptors.extend(descriptors)
        for message in self._decoder.feed(data):
            if isinstance(message, StartWorker):
                self._start(message)
            elif isinstance(message, SignalWorker) and message.number in self._pids:
                os.kill(self._pids[message.number], message.signal)
        return bool(data)

    def _start(self, message: StartWorker) -> None:
        stream, output, box = (self._descriptors.popleft() for _ in range(DESCRIPTORS))
        import_for(message.version)
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # no more processes, or no memory: that is the end of this worker, not of all
            self._send(WorkerNotForked(message.number, error.errno or errno.EAGAIN))
            pid = -1
        if pid == 0:
            self._become_worker(message, (stream, output, box), server)
        for descriptor in (stream, output, box):
            os.close(descriptor)
        if pid < 0:
            return
        self._pids[message.number] = pid
        self._send(WorkerStarted(message.number, pid))

    def _become_worker(self, message: StartWorker, descriptors: tuple[int, int, int], server: int) -> None:
        """In the new process. Never returns."""
        try:
            signal.set_wakeup_fd(-1)
            self._stream.close()
            for descriptor in (*self._wake, *self._descriptors):
                os.close(descriptor)
            if not die_with_parent(server, signal.SIGKILL):
                return
            from evroute_kernel.worker.child import boot

            boot(message.number, descriptors, message.directory, message.memory)
        except MemoryError:
            os._exit(EXIT_OUT_OF_MEMORY)
        except BaseException:  # must not return into the server's loop
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(1)

    def _woken(self) -> bool:
        """Reap workers that ended. False when SIGTERM came."""
        signals = os.read(self._wake[0], 512)
        self._reap()
        return signal.SIGTERM not in signals

    def _reap(self, options: int = os.WNOHANG) -> None:
        while self._pids:
            pid, status = os.waitpid(-1, options)
            if pid == 0:
                return
            number = next((n for n, p in self._pids.items() if p == pid), None)
            if number is not None:
                del self._pids[number]
                self._send(WorkerEnded(number, pid, os.waitstatus_to_exitcode(status)))

    def kill_workers(self) -> None:
        """Leave no process behind. They die at once: SIGKILL needs no answer."""
        for pid in self._pids.values():
            os.kill(pid, signal.SIGKILL)
        for pid in self._pids.values():
            os.waitpid(pid, 0)

    def _send(self, message: Message) -> None:
        self._stream.sendall(encode(message))


def import_all() -> None:
    """Import all that a worker needs; what is there before the fork is shared between the workers."""
    for module in ("evroute_kernel.worker.child", "evroute_kernel.library.everything"):
        import_module(module)
    import_for(DEFAULT_VERSION)


def import_for(version: ServerVersion) -> None:
    """What workers of one version need besides. Cheap for one for which that has been done."""
    for module in _OF_VERSIONS.get(version, ()):
        import_module(module)
    import_module("evroute_kernel.library.table").warm(version)


def preload() -> None:
    """Do what forks would otherwise do each for itself."""
    import_all()
    prepare(TAGS)  # a worker must be able to say that its memory or its stack is used up
    gc.collect()
    gc.freeze()


def die_with_parent(parent: int, number: int) -> bool:
    """Ask the system for a signal when the parent ends; False if it has ended already.

    The stream's end says the same, unless somebody else holds a copy of the other end. Linux only; elsewhere the
    stream alone has to do.
    """
    if sys.platform == "linux":
        prctl: Any = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    return os.getppid() == parent
