"""Traces runs: each statement as it begins, and what came of it, told at once: a worker that is killed has told it.

What is told (`WatchTold.data`) is one of these; `step` is the number of a statement that was run, from 0 in a worker:

    ("step", step, depth, slot, statement, seconds)     it begins, by the clock of the session; depth: of its block,
                                                        from 0
    ("set", step, kind, name, value)                    it has changed a variable: $var, $shv and $json have one value,
                                                        None for null, $avp all of them, the newest first
    ("log", step, level, text, is_diagnostic)
    ("raise", step, event, params)
    ("call", step, kind, name)                          a route was called
    ("code", step, code)                                `$rc` after it, where that has changed
    ("fail", step, text)                                it has ended the run, which has failed
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from evroute_kernel.library.formats import json_text
from evroute_kernel.library.variables.script import SHARED_TABLE
from evroute_kernel.runtime.context import Context, Params, Process, Record
from evroute_kernel.runtime.control import EndScript, ScriptCrash
from evroute_kernel.runtime.values import Value, stored
from evroute_kernel.runtime.watching.hook import Frame, Watcher

#: bytes of a value, and values of an AVP, that are told
VALUE_LIMIT: Final = 2**12
VALUES: Final = 20
#: no statement is traced in this block
_NONE: Final = -1

_FAILURES: Final[Mapping[type[BaseException], str]] = {
    RecursionError: "the script nests too deeply to be run",
    MemoryError: "it needs more memory than a worker may take",
}

#: a variable: its kind, and its name
Name = tuple[str, str]


class Tracing(Watcher):
    """`names`: the events and routes (by name, or as `route[NAME]`) that are traced, with all that they call and, in
    4.0, what runs inside of them; all if there are none."""

    def __init__(self, process: Process, tell: Callable[[Any], None], names: tuple[str, ...]) -> None:
        self._process = process
        self._tell = tell
        self._names = frozenset(names)
        self._count = 0
        #: of each running block the step that it is at
        self._steps: list[int] = []
        #: and whether it is traced
        self._traced: list[bool] = []
        #: what was in the variables when that was looked at last, and in the AVPs of which run
        self._seen: dict[Name, Any] = {}
        self._context: Context | None = None
        #: what has ended the run
        self._failure: BaseException | None = None

    def enters(self, frame: Frame) -> None:
        self._look()
        depth, route = frame.depth, frame.route
        is_traced = self._wants(frame) or (depth > 0 and self._traced[depth - 1])
        self._steps[depth:], self._traced[depth:] = [_NONE], [is_traced]
        caller = self._steps[depth - 1] if depth else _NONE
        if caller != _NONE and not frame.is_top:
            self._tell(("call", caller, route.kind, route.name))
        if frame.context is not self._context:
            self._seen, self._context = dict(self._values(frame.context)), frame.context

    def _wants(self, frame: Frame) -> bool:
        names, route = self._names, frame.route
        if not names:
            return True
        if route.name in names or f"{route.kind}[{route.name}]" in names or route.kind in names:
            return True
        return frame.is_top and frame.context.event in names

    def reaches(self, frame: Frame, statement: int) -> None:
        depth = frame.depth
        if not self._traced[depth]:
            return
        self._look()
        step, self._count = self._count, self._count + 1
        self._steps[depth] = step
        self._tell(("step", step, depth, frame.route.slot, statement, self._process.shared.clock.now()))

    def leaves(self, frame: Frame, code: int | None) -> None:
        self._look()
        depth = frame.depth
        if code is None:
            self._tell_failure(sys.exception())
        del self._steps[depth:], self._traced[depth:]
        caller = frame.caller
        if caller is not None and frame.is_top:  # the raiser sees its own AVPs, of which the run inside took some
            self._context = caller.context

    def _tell_failure(self, error: BaseException | None) -> None:
        """Something leaves a block before its end, and mostly those around it."""
        if error is None or error is self._failure or isinstance(error, EndScript):
            return
        self._failure = error
        if (step := self._step) != _NONE:
            text = str(error) if isinstance(error, ScriptCrash) else _FAILURES.get(type(error), "interrupted")
            self._tell(("fail", step, text))

    def settles(self) -> None:
        self._failure = None
        self._context = None
        self._seen = {}

    def logs(self, frame: Frame | None, record: Record) -> None:
        if (step := self._step) != _NONE:
            level, text, is_diagnostic, _ = record
            self._tell(("log", step, level, text[:VALUE_LIMIT], is_diagnostic))

    def raises(self, frame: Frame | None, event: str, params: Params | None) -> None:
        if (step := self._step) != _NONE:
            given = tuple((name, _cut(value)) for name, value in params or ())
            self._tell(("raise", step, event, given))

    @property
    def _step(self) -> int:
        """The step that the innermost block is at."""
        return self._steps[-1] if self._steps else _NONE

    # -- values -------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """What has changed since the last look has been changed by the step that was under way."""
        context, step = self._context, self._step
        if context is None:
            return
        before, self._seen = self._seen, dict(self._values(context))
        if step != _NONE and self._seen != before:
            self._tell_changes(step, before, self._seen)

    def _tell_changes(self, step: int, before: Mapping[Name, Any], now: Mapping[Name, Any]) -> None:
        for key in dict.fromkeys((*before, *now)):
            value = now.get(key)
            if before.get(key) != value:
                kind, name = key
                self._tell(("set", step, kind, name, value) if name or kind != "rc" else ("code", step, value))

    def _values(self, context: Context) -> Iterator[tuple[Name, Any]]:
        process = self._process
        yield ("rc", ""), process.rc
        for name, value in process.var.items():
            if value is not None:
                yield ("var", name), _cut(value)
        for name, values in context.avps.items():
            if values:
                yield ("avp", name), tuple(map(_cut, values[: -VALUES - 1 : -1]))
        for name, value in process.shared.plain.items(SHARED_TABLE):
            yield ("shv", name), _cut(value)
        for name, document in process.json.items():
            yield ("json", name), _text(document)


def _cut(value: Value) -> Value:
    value = stored(value)
    return value[:VALUE_LIMIT] if isinstance(value, str) else value


def _text(document: Any) -> str:
    """A document as `$json` prints it."""
    try:
        return json_text.spaced(document)[:VALUE_LIMIT]
    except RecursionError:
        return "(it contains itself)"
