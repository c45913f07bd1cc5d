"""What came of one event under two versions of the server: two logs, aligned, and in one line how they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from evroute_kernel.engine.comparing.alignment import Pair, aligned
from evroute_kernel.engine.events.params import UnknownEventError
from evroute_kernel.engine.results.runs import Cause, LogRecord, RunError
from evroute_kernel.errors import Diagnostic
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import Value, decode
from evroute_kernel.runtime.versions import ServerVersion

#: level and text of what was logged; of what is no log (a refusal, why a run failed) the level is empty
Line: TypeAlias = tuple[str, str]

#: causes that come from outside, whatever statement is running
_ANYWHERE: Final[frozenset[Cause]] = frozenset({"timed out", "interrupted", "out of memory", "closed"})

#: variables that are named in one line
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Side:
    """An event under one version. `refused`: why the version does not take the definitions; `unheard`: that nothing
    handles the event there; `shared`: `$shv` afterwards, by name."""

    version: ServerVersion
    log: tuple[LogRecord, ...] = ()
    errors: tuple[RunError, ...] = ()
    refused: tuple[Diagnostic, ...] = ()
    unheard: UnknownEventError | None = None
    shared: Mapping[str, Value] | None = None

    @property
    def lines(self) -> list[Line]:
        """Why nothing ran; what was logged; why it did not come to its end."""
        return [*self.refusals, *self.logged, *self.failures]

    @property
    def refusals(self) -> list[Line]:
        """Why the version does not take the definitions, or has nothing to run."""
        unheard = self.unheard.diagnostics if self.unheard else ()
        return [("", str(found)) for found in (*self.refused, *unheard)]

    @property
    def logged(self) -> list[Line]:
        """What was logged, by definitions that are taken."""
        return [] if self.refused else [(record.level, _text(record)) for record in self.log]

    @property
    def failures(self) -> list[Line]:
        """Why it did not come to its end."""
        return [("", _failure(error)) for error in self.errors]

    @property
    def failure(self) -> str:
        """That there is no whole log to compare, and why; empty where there is."""
        if self.refused:
            return f"{self.version} refuses the script"
        if self.unheard is not None:
            return f"nothing handles the event in {self.version}"
        return f"in {self.version} it fails ({self.errors[0].cause})" if self.errors else ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """An event under two versions, the older one first."""

    event: str
    sides: tuple[Side, Side]

    @property
    def pairs(self) -> list[Pair[Line]]:
        """The lines of both sides, what is alike side by side, and no reason beside a line of a log."""
        old, new = self.sides
        return [
            *aligned(old.refusals, new.refusals),
            *aligned(old.logged, new.logged),
            *aligned(old.failures, new.failures),
        ]

    @property
    def shared(self) -> dict[str, tuple[Value, Value]]:
        """The shared variables that are not alike afterwards, by name; nothing where they were not known of both."""
        old, new = (side.shared for side in self.sides)
        if old is None or new is None:
            return {}
        both = {name: (old.get(name), new.get(name)) for name in sorted({*old, *new})}
        return {name: values for name, values in both.items() if values[0] != values[1]}

    @property
    def same(self) -> bool:
        """Whether the event does the same under both versions, as far as log, errors and `$shv` tell."""
        old, new = self.sides
        return old.lines == new.lines and not self.shared

    @property
    def verdict(self) -> str:
        """In one line whether it is the same, or how the versions differ."""
        if not self.same:
            return "differs: " + "; ".join(self._differences())
        failures = [side.failure for side in self.sides if side.failure]
        number = len(self.sides[0].log)
        told = f"{number:,} line{'s' * (number != 1)}" if number else "nothing is logged"
        return f"same: {'; '.join(failures) or f'{told} in both'}"

    def _differences(self) -> Iterator[str]:
        yield from (side.failure for side in self.sides if side.failure)
        if not any(side.refused or side.unheard for side in self.sides):
            yield from _lines_that_differ(self.pairs, [side.version for side in self.sides])
        named = [f"$shv({name})" for name in self.shared]
        if named:
            others = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
            yield f"{', '.join(named[:_NAMED])}{others} afterwards"


def _lines_that_differ(pairs: Sequence[Pair[Line]], versions: Sequence[str]) -> Iterator[str]:
    odd = [pair for pair in pairs if not pair.is_same]
    old = Counter(pair.old for pair in odd if pair.old and pair.old[0])
    new = Counter(pair.new for pair in odd if pair.new and pair.new[0])
    if not old and not new:
        return
    if old == new:
        yield "the same lines in another order"
        return
    told = [(sum(found.values()), version) for found, version in zip((old, new), versions, strict=True)]
    yield ", ".join(f"{n:,} line{'s' * (n != 1)} only in {version}" for n, version in told if n)


def _failure(error: RunError) -> str:
    """Why a run failed, and where, unless it is chance where it was when it was ended."""
    place = None if error.cause in _ANYWHERE else error.span
    return str(replace(error.diagnostic, span=place))


def _text(record: LogRecord) -> str:
    """What a record says; what the runtime itself says with the place it is about."""
    where = f"{record.span.source.name}:{record.span.line}: " if record.diagnostic and record.span else ""
    return where + record.text.removesuffix("\n")


def shared_variables(items: Sequence[tuple[str, Value]]) -> dict[str, Value]:
    """The items of the table of shared variables, as text people read."""
    return {decode(name): decode(value) if isinstance(value, str) else value for name, value in items}
