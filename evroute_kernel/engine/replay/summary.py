"""A replay's result in words. Without times, so that two replays of one file say the same; who asks gets them too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from evroute_kernel.engine.results.replays import ReplayResult

#: what is told one by one
DETAILS: Final = 20

#: where (a line, an event), what (failed, broken, ...), and the particulars
Detail = tuple[str, str, str]


def headline(result: ReplayResult) -> str:
    """One line: how many events were run, failed, and were not."""
    parts = [f"{counted(result.events, 'event')} run", f"{result.failed or 'none'} failed"]
    if unhandled := sum(result.unhandled.values()):
        parts.append(f"{unhandled} not handled")
    if result.filtered:
        parts.append(f"{result.filtered} left out")
    if result.broken:
        parts.append(f"{counted(result.broken, 'broken line')}")
    text = ", ".join(parts)
    if result.ended is not None:
        ended = "stopped" if result.ended == "interrupted" else f"ended early ({result.ended})"
        text += f"; {ended}, all done up to line {result.last_line}"
    return text


def details(result: ReplayResult) -> list[Detail]:
    """What went wrong, and where: failures by cause and by line, events by name, broken lines by number."""
    return [*_failures(result), *_unhandled(result), *_broken(result), *_rest(result)]


def _failures(result: ReplayResult) -> Iterator[Detail]:
    if len(result.causes) > 1 or result.failed > DETAILS:
        for cause, count in sorted(result.causes.items(), key=lambda item: (-item[1], item[0])):
            yield "", "failed", f"{cause}: {count}"
    for failure in result.failures[:DETAILS]:
        yield f"line {failure.line}" if failure.line else "raised by a route", "failed", failure.error.message
    yield from _more("failed", result.failed - min(len(result.failures), DETAILS))


def _unhandled(result: ReplayResult) -> Iterator[Detail]:
    ordered = sorted(result.unhandled.items(), key=lambda item: (-item[1], item[0]))
    for event, count in islice(ordered, DETAILS):
        yield event, "not handled", counted(count, "event")
    yield from _more("not handled", len(ordered) - DETAILS, "names")


def _broken(result: ReplayResult) -> Iterator[Detail]:
    for broken in result.broken_lines[:DETAILS]:
        yield f"line {broken.line}", "broken", broken.reason
    yield from _more("broken", result.broken - min(len(result.broken_lines), DETAILS))


def _rest(result: ReplayResult) -> Iterator[Detail]:
    if result.dropped_events:
        yield "raised by routes", "dropped", f"{counted(result.dropped_events, 'event')}: too many were waiting already"
    if result.unshown:
        yield "log", "not shown", counted(result.unshown, "record")


def _more(what: str, count: int, of: str = "") -> Iterator[Detail]:
    if count > 0:
        yield "...", what, f"{count} more{' ' + of if of else ''}"


def timing(result: ReplayResult) -> str:
    """How long it took: rate, and percentiles of what an event took, all its routes together."""
    each = result.latencies
    text = f"{result.duration:.3f} s, {result.rate:.0f} events a second"
    if len(each):
        marks = ", ".join(f"{percent} % within {in_words(each.percentile(percent))}" for percent in (50, 95, 99))
        text += f"; {marks}, all within {in_words(each.percentile(100))}"
    return text


def in_words(seconds: float) -> str:
    """A short time."""
    if seconds < 0.9995e-3:  # three digits of more would be 1e+03
        return f"{seconds * 1e6:.3g} us"
    return f"{seconds * 1e3:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
