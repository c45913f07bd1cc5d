"""Everything that has a name, for completion."""

from __future__ import annotations

from collections.abc import Iterator

from evroute_kernel.assist import candidates as of
from evroute_kernel.assist.completion import STATEMENTS, TOP_LEVEL
from evroute_kernel.assist.offers import Candidate
from evroute_kernel.kernel.magics.declaration import MAGICS
from evroute_kernel.kernel.questions.asked import Asked


def every_name(asked: Asked) -> Iterator[Candidate]:
    """All that `pages.bundle_of` knows."""
    yield from (Candidate(magic.name, "magic", magic.usage) for magic in MAGICS.values())
    yield from of.events(asked.defined)
    yield from of.all_routes(asked.defined)
    yield from (Candidate(word, "keyword") for word in (*STATEMENTS, *TOP_LEVEL))
    yield from of.functions(asked.defined.library)
    yield from (Candidate(f"${c.text}", c.kind, c.signature) for c in of.variables(asked.defined.library))
    yield from of.transformations(asked.defined.library)
    yield from of.lints()
