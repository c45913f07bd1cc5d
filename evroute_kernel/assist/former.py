"""Names that a version of the server does not have: what took their place."""

from __future__ import annotations

from typing import Final

from evroute_kernel.assist.pages import Page
from evroute_kernel.library.table import Library

_KINDS: Final = ("function", "module", "global", "event", "transformation", "keyword", "mi")
_SHOWN: Final = {"global": "setting", "mi": "command of the management interface"}


def former(name: str, library: Library) -> list[Page]:
    """The pages about a name of another version as people write it: `avp_printf`, `$Ri`, `children`, `avpops`."""
    plain = name.strip("%?$(){};").partition("(")[0]
    kinds = ("variable",) if name[:1] == "$" else _KINDS
    found = [(kind, library.successor(kind, plain)) for kind in kinds if plain]
    return [_page(f"${plain}" if kind == "variable" else plain, kind, hint, library) for kind, hint in found if hint]


def _page(title: str, kind: str, hint: str, library: Library) -> Page:
    about = f"no {_SHOWN.get(kind, kind)} of OpenSIPS {library.version}"
    paragraphs = [hint[:1].upper() + hint[1:] + "."]
    if hint.startswith("known up to"):
        paragraphs.append("%%migrate rewrites a cell, and `evroute migrate FILE` a file.")
    return Page(title, about, tuple(paragraphs))
