"""Recording events, and replaying recorded ones: `%record` and `%replay`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.assist.offers import Candidate
from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import ScriptError, did_you_mean
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import CellFailure
from evroute_kernel.kernel.cell.output import STDERR, PassingOutput
from evroute_kernel.kernel.display.formats import Table
from evroute_kernel.kernel.display.progress import RunningProgress
from evroute_kernel.kernel.magics.arguments import Arguments, Signature, Word, parse_arguments
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.library import table
from evroute_kernel.library.catalogue.declared import known_event
from evroute_kernel.records import dataclass

if TYPE_CHECKING:
    from evroute_kernel.engine.replay.recorder import Recorder
    from evroute_kernel.engine.replay.replaying import Replaying
    from evroute_kernel.engine.replay.writing import Mode
    from evroute_kernel.engine.results.replays import ReplayResult
    from evroute_kernel.kernel.cell.cell import Cell

STOP: Final = "stop"

# -- %record ----------------------------------------------------------------------------------------------------------


@magic(
    "record",
    "[FILE] [EVENT...] [--append] [--force]",
    offers=Offers(words={"FILE": lambda asked: [Candidate("stop", "keyword"), *asked.recordings()]}),
)
async def record(cell: Cell, arguments: Arguments) -> None:
    """Write every event to a file from here on, or only those named: as JSON lines, which `%replay` reads.

        %record calls.jsonl.gz E_CALL_START E_CALL_END
        %record stop

    Also events are written that routes raise, and those that nobody handles. In a replay routes raise theirs once more:
    name the events that come from outside here, or replay those alone with `--only`. A name that ends in .gz makes a
    compressed file. `%record` alone tells what is being recorded, `%record stop` ends it; so does the kernel's end, but
    not `%reset`. When the disk is full, that is said here at once, with the number of events that are in the file.

    --append  go on writing behind what the file holds already
    --force   replace a file that exists
    """
    if arguments.first is None:
        await cell.settle()
        tell_recordings(cell, cell.session.recordings if cell.notebook.has_session else [])
    elif arguments.first.text == STOP:
        await stop_recording(cell, arguments)
    else:
        await start_recording(cell, arguments, arguments.first)


async def start_recording(cell: Cell, arguments: Arguments, word: Word) -> None:
    append, force = "append" in arguments.flags, "force" in arguments.flags
    if append and force:
        raise ArgumentError("--append keeps what the file holds, --force replaces it: which of them?", word.span)
    path = word.path
    if any(known.path == path for known in cell.session.recordings):
        raise ArgumentError(f"{path.name} is being recorded already", word.span, "%record stop ends it")
    events = [name for each in arguments.words[1:] for name in each.text.split(",") if name] or None
    mode: Mode = "append" if append else "replace" if force else "new"
    try:
        origin = PassingOutput(cell.outlet)  # where it is told when the disk is full
        await cell.compute(lambda: cell.session.record(path, events, mode=mode, origin=origin), grace=0)
    except FileExistsError:
        hint = "write --force to replace it, or --append to go on behind its end"
        raise ArgumentError(f"{path} exists", word.span, hint) from None
    except OSError as error:
        raise ArgumentError(f"cannot write {path}: {(error.strerror or str(error)).lower()}", word.span) from error
    what = ", ".join(events) if events else "every event"
    cell.outlet.write(f"{path.name}: recording {what}\n")
    cell.note([*unknown(cell, events or [])])


def unknown(cell: Cell, events: list[str]) -> Iterator[str]:
    """Remarks on events that nobody knows so far; a later cell may define them."""
    session, catalogue = cell.session, table.of(cell.session.version).events
    handled = session.events()
    for name in events:
        if name not in handled and known_event(name, session.declared_events, catalogue) is None:
            near = did_you_mean(name, [*handled, *session.declared_events]) or did_you_mean(name, catalogue)
            yield f"no event {name} is known so far" + (f"; {near}" if near else "")


async def stop_recording(cell: Cell, arguments: Arguments) -> None:
    if len(arguments.words) > 1 or arguments.flags:
        raise ArgumentError("%record stop takes nothing more: it ends all recordings", arguments.line.span)
    await cell.settle()
    recordings = cell.session.recordings if cell.notebook.has_session else []
    if not recordings:
        raise ArgumentError("nothing is being recorded", arguments.words[0].span, "%record FILE begins")
    for recorder in recordings:
        await cell.compute(recorder.close)
        cell.session.detach(recorder)
        cell.outlet.write(f"{recorder.path.name}: {written(recorder)} recorded\n")
        tell_losses(cell, recorder)


def tell_recordings(cell: Cell, recordings: list[Recorder]) -> None:
    rows = [
        (str(r.path), ", ".join(r.events or ["every event"]), r.written, r.dropped + r.lost, r.fault or "ok")
        for r in recordings
    ]
    headings = ("file", "events", "written", "lost", "state")
    cell.outlet.display(Table(headings, rows, "nothing is being recorded").bundle())


def tell_losses(cell: Cell, recorder: Recorder) -> None:
    if recorder.fault is not None:
        cell.outlet.write(f"{recorder.stop_notice}\n", STDERR)
    if recorder.dropped:
        cell.outlet.write(
            f"{recorder.dropped} events were dropped: they came faster than they could be written\n", STDERR
        )


def written(recorder: Recorder) -> str:
    return "1 event" if recorder.written == 1 else f"{recorder.written} events"


# -- %replay ----------------------------------------------------------------------------------------------------------

REPLAY: Final = (
    "[FILE] [--speed max|FACTORx] [--workers N] [--limit N] [--only EVENT,EVENT] [--log all|errors|none|N] "
    "[--format json|text|csv] [--event EVENT] [--timeout S] [--stats]"
)
_SPEED: Final = re.compile(r"(?P<factor>[0-9]+(?:\.[0-9]+)?)x?")


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """A `%replay` line, or `%%replay` with its body, understood."""

    line: MagicLine
    file: Word | None
    options: dict[str, Any]
    stats: bool

    @property
    def title(self) -> str:
        return Path(self.file.text).name if self.file else "replay"


def read_replay(line: MagicLine) -> ReplayRequest:
    """Read `%replay` or `%%replay`; raises ArgumentError."""
    arguments = parse_arguments(line, Signature.of(REPLAY), f"%replay {REPLAY}")
    file, flags = arguments.first, arguments.flags
    if line.body is not None and file is not None:
        raise ArgumentError("%%replay takes the events from the lines below", file.span)
    if line.body is None and file is None:
        raise ArgumentError("which file?", line.name_span, "%%replay reads events from the lines below it")
    options: dict[str, Any] = {}
    for name, read in _OPTIONS.items():
        if (word := flags.get(name)) is not None:
            options[name] = read(word)
    return ReplayRequest(line, file, options, "stats" in flags)


def _speed(word: Word) -> float | None:
    if word.text == "max":
        return None
    found = _SPEED.fullmatch(word.text)
    if found is None or not float(found["factor"]):
        raise ArgumentError(f"expected max, or a factor such as 10x, not {word.text!r}", word.span)
    return float(found["factor"])


def _log(word: Word) -> str | int:
    return word.whole(0, "a number of records") if word.text.isdigit() else word.choice(("all", "errors", "none"))


def _names(word: Word) -> list[str]:
    names = [name for name in word.text.split(",") if name]
    if not names:
        raise ArgumentError("expected names of events, with commas between them", word.span)
    return names


_OPTIONS: Final[dict[str, Callable[[Word], Any]]] = {
    "speed": _speed,
    "workers": lambda word: word.whole(1, "a number of workers"),
    "limit": lambda word: word.whole(1, "a number of events"),
    "only": _names,
    "log": _log,
    "format": lambda word: word.choice(("json", "text", "csv")),
    "event": lambda word: word.text,
    "timeout": lambda word: word.number(0.001, "a number of seconds"),
}


@magic("replay", REPLAY, read=read_replay, body="text", offers=Offers(words={"FILE": lambda asked: asked.recordings()}))
async def replay(cell: Cell, given: ReplayRequest) -> None:
    """Raise the events of a file, as fast as the workers can, and wait for all that they lead to.

    `%%replay` takes the events from the lines below it. Read are: JSON lines, as `%record` writes them; the JSON-RPC
    notifications of OpenSIPS 3.x; the `name::value` text of 2.x; flatstore's CSV, with names from a first line
    `event,name,name` (`#name,name` without the event) or else from the catalogue; all of them also as .gz. Lines that
    hold no event are told by number, and passed over. With more than one worker events overtake each other.

    --speed 10x      keep the recorded pace, ten times as fast; 1x is as it was. The default is max
    --workers N      how many workers run events at once; with 1 they keep their order
    --limit N        stop after N events
    --only E_X,E_Y   leave out events of other names
    --log errors     show only WARNING and worse; none: no log; N: the first N records. The default is all
    --format csv     the format, where it is not recognised
    --event E_X      the name of the events of a CSV file that does not hold it
    --timeout S      end an event's routes after S seconds, what they raise included
    --stats          show the rate, and how long events took

    The cell fails when a route fails; the failures are listed by line.
    """
    progress = RunningProgress(cell.outlet, given.title)
    future = await start_replay(cell, given, progress)
    try:
        result = await cell.wait(future)
    except ScriptError as error:
        progress.end(_plain_bundle(f"{given.title}: not replayed to its end"))
        raise CellFailure("ReplayError", error.diagnostics) from error
    except OSError as error:
        progress.end(_plain_bundle(f"{given.title}: not replayed to its end"))
        raise ArgumentError(_reason(error, given.title), given.line.span) from error
    finally:
        ended = _result_of(future)
        progress.end(summary(given, ended) if ended is not None else _plain_bundle(f"{given.title}: stopped"))
    if not result.events and not result.broken and not result.unhandled:
        why = "--only has left out every event" if result.filtered else "it holds no event"
        cell.outlet.write(f"{given.title}: {why}\n", STDERR)
    cell.check_run(result, given.line.span)  # type: ignore[arg-type]


async def start_replay(cell: Cell, given: ReplayRequest, progress: RunningProgress) -> Future[ReplayResult]:
    """Open the file and begin. Raises ArgumentError for a file that cannot be replayed."""

    def on_start(replaying: Replaying) -> None:
        # before the first event, so that its log comes below the bar
        progress.start(lambda: (replaying.events, replaying.fraction))

    from evroute_kernel.engine.replay.formats import UnknownFormatError

    word = given.file
    recorded: Any = word.path if word is not None else (given.line.body or "").splitlines()
    work = partial(cell.session.start_replay, recorded, origin=cell.outlet, on_start=on_start, **given.options)
    span = word.span if word is not None else given.line.span
    try:
        return (await cell.compute(work)).future
    except UnknownFormatError as error:
        raise ArgumentError(str(error), span, "--format says which") from None
    except OSError as error:
        raise ArgumentError(_reason(error, str(recorded)), span) from error
    except ValueError as error:
        raise ArgumentError(str(error), given.line.span) from None


def _reason(error: OSError, name: str) -> str:
    return f"cannot read {name}: {(error.strerror or str(error)).lower()}"


def _result_of(future: Future[ReplayResult]) -> ReplayResult | None:
    """The result, if the replay has ended and has one; when the user stops the cell it may come a little later."""
    return future.result() if future.done() and future.exception() is None else None


def summary(given: ReplayRequest, result: ReplayResult) -> dict[str, str]:
    """What became of a replay: a line, and a table of what went wrong."""
    from evroute_kernel.engine.replay.summary import details, headline, timing

    lines = [f"{given.title}: {headline(result)}", *([timing(result)] if given.stats else [])]
    text, html = "\n".join(lines), "".join(f"<div>{escape(line)}</div>" for line in lines)
    if rows := details(result):
        table = Table(("where", "what", "why"), rows).bundle()
        text, html = f"{text}\n{table['text/plain']}", html + table["text/html"]
    return {"text/plain": text, "text/html": html}


def _plain_bundle(text: str) -> dict[str, str]:
    return {"text/plain": text, "text/html": f"<div>{escape(text)}</div>"}
