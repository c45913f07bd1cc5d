"""What events can come to that run at once: a table of outcomes, and of each race its shortest order, with a column for
each event. For front ends without HTML it is text."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.results.visible import visible
from evroute_kernel.kernel.display.sources import in_colour

if TYPE_CHECKING:
    from evroute_kernel.engine.results.races import Outcome, RaceResult, RaceStep

#: races whose orders are shown; of more only what they come to
SHOWN: Final = 6

_TABLE: Final = "border-collapse: collapse; margin: 0.3em 0 0.8em 0"
_HEAD: Final = (
    "text-align: left; padding: 0.15em 1em 0.15em 0.5em; border-bottom: 1px solid var(--jp-border-color2, currentColor)"
)
_CELL: Final = (
    "text-align: left; vertical-align: top; white-space: pre-wrap; padding: 0.1em 1em 0.1em 0.5em;"
    " font-family: var(--jp-code-font-family, monospace)"
)
_LINE: Final = "opacity: 0.7; padding-right: 0.6em"
_DOES: Final = "font-style: italic; padding-left: 2.2em; font-family: var(--jp-ui-font-family, sans-serif)"
#: seen on white and on black, and text on it can be read in the colours of both
_TINT: Final = "background: rgba(224, 144, 0, 0.22); padding: 0 0.3em"


def bundle(result: RaceResult) -> dict[str, str]:
    """As text/plain and text/html."""
    return {"text/plain": visible_lines(result.text()), "text/html": "".join(_html(result))}


def visible_lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))


def _html(result: RaceResult) -> Iterator[str]:
    word, colon, rest = result.verdict.partition(":")
    yield f'<div style="margin-bottom: 0.5em"><b>{escape(word)}</b>{_text(colon + rest)}</div>'
    is_told = len(result.outcomes) > 1 or bool(result.races)
    for outcome in result.outcomes if is_told else ():
        yield from _outcome(result, outcome, result.races.index(outcome) < SHOWN if outcome.is_race else False)
    yield f'<div style="opacity: 0.8">{_text(result.tried)}</div>'


def _outcome(result: RaceResult, outcome: Outcome, is_shown: bool) -> Iterator[str]:
    title = _text(result.title(outcome))
    yield f'<div><span style="{_TINT}">{title}</span></div>' if outcome.is_race else f"<div>{title}</div>"
    effects = "".join(f"<li>{_text(line)}</li>" for line in result.effects(outcome))
    yield f'<ul style="margin: 0.2em 0 0.4em 1.5em">{effects}</ul>' if effects else ""
    if is_shown:
        yield _schedule(result, outcome)


def _schedule(result: RaceResult, outcome: Outcome) -> str:
    """Time goes from top to bottom."""
    head = "".join(f'<th scope="col" style="{_HEAD}">{_text(name)}</th>' for name in result.events)
    caption = '<caption style="text-align: left; font-style: italic">the shortest order, from top to bottom</caption>'
    body = "".join(_row(step, len(result.events)) for step in outcome.steps)
    return f'<table style="{_TABLE}">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(step: RaceStep, columns: int) -> str:
    line = f'<span style="{_LINE}">{step.line}</span>' if step.line else ""
    what = f'{line}{in_colour(step.text)}<div style="{_DOES}">{_text(step.words)}</div>'
    cells = (what if number == step.event else "" for number in range(columns))
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _text(text: str) -> str:
    return escape(visible(text))
