"""What a lint is, and the table of all of them.

A lint looks for one thing that the server accepts in silence. It is one decorated function: its docstring explains why
the thing matters, `fires` and `quiet` are scripts that tests and documentation use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import cleandoc
from typing import Any, Final, Literal, TypeVar

from evroute_kernel.errors import Diagnostic
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion
from evroute_kernel.source import Span

Level = Literal["warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a lint fires. The message says what happens there, the hint what to write instead."""

    message: str
    span: Span
    hint: str | None = None


Check = Callable[[Any], Iterable[Finding]]
CheckT = TypeVar("CheckT", bound=Check)


@dataclass(frozen=True, slots=True)
class Lint:
    """A rule. `check` gets the `Subject`; with `legacy` it gets the `Source` alone, because such text does not compile.

    `warning`: the script does not do what it says. `info`: it may, but somebody will read it wrongly. `firing` and
    `silent` are the examples as they are declared.
    """

    code: str
    severity: Level
    summary: str
    firing: str | tuple[str, ...]
    silent: str | tuple[str, ...]
    check: Check
    legacy: bool = False
    #: a legacy rule about text that loads all the same: of such a text `check` gets the `Subject`
    loads: bool = False
    #: what it says of a block rests on that block and the events that are known, and names no line: it is asked about
    #: each block alone, and again only when that changes
    local: bool = False
    #: the servers of which it is true
    versions: tuple[ServerVersion, ...] = VERSIONS
    #: parts of what the runtime says of the same statement when it comes to it
    foretells: tuple[str, ...] = ()

    # who checks a script reads none of these

    @property
    def why(self) -> str:
        """Why it matters."""
        return cleandoc(self.check.__doc__ or "")

    @property
    def fires(self) -> tuple[str, ...]:
        """Scripts in which it finds something."""
        return _scripts(self.firing)

    @property
    def quiet(self) -> tuple[str, ...]:
        """Scripts in which it finds nothing."""
        return _scripts(self.silent)

    def diagnostics(self, subject: Any) -> Iterable[Diagnostic]:
        told = set()
        for found in self.check(subject):
            place = found.message, found.span.start, found.span.end, id(found.span.source)
            if place not in told:  # several ways lead to one place: a filter that more than one call has
                told.add(place)
                yield Diagnostic(self.severity, self.code, found.message, found.span, found.hint)


LINTS: Final[dict[str, Lint]] = {}


def rule(
    code: str,
    summary: str,
    *,
    fires: str | tuple[str, ...],
    quiet: str | tuple[str, ...],
    severity: Level = "warning",
    legacy: bool = False,
    loads: bool = False,
    local: bool = False,
    versions: tuple[ServerVersion, ...] = VERSIONS,
    foretells: tuple[str, ...] = (),
) -> Callable[[CheckT], CheckT]:
    """Declare a lint. An example that is no route yet stands for the body of `event_route[E_PIKE_BLOCKED]`."""

    def declare(check: CheckT) -> CheckT:
        if code in LINTS:
            raise ValueError(f"lint {code} is declared twice")
        LINTS[code] = Lint(code, severity, summary, fires, quiet, check, legacy, loads, local, versions, foretells)
        return check

    return declare


def _scripts(examples: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_script(e) for e in ((examples,) if isinstance(examples, str) else examples))


def _script(example: str) -> str:
    text = cleandoc(example)
    if "route" in text and "{" in text.partition("route")[2]:
        return text + "\n"
    body = "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())
    return f"event_route[E_PIKE_BLOCKED] {{\n{body}}}\n"
