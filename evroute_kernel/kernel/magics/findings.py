"""What is wrong, or reads otherwise than it runs, in scripts that load: the lints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from evroute_kernel.errors import Diagnostic, leading, shortened
from evroute_kernel.kernel.cell.cells import blanked, cut
from evroute_kernel.kernel.display.formats import MOST_ROWS, Table
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.runtime.values import decode
from evroute_kernel.source import Source, Span

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session
    from evroute_kernel.engine.state.registry import Definition
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.cell.cells import MagicLine
    from evroute_kernel.lang.checks.standing import Line, Report


@magic("check", "[--report]", body="script")
async def check(cell: Cell, arguments: Arguments) -> None:
    """Say what a server would keep silent about the routes that are loaded: wrong parameter names, precedence, ...

    `%%check` does so for the rest of its cell instead, errors included, and runs nothing of it. Each finding has a
    code; docs/lints.md explains them all.

    --report  say instead what of it really runs here: of each line what is simulated, what is stubbed and how the stub
              answers, and what needs a SIP message; with totals
    """
    line, session = arguments.line, cell.session
    if "report" in arguments.flags:
        report = await cell.compute(lambda: _report(session, line))
        cell.outlet.display(_lines(report).bundle())
        return
    if line.body is None:
        found = await cell.compute(lambda: findings_of_routes(session))
        nothing = "nothing to remark" if len(session.registry) else "no route is loaded"
    else:
        source = Source(cell.source.name, script_of(line))
        found = await cell.compute(lambda: session.check(source, owner=cell.owner))
        nothing = "nothing to remark"
    cell.outlet.display(table(found, nothing).bundle())


def _report(session: Session, line: MagicLine) -> Report:
    from evroute_kernel.lang.checks.standing import joined

    if line.body is not None:
        return session.what_runs(Source(line.source.name, script_of(line)))
    found = []
    for definitions in _by_text(session):
        spans = [d.route.span for d in definitions]
        of_text = session.what_runs(definitions[0].route.source)
        found.append(replace(of_text, names=tuple(n for n in of_text.names if any(within(n.span, s) for s in spans))))
    return joined(found)


def _lines(report: Report) -> Table:
    from evroute_kernel.lang.checks.standing import WORDS

    def row(line: Line) -> tuple[str | None, ...]:
        names = shortened(decode(", ".join(map(str, line.names))))
        return f"{line.source.name}:{line.number}", WORDS[line.how], names

    others = "evroute check --report FILE shows all of a file"
    return Table(("where", "here", report.summary), list(report.lines()), report.summary, others, cells=row)


def script_of(line: MagicLine) -> str:
    """The script in the body of a `%%` magic, with the places that it has in the cell; magic lines are left out."""
    text = line.source.text
    body = cut(Source(line.source.name, text[line.body_offset :])).script
    return blanked(text[: line.body_offset], [line.source.span(0, line.body_offset)]) + body


def table(found: Sequence[Diagnostic], nothing: str) -> Table:
    """The findings; of very many the errors first of all."""
    shown = leading(found, MOST_ROWS)
    chosen = set(map(id, shown))
    rest = [d for d in found if id(d) not in chosen]
    others = "evroute check FILE shows all of a file"
    return Table(("where", "", "finding", "instead", "code"), [*shown, *rest], nothing, others, cells=_row)


def _row(d: Diagnostic) -> tuple[str | None, ...]:
    return d.place or None, d.severity, shortened(d.message), d.hint and shortened(d.hint), d.code


def findings_of_routes(session: Session) -> list[Diagnostic]:
    """The findings about all routes that are defined now, text after text."""
    found: list[Diagnostic] = []
    for definitions in _by_text(session):
        source, spans = definitions[0].route.source, [d.route.span for d in definitions]
        of_text = session.check(source, owner=definitions[0].owner)
        # other routes of the text have been replaced or forgotten since
        found += [d for d in of_text if d.span is not None and any(within(d.span, span) for span in spans)]
    return found


def _by_text(session: Session) -> Iterable[list[Definition]]:
    texts: dict[tuple[int, str | None], list[Definition]] = {}
    for definition in session.registry:
        texts.setdefault((id(definition.route.source), definition.owner), []).append(definition)
    return texts.values()


def within(inner: Span, outer: Span) -> bool:
    return inner.source is outer.source and outer.start <= inner.start <= outer.end
