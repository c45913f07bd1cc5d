"""`%race`: what events come to that run at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evroute_kernel.assist.offers import Candidate
from evroute_kernel.engine.events.params import ParameterError, UnknownEventError
from evroute_kernel.engine.events.race_line import USAGE, RaceRequest, parse_race
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import CellFailure, Interrupted, failure
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.kernel.magics.raising import library_of, located

if TYPE_CHECKING:
    from evroute_kernel.assist.pages import Page
    from evroute_kernel.engine.racing.racing import Racing
    from evroute_kernel.engine.results.races import RaceResult
    from evroute_kernel.engine.session.session import Session
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.questions.asked import Asked


def read_race(line: MagicLine) -> RaceRequest:
    """Read `%race`; raises ArgumentError."""
    return parse_race(line.text.rstrip("\r"), line.source, line.offset)


def _event(asked: Asked, words: Sequence[str]) -> str:
    """The event that the words before a place have named last."""
    known = {candidate.text for candidate in asked.events()}
    return next((word for word in reversed(words) if word in known), words[0] if words else "")


def _behind(asked: Asked) -> Iterator[Candidate]:
    """Parameters of the event that was named last, and the events that can be the next."""
    for param in asked.params_of(_event(asked, asked.given)):
        yield Candidate(f"{param.text}=", param.kind, param.signature)
    yield from asked.events()


def _described(asked: Asked, before: str) -> list[Page]:
    from evroute_kernel.assist import describing

    words = before.split()
    page = describing.param(_event(asked, words), asked.word, asked.defined) if words else None
    return [page] if page else []


@magic(
    "race",
    USAGE,
    read=read_race,
    offers=Offers(
        words={"EVENT": lambda asked: asked.events()},
        behind=_behind,
        values=lambda asked, key: asked.param_values(_event(asked, asked.given), key),
    ),
    describes=_described,
)
async def race(cell: Cell, given: RaceRequest) -> None:
    """Run two or three events at once, in every order that can make a difference, and show what comes of it.

    Each event is written as for %raise: `%race E_A ip=192.0.2.1 E_B ip=192.0.2.1`. The next one begins with a word that
    looks like an event of a server (`E_...`, without quotes), or behind `--`.

    The events run in different processes, and go on in turn: a server lets others in before each access to what
    processes share ($shv, cache, locks, queues, statistics, databases). `$shv(n) += 1` is a read and a write there.
    Orders that differ only in how independent accesses lie between each other are tried once. An outcome to which the
    events come in no order one after the other is a race; its shortest order stands below it, with a column for each
    event. Locks (get_static_lock and its kin), cache_add and other functions that do their work at once make it pass.

    The notebook itself is left alone: they run in a session that is made for it, with the script of all cells, `$shv`,
    the cache and databases as they are now, nothing in `$var`, a clock that stands, and nothing that goes out.

    --check      make a test of it: fail the cell where there is a race, where an event fails (or waits for ever) with
                 no other in between, and where not all that matters was tried
    --sample     fill in the parameters that are not given, as %raise does
    --limit N    try no more than N orders (1000), but all those one after the other; what was left out is said
    --seconds S  try for no longer than S seconds (30)

    In Python: `session.race(...)`; in tests `session.assert_no_race(...)`, which fails where there is a race.
    """
    await cell.settle()
    racing = _racing(cell, given)
    try:
        result = await cell.compute(racing.run)
    except Interrupted:
        racing.stop()
        raise
    from evroute_kernel.kernel.display.races import bundle

    cell.outlet.display(bundle(result))
    if "check" in given.options and not result.ok:
        raise failure("RaceCheckFailed", result.verdict, given.span, _advice(result))


def _advice(result: RaceResult) -> str | None:
    """What to do where the search has ended early."""
    return None if result.stopped is None else f"{result.tried}; --limit N and --seconds S let it go on"


def _racing(cell: Cell, given: RaceRequest) -> Racing[Session]:
    from evroute_kernel.engine.racing import racing

    events = given.filled_in(library_of(cell), cell.session.declared_events)
    for (event, params), (_, span) in zip(events, given.events, strict=True):
        try:
            racing.given_event(cell.session, event, params)
        except UnknownEventError as error:
            raise CellFailure("UnknownEvent", located(error, span)) from error
        except ParameterError as error:
            raise CellFailure("MagicError", located(error, span)) from error
    return racing.prepare(cell.session, events, **given.limits)
