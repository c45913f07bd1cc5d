"""What routes have logged: one record for each line, and all of them together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from typing import Final, SupportsIndex, overload

from evroute_kernel.engine.events.given import GivenError, kind_of
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

#: lines of a log that a failed expectation shows
LINES: Final = 20
#: control characters but line end and tab -> how a script writes them; a terminal would obey them
_SHOWN: Final = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)] if chr(code) not in "\n\t"}


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line that a route logged, or one message of the runtime itself (`diagnostic`).

    `level` is a name such as "NOTICE"; `text` is exactly what was printed, with its newline if it had one; `process`
    is the worker's number; `route` a title such as "event_route[E_X]" (the block that logged, which may be a called
    one); `span` the statement; `time` in seconds of the epoch; `manner` is "notified" in a route that notify_on_event()
    has subscribed, "resumed" in one that goes on after async(), and else empty.
    """

    level: str
    text: str
    diagnostic: bool
    event: str
    route: str
    process: int
    span: Span | None = field(repr=False)
    time: float
    manner: str = ""
    #: of a node of a notebook: its name
    node: str = ""


class LogExpectationError(AssertionError):
    """A log does not hold what was expected of it, or holds what should not be there."""


class Log(tuple[LogRecord, ...]):
    """Records in order: a tuple of them, which equals a list of the same records too.

    log.text              # what was printed, and nothing else: the same in every run, for snapshots
    "block 1" in log      # whether it was printed, or remarked by the runtime
    log.expect("block 1", absent="error")
    """

    __slots__ = ()

    @property
    def text(self) -> str:
        """All that routes have printed, as they printed it; what the runtime remarks is left out."""
        return "".join(record.text for record in self if not record.diagnostic)

    @property
    def lines(self) -> list[str]:
        """The lines of `text`, without line ends."""
        return self.text.splitlines()

    @property
    def remarks(self) -> list[str]:
        """What the runtime itself had to say."""
        return [record.text for record in self if record.diagnostic]

    def expect(
        self, *texts: str | re.Pattern[str], absent: str | re.Pattern[str] | Iterable[str | re.Pattern[str]] = ()
    ) -> None:
        """Fail unless the log holds each of the texts, and none of the absent ones.

        A compiled pattern is searched for. Remarks of the runtime count too, as lines of their own. Raises
        LogExpectationError, an AssertionError that shows the log; GivenError for what is neither text nor pattern, and
        where nothing is expected.
        """
        unwanted = [absent] if isinstance(absent, str | re.Pattern) else list(absent)
        if not texts and not unwanted:
            raise GivenError("nothing is expected of the log", 'name a text, or absent="text"')
        for text in (*texts, *unwanted):
            _check_sought(text)
        faults = [f"does not hold {_written(text)}" for text in texts if not self._holds(text)]
        faults += [f"holds {_written(text)}" for text in unwanted if self._holds(text)]
        if faults:
            raise LogExpectationError("\n".join([f"the log {' and '.join(faults)}", *self.excerpt()]))

    def excerpt(self, most: int = LINES) -> list[str]:
        """The last lines of `shown`, with a line before them that says what they are."""
        lines = self.shown()
        if not lines:
            return ["nothing was logged"]
        if len(lines) > most:
            return [f"its last {most} lines of {len(lines):,}:", *lines[-most:]]
        return ["it is:", *lines]

    def shown(self) -> list[str]:
        """Each line with its level and the route that logged it, for people."""
        return [line for record in self for line in _lines(record)]

    def _holds(self, text: str | re.Pattern[str]) -> bool:
        whole = "".join(record.text + "\n" * record.diagnostic for record in self)
        return text in whole if isinstance(text, str) else text.search(whole) is not None

    def __contains__(self, sought: object) -> bool:
        return self._holds(sought) if isinstance(sought, str | re.Pattern) else super().__contains__(sought)

    def __eq__(self, other: object) -> bool:
        return super().__eq__(tuple(other) if isinstance(other, list) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    @overload
    def __getitem__(self, index: SupportsIndex) -> LogRecord: ...
    @overload
    def __getitem__(self, index: slice) -> Log: ...
    def __getitem__(self, index: SupportsIndex | slice) -> LogRecord | Log:
        return Log(super().__getitem__(index)) if isinstance(index, slice) else super().__getitem__(index)


def _check_sought(text: object) -> None:
    if isinstance(text, re.Pattern) and not isinstance(text.pattern, str):
        raise GivenError("a log is text: a pattern of bytes finds nothing in it", "leave the b before it out")
    if not isinstance(text, str | re.Pattern):
        raise GivenError(f"what a log is to hold is a text or a compiled pattern, not {kind_of(text)}")


def _written(text: str | re.Pattern[str]) -> str:
    return repr(text) if isinstance(text, str) else f"a match for {text.pattern!r}"


def _lines(record: LogRecord) -> Iterator[str]:
    place = record.route or "the runtime"
    lines: Sequence[str] = record.text.translate(_SHOWN).splitlines() or [""]
    yield f"{record.level:<7} {place}: {'(remark) ' * record.diagnostic}{lines[0]}"
    yield from (f"        {line}" for line in lines[1:])
