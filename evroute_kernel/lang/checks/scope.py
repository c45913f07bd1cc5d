"""What is known at one place of a script while it is checked, and the checks of variables and formats."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Final

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes
from evroute_kernel.lang.environment import Environment
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import CACHE_SIZE, TemplateError, VariableSpec, parse_format, parse_variable
from evroute_kernel.source import Span
from evroute_kernel.spelling import Words

#: kinds of route in scripts -> as declarations name them
_KINDS = {"route": "request"}
#: words that look like functions and are none; near misses of a wrong name
_COMMANDS: Final = ("xlog", "xdbg", "log", "route", "return", "exit", "drop", "async", "launch", "assert")


class Scope:
    """Collects what is found; follows `loadmodule` and `modparam` as they come in the text."""

    def __init__(self, environment: Environment, script: nodes.Script) -> None:
        self.environment = environment
        self.library = environment.library
        self.script = script
        self.found: list[Diagnostic] = []
        self.whole = environment.whole and loads_modules(script)
        self.modules: set[str] = {"core"} if self.whole else {"core", *environment.modules}
        self.modparams: dict[tuple[str, str], list[int | str]] = {k: list(v) for k, v in environment.modparams.items()}
        self.loaded_here: set[str] = set()
        #: modules that a whole file lacks and needs, told once
        self.lacking: set[str] = set()
        self.word = "route"
        self.kind = "request"
        #: how many modules were loaded then, and the functions
        self._functions: tuple[int, Words] | None = None

    # -- what is named ------------------------------------------------------------------------------------------------

    @cached_property
    def routes_here(self) -> dict[str, nodes.Route]:
        """The blocks of this text that `route()` means, by name."""
        return {r.name: r for r in self._blocks if r.kind == "route"}

    @cached_property
    def kinds_here(self) -> dict[str, str]:
        """Name -> kind of the first block of this name."""
        return {r.name: r.kind for r in reversed(self._blocks)}

    @cached_property
    def callable(self) -> frozenset[str]:
        """Names that `route()` may call, here and in other texts; not 0, the request route."""
        known = {name for kind, name in self.environment.routes if kind == "route"}
        return frozenset(known | {name for name, route in self.routes_here.items() if route.body}) - {"0"}

    @cached_property
    def callable_words(self) -> Words:
        """The same, to look up what a wrong name was meant for."""
        return Words(sorted(self.callable))

    @property
    def function_words(self) -> Words:
        """The functions of modules loaded so far, and words that look like functions."""
        if self._functions is None or self._functions[0] != len(self.modules):
            loaded = [name for name, f in self.library.functions.items() if f.is_in(self.modules) and not f.async_only]
            self._functions = len(self.modules), Words([*loaded, *_COMMANDS])
        return self._functions[1]

    @property
    def _blocks(self) -> list[nodes.Route]:
        return [item for item in self.script.items if isinstance(item, nodes.Route)]

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
            spec = parse_variable(node.text, self.library)
        except TemplateError as error:
            self.error(error.code, error.message, _variable_part(node, error.start, error.end), error.hint)
            return None
        return spec if self.available(spec, node.span) else None

    def format(self, node: nodes.String) -> tuple[str | VariableSpec, ...] | None:
        """The pieces of a format string; None when it is wrong, which is reported: each variable that there is none of,
        and the first other fault."""
        if "$" not in node.value:
            return (node.value,)
        text, fine = node.value, True
        while True:
            try:
                pieces = parse_format(text, self.library)
                break
            except TemplateError as error:
                fine = False
                self.error(error.code, error.message, node.part(error.start, error.end), error.hint)
                if error.code != "unknown-variable":
                    return None
                # the rest is read as if the name were text
                text = text[: error.start] + "_" * (error.end - error.start) + text[error.end :]
        return pieces if self._format_available(node, pieces) and fine else None

    def _format_available(self, node: nodes.String, pieces: Sequence[str | VariableSpec]) -> bool:
        fine = True
        for piece in pieces:
            if isinstance(piece, VariableSpec):
                start = max(node.value.find(piece.text), 0)
                fine = self.available(piece, node.part(start, start + len(piece.text))) and fine
        return fine

    def available(self, spec: VariableSpec, span: Span) -> bool:
        """Whether the modules of a variable, of those inside it, and of its transformations are loaded."""
        for name, module in _needed(spec, self.library):
            if module not in self.modules and not self.not_loaded("unknown-variable", name, module, span):
                return False
        return True

    def not_loaded(self, code: str, what: str, module: str, span: Span) -> bool:
        """Report what belongs to a module that is not loaded. True where that was told before: once is enough for a
        whole file, whose further uses are judged as if it were loaded."""
        if module in self.lacking:
            return True
        if self.whole:
            self.lacking.add(module)
        hint = f'write loadmodule "{module}.so" before it'
        self.error(code, f"{what} belongs to module {module}, which is not loaded", span, hint)
        return False


def module_of(path: str) -> str:
    """The module that `loadmodule` means by a path."""
    return path.rpartition("/")[2].removesuffix(".so")


def loads_modules(script: nodes.Script) -> bool:
    """Whether a text says what modules it has; event_route is none to load."""
    loads = (item for item in script.items if isinstance(item, nodes.LoadModule))
    return any(module_of(item.path) != "event_route" for item in loads)


@lru_cache(CACHE_SIZE)
def _needed(spec: VariableSpec, library: Library) -> tuple[tuple[str, str], ...]:
    """What a variable is made of, and the module of each part."""
    needed: list[tuple[str, str]] = []
    for part in (spec, *spec.parts()):
        needed.append((f"${part.declaration.name}", part.declaration.module))
        if part.context is not None:
            needed.append((f"context <{part.context}>", library.contexts[part.context]))
        needed += [(f"{{{step.full_name}}}", step.module) for step, _ in part.transformations]
    return tuple(needed)


def _variable_part(node: nodes.Variable, start: int, end: int) -> Span:
    """The place of some bytes of a variable token; the whole token where bytes are no characters."""
    span = node.span
    if len(node.text) != span.end - span.start:
        return span
    start = min(start, len(node.text) - 1)
    return Span(span.source, span.start + start, span.start + max(start + 1, min(end, len(node.text))))
