"""What can stand at the cursor: magics and their arguments, events, parameters, functions, variables, transformations.

Each context is a pattern that ends at the cursor and a function that lists candidates; the first pattern that fits
decides. Only the text before the cursor is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from evroute_kernel.kernel.magics import MAGICS
from evroute_kernel.kernel.notebook import Notebook
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.values import decode


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that can stand at the cursor; `kind` chooses the icon, `signature` is shown beside it."""

    text: str
    kind: str
    signature: str = ""


#: files of a folder that are looked at
MOST_FILES: Final = 1000
Lister: TypeAlias = Callable[[Notebook, "re.Match[str]"], Iterable[Candidate]]

WORDS: Final = tuple(
    """
    event_route route startup_route timer_route error_route loadmodule modparam include_file
    assert async break case default drop else exit for if launch log return switch while xdbg xlog
    """.split()
)


def complete(notebook: Notebook, code: str, cursor: int) -> dict[str, Any]:
    """A complete_reply: what fits at the cursor, and which characters it replaces."""
    before = code[:cursor]
    for pattern, lister in _CONTEXTS:
        found = pattern.search(before)
        if found is not None:
            return _reply(found["word"], cursor, lister(notebook, found))
    return _reply("", cursor, ())


def _reply(word: str, cursor: int, candidates: Iterable[Candidate]) -> dict[str, Any]:
    folded = word.casefold()
    fitting = {c.text: c for c in candidates if c.text.casefold().startswith(folded)}
    start = cursor - len(word)
    types = [
        {"start": start, "end": cursor, "text": c.text, "type": c.kind, "signature": c.signature}
        for c in fitting.values()
    ]
    return {
        "status": "ok",
        "matches": list(fitting),
        "cursor_start": start,
        "cursor_end": cursor,
        "metadata": {"_jupyter_types_experimental": types},
    }


# -- candidates -------------------------------------------------------------------------------------------------------


def magics(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    percent = found["percent"]
    for magic in MAGICS.values():
        if percent == "%" or magic.body:
            yield Candidate(percent + magic.name, "magic", magic.usage)


def events(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    """Events that this notebook handles first, then those of OpenSIPS."""
    from evroute_kernel.library.catalogue import events as catalogued

    yield from (Candidate(name, "event", "handled here") for name in route_names(notebook, "event_route"))
    yield from (Candidate(event.name, "event", event.signature) for event in catalogued().values())


def raise_params(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    for candidate in params_of(found["event"]):
        yield Candidate(f"{candidate.text}=", "param", candidate.signature)
    yield from (Candidate(flag, "option") for flag in ("--async", "--count", "--detach", "--sample", "--timeout"))


def params(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    """Parameters of the event whose route the cursor is in."""
    headers = re.findall(r"event_route\s*\[\s*[\"']?([\w.-]+)", found.string)
    return params_of(headers[-1]) if headers else iter(())


def params_of(event: str) -> Iterator[Candidate]:
    from evroute_kernel.library.catalogue import events as catalogued

    known = catalogued().get(event)
    for param in known.params if known else ():
        yield Candidate(param.name, "param", f"{param.type}, such as {param.sample!r}")


def routes(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    return (Candidate(name, "route") for name in route_names(notebook, "route"))


def all_routes(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    if notebook.has_session:
        yield from (
            Candidate(decode(d.route.name or d.title), "route", decode(d.title)) for d in notebook.session.registry
        )


def route_names(notebook: Notebook, kind: str) -> list[str]:
    return [decode(name) for name in notebook.session.registry.names(kind)] if notebook.has_session else []


def helpful(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    yield from (Candidate(magic.name, "magic", magic.usage) for magic in MAGICS.values())
    yield from events(notebook, found)
    yield from words(notebook, found)


def level_names(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    return (Candidate(name, "level") for name in levels.NUMBERS)


def files(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    from pathlib import Path

    folder, slash, start = found["word"].rpartition("/")
    inside = Path(folder + slash or ".").expanduser()
    for path in sorted(inside.iterdir())[:MOST_FILES] if inside.is_dir() else ():
        if path.name.startswith(start) and (path.is_dir() or path.suffix in {".cfg", ".opensips"}):
            yield Candidate(folder + slash + path.name + "/" * path.is_dir(), "file")


def variables(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    from evroute_kernel.library import everything  # noqa: F401 - fills the tables
    from evroute_kernel.library.declarations import VARIABLES

    for name, variable in sorted(VARIABLES.items()):
        yield Candidate(name, "variable", variable.type)


def transformations(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    from evroute_kernel.library import everything  # noqa: F401 - fills the tables
    from evroute_kernel.library.declarations import TRANSFORMATIONS

    for name, transformation in sorted(TRANSFORMATIONS.items()):
        yield Candidate(name, "transformation", ", ".join(map(str, transformation.params)))


def functions() -> Iterator[Candidate]:
    from evroute_kernel.library import everything  # noqa: F401 - fills the tables
    from evroute_kernel.library.declarations import FUNCTIONS

    return (Candidate(f.name, "function", f.signature) for _, f in sorted(FUNCTIONS.items()))


def words(notebook: Notebook, found: re.Match[str]) -> Iterator[Candidate]:
    yield from (Candidate(word, "keyword") for word in WORDS)
    yield from functions()


#: patterns end at the cursor; `word` is what has been typed of the candidate
_CONTEXTS: Final[tuple[tuple[re.Pattern[str], Lister], ...]] = tuple(
    (re.compile(rf"(?:{pattern})\Z"), lister)
    for pattern, lister in (
        (r"(?m:^)[ \t]*(?P<word>(?P<percent>%%?)[\w-]*)", magics),
        (r"(?m:^)[ \t]*%%?raise[ \t]+(?P<word>[\w.-]*)", events),
        (r"(?m:^)[ \t]*%raise[ \t]+(?P<event>[\w.-]+)[ \t][^\n]*?(?P<word>(?<!\S)[\w-]*)", raise_params),
        (r"(?m:^)[ \t]*%(?:route|forget|routes)[ \t]+(?P<word>\S*)", all_routes),
        (r"(?m:^)[ \t]*%events?[ \t]+(?P<word>\S*)", events),
        (r"(?m:^)[ \t]*%log[ \t]+(?:[^\n]*[ \t])?(?:level=|diagnostics=)?(?P<word>\w*)", level_names),
        (r"(?m:^)[ \t]*%load[ \t]+(?P<word>\S*)", files),
        (r"(?m:^)[ \t]*(?:%help[ \t]+|\?)(?P<word>\S*)", helpful),
        (r"event_route\s*\[\s*[\"']?(?P<word>[\w.-]*)", events),
        (r"\broute\s*\(\s*[\"']?(?P<word>[\w.-]*)", routes),
        (r"\$\(?param\((?P<word>[\w.-]*)", params),
        (r"\{(?P<word>[a-z]+(?:\.[\w.]*)?)", transformations),
        (r"\$\(?(?P<word>[\w.]*)", variables),
        (r"(?P<word>[A-Za-z_]\w*)", words),
    )
)
