"""Module uuid: universally unique identifiers of every version. `$uuid` is a variable of its own."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.chance import random_uuid, time_uuid
from evroute_kernel.library.references import Reference
from evroute_kernel.runtime.context import Context

if TYPE_CHECKING:
    from uuid import UUID

_NAMESPACE: Final = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


#: the version that holds the time: it is surely unique only where a daemon of the machine hands it out
TIME: Final = 1
UNNAMED: Final = frozenset({0, TIME, 4})
#: version 2 is made by no library, 7 by ones that are newer than those of most machines
REPLACED: Final = frozenset({2, 7})
DIGESTS: Final = {3: hashlib.md5, 5: hashlib.sha1}


def named(version: int, namespace: str, name: str) -> UUID:
    """The UUID that a name has in a namespace. The name is a byte string."""
    from uuid import UUID

    data = UUID(namespace).bytes + name.encode("latin-1")
    digest = DIGESTS[version](data, usedforsecurity=False).digest()
    return UUID(bytes=digest[:16], version=version)


@function("uuid")
def uuid(context: Context, out_var: Reference, version: int | None, namespace: str | None, name: str | None) -> int:
    """Store a new UUID in a variable: random (version 0 or 4), from the time (1), or from a name (3, 5).

    Versions 3 and 5 need a namespace, itself a UUID, and a name. Versions 2 and 7 give a random one, with a warning.
    Returns 1; 2 for version 1, whose uniqueness nobody here warrants; -1 for another version, or when namespace or name
    are missing or wrong.
    """
    number = version or 0
    if number in REPLACED:
        context.warning(f"UUID version {number} is not supported: a random one is made instead")
        number = 0
    if number in UNNAMED:
        made = time_uuid(context.process) if number == TIME else random_uuid(context.process)
    elif number in DIGESTS:
        if namespace is None or name is None:
            context.error(f"UUID version {number} needs a namespace and a name")
            return -1
        if _NAMESPACE.fullmatch(namespace) is None:
            context.error(f"{namespace!r} is no UUID, so it is no namespace")
            return -1
        made = named(number, namespace, name)
    else:
        context.error(f"there is no UUID version {number}: 0, 1, 3, 4, 5 and 7 are possible")
        return -1
    if not out_var.set(context, "=", str(made)):
        return -1
    return 2 if number == TIME else 1
