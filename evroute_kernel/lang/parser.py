"""Script text to nodes, with every syntax error of the text.

lark has turned grammar.lark into LALR tables (`grammar`); `recovery.Run` drives them over the tokens, because a parser
that repairs what it reads must hold its own stack.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import language, nodes
from evroute_kernel.lang.files import ScriptFiles
from evroute_kernel.lang.lexer import Lexer as ScriptLexer
from evroute_kernel.lang.lexer import Token
from evroute_kernel.lang.placement import cell_errors, misplaced
from evroute_kernel.lang.preprocess import expand
from evroute_kernel.lang.recovery import Run
from evroute_kernel.lang.tables import tables
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source


def parse(
    source: Source,
    *,
    version: ServerVersion,
    scratch: bool = False,
    base: Path | None = None,
    files: ScriptFiles | None = None,
) -> tuple[nodes.Script, list[Diagnostic]]:
    """The script of a text and all its syntax errors, in the order of the text; never raises for bad text.

    What an error spoils is left out of the script. With `scratch` the text is a notebook cell: statements may stand
    between the top-level items, and an expression without `;` may come last (`Script.scratch` ends with a Display).
    `base` is the folder of relative include_file paths; without it, the folder of `source.path`. `files` reads what is
    included; by default any regular file. `version` is that of the server whose language it is.
    """
    expanded, diagnostics = expand(source, base, files)
    lexer = ScriptLexer(expanded, version)
    lexer.run()
    if lexer.diagnostics:
        from evroute_kernel.lang.mistakes.unclosed import blame

        blame(lexer)
    found, lexical = lexer.tokens, lexer.diagnostics
    end = expanded.span(len(expanded.text), len(expanded.text))
    # an unclosed string, comment or variable swallows the rest, so what is missing at the end is no mistake of its own
    cut = any(d.code.startswith("unclosed") for d in lexical)
    given = [*found, Token("$END", "", end)]
    run = Run(tables("cell" if scratch else "script"), given, language.of(version), scratch=scratch, cut=cut)
    items, display = run.parse() or (run.finished(), None)
    script = _script(source, items, display, lexer.stretches(), run.deepest)
    diagnostics += lexical + run.diagnostics
    if any(token.type == "BREAK" for token in found):
        diagnostics += misplaced(script)
    if scratch:
        diagnostics += cell_errors(items, display)
    diagnostics.sort(key=lambda d: _order(d, source))
    return script, diagnostics


def _order(diagnostic: Diagnostic, source: Source) -> tuple[int, int]:
    span = diagnostic.span
    assert span is not None
    return (0 if span.source is source else 1), span.start


def _script(
    source: Source, items: list[Any], display: nodes.Expression | None, strays: nodes.Stretches, depth: int
) -> nodes.Script:
    top: list[nodes.TopLevel] = []
    scratch: list[nodes.Statement | nodes.Display] = []
    for item in items:
        if isinstance(item, (nodes.Route, nodes.Global, nodes.LoadModule, nodes.ModParam)):
            top.append(item)
        elif type(item) is not Token:  # a token is an empty statement, or one that was skipped
            scratch.append(item)
    if display is not None:
        scratch.append(nodes.Display(display, span=display.span))
    return nodes.Script(tuple(top), tuple(scratch), strays, depth, span=source.span(0, len(source.text)))
