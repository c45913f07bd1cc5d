"""Questions about what a worker keeps. It answers between runs, so an answer may take as long as the run under way.

One that has nothing to run and does not answer is stuck: it is ended, and keeps nothing any more.
"""

from __future__ import annotations

from concurrent.futures import Future
from time import monotonic

from evroute_kernel.engine.results.runs import Variables
from evroute_kernel.engine.workers.processes.process import Process
from evroute_kernel.engine.workers.worker import State
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker.messages import AskVariables, VariablesAnswer


class VariableQueries:
    """The questions that wait for an answer. Used in the supervisor's thread only."""

    def __init__(self) -> None:
        self._count = 0
        #: not yet asked: number of the worker, who waits
        self._waiting: list[tuple[int, Future[Variables]]] = []
        self._asked: dict[int, tuple[Process, Future[Variables]]] = {}
        self._is_closed = False

    def add(self, number: int, future: Future[Variables]) -> None:
        """Ask worker `number` when it has been given what was to be run before."""
        if self._is_closed:
            future.set_result(Variables(number))
        else:
            self._waiting.append((number, future))

    def ask(self, workers: dict[int, Process]) -> list[Process]:
        """Put the questions to the workers, but for those that are starting; those that were asked.

        A worker that is not there, or is ending, keeps nothing.
        """
        asked = []
        waiting, self._waiting = self._waiting, []
        for number, future in waiting:
            worker = workers.get(number)
            if worker is None or worker.state is State.ENDING:
                future.set_result(Variables(number))
            elif worker.state is State.STARTING:
                self.add(number, future)
            else:
                self._count += 1
                self._asked[self._count] = worker, future
                worker.ask(AskVariables(self._count), monotonic())
                asked.append(worker)
        return asked

    def answer(self, answer: VariablesAnswer) -> None:
        """A worker has answered."""
        worker, future = self._asked.pop(answer.request)
        worker.answered(monotonic())
        var = {decode(name): decode(value) if isinstance(value, str) else value for name, value in answer.var}
        json = {decode(name): None if text is None else decode(text) for name, text in answer.json}
        future.set_result(Variables(worker.number, var, json))

    def forget(self, worker: Process) -> None:
        """A worker is gone: it will not answer."""
        for request, (asked, future) in tuple(self._asked.items()):
            if asked is worker:
                del self._asked[request]
                future.set_result(Variables(asked.number))

    def close(self) -> None:
        """All workers are gone, and none will come."""
        self._is_closed = True
        for asked, _ in tuple(self._asked.values()):
            self.forget(asked)
        self.ask({})
