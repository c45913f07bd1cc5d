"""What 3.6 had and 4.0 has not, as the catalogue tells."""

from __future__ import annotations

from typing import Final

from evroute_kernel.library.catalogue import Renamed
from evroute_kernel.library.table import of

OLD: Final = "3.6"
NEW: Final = "4.0"


def gone_entry(kind: str, name: str, module: str | None = None) -> Renamed | None:
    """What the catalogue of 4.0 says of a name that 3.6 still had."""
    found = of(NEW).facts.renamed.get((kind, name), ())
    return next((e for e in found if e.versions[1] == OLD and e.module == module and not e.still_accepted), None)
