"""What is known at one place of a script while it is checked, and the checks of variables and formats."""

from __future__ import annotations

from collections.abc import Sequence

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes
from evroute_kernel.lang.environment import Environment
from evroute_kernel.library.template import TemplateError, VariableSpec, parse_format, parse_variable
from evroute_kernel.source import Span

#: kinds of route in scripts -> as declarations name them
_KINDS = {"route": "request"}


class Scope:
    """Collects what is found; follows `loadmodule` and `modparam` as they come in the text."""

    def __init__(self, environment: Environment, script: nodes.Script) -> None:
        self.environment = environment
        self.script = script
        self.found: list[Diagnostic] = []
        self.modules: set[str] = {"core", *environment.modules}
        self.modparams: dict[tuple[str, str], list[int | str]] = {k: list(v) for k, v in environment.modparams.items()}
        self.loaded_here: set[str] = set()
        self.word = "route"
        self.kind = "request"

    def enter(self, word: str) -> None:
        """Begin a body: `word` is the one that introduces it, "event_route"."""
        self.word = word
        self.kind = _KINDS.get(word, word.removesuffix("_route"))

    def error(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self.found.append(Diagnostic("error", code, message, span, hint))

    def set_parameter(self, module: str, name: str, value: int | str) -> None:
        self.modparams.setdefault((module, name), []).append(value)

    # -- variables and formats -----------------------------------------------------------------------------------------

    def variable(self, node: nodes.Variable) -> VariableSpec | None:
        """The variable of a token, after reporting what is wrong with it; None when it is none."""
        try:
            spec = parse_variable(node.text)
        except TemplateError as error:
            self.error(error.code, error.message, _variable_part(node, error.start, error.end), error.hint)
            return None
        return spec if self.available(spec, node.span) else None

    def format(self, node: nodes.String) -> tuple[str | VariableSpec, ...] | None:
        """The pieces of a format string; None when it is wrong, which is reported."""
        if "$" not in node.value:
            return (node.value,)
        try:
            pieces = parse_format(node.value)
        except TemplateError as error:
            self.error(error.code, error.message, node.part(error.start, error.end), error.hint)
            return None
        return pieces if self._format_available(node, pieces) else None

    def _format_available(self, node: nodes.String, pieces: Sequence[str | VariableSpec]) -> bool:
        fine = True
        for piece in pieces:
            if isinstance(piece, VariableSpec):
                start = max(node.value.find(piece.text), 0)
                fine = self.available(piece, node.part(start, start + len(piece.text))) and fine
        return fine

    def available(self, spec: VariableSpec, span: Span) -> bool:
        """Whether the modules of a variable, of those inside it, and of its transformations are loaded."""
        for part in (spec, *spec.parts()):
            needed = [(f"${part.declaration.name}", part.declaration.module)]
            needed += [(f"{{{step.full_name}}}", step.module) for step, _ in part.transformations]
            for name, module in needed:
                if module not in self.modules:
                    self.not_loaded("unknown-variable", name, module, span)
                    return False
        return True

    def not_loaded(self, code: str, what: str, module: str, span: Span) -> None:
        hint = f'write loadmodule "{module}.so" before it'
        self.error(code, f"{what} belongs to module {module}, which is not loaded", span, hint)


def _variable_part(node: nodes.Variable, start: int, end: int) -> Span:
    """The place of some bytes of a variable token; the whole token where bytes are no characters."""
    span = node.span
    if len(node.text) != span.end - span.start:
        return span
    start = min(start, len(node.text) - 1)
    return Span(span.source, span.start + start, span.start + max(start + 1, min(end, len(node.text))))
