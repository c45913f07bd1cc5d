"""Questions about what a worker keeps. It answers between runs, so an answer may take as long as the run under way."""

from __future__ import annotations

from concurrent.futures import Future

from evroute_kernel.engine.runs import Variables
from evroute_kernel.engine.workers import State, Worker
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker.messages import AskVariables, VariablesTold, encode


class Inquiries:
    """The questions that wait for an answer. Used in the supervisor's thread only."""

    def __init__(self) -> None:
        self._count = 0
        self._open: dict[int, tuple[Worker, Future[Variables]]] = {}

    def ask(self, worker: Worker, future: Future[Variables]) -> None:
        """Ask a worker; the future gets what it says, or nothing when the worker ends first: then nothing is kept."""
        if worker.state is State.ENDING:
            future.set_result(Variables(worker.number))
            return
        self._count += 1
        self._open[self._count] = worker, future
        worker.send(encode(AskVariables(self._count)))

    def answer(self, told: VariablesTold) -> None:
        worker, future = self._open.pop(told.request)
        var = {decode(name): decode(value) if isinstance(value, str) else value for name, value in told.var}
        json = {decode(name): None if text is None else decode(text) for name, text in told.json}
        future.set_result(Variables(worker.number, var, json))

    def forget(self, worker: Worker | None = None) -> None:
        """A worker is gone, or all are: nobody will answer."""
        for request, (asked, future) in tuple(self._open.items()):
            if worker is None or asked is worker:
                del self._open[request]
                future.set_result(Variables(asked.number))
