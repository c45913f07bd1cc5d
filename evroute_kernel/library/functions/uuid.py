"""Module uuid: universally unique identifiers of every version. `$uuid` is a variable of its own."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from typing import TYPE_CHECKING, Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.references import Reference
from evroute_kernel.runtime.context import Context

if TYPE_CHECKING:
    from uuid import UUID

_NAMESPACE: Final = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


# the library of that name looks at the whole system when it is imported, so nobody does before it is needed


def version_7() -> UUID:
    """Milliseconds since 1970 in 48 bits, then version, variant and chance (RFC 9562)."""
    from uuid import UUID

    number = (time.time_ns() // 10**6) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 7 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


def unnamed(version: int) -> UUID:
    """A new UUID of a version that needs no name."""
    from uuid import uuid1, uuid4

    return {0: uuid4, 1: uuid1, 4: uuid4, 7: version_7}[version]()


UNNAMED: Final = frozenset({0, 1, 4, 7})
DIGESTS: Final = {3: hashlib.md5, 5: hashlib.sha1}


def named(version: int, namespace: str, name: str) -> UUID:
    """The UUID that a name has in a namespace. The name is a byte string."""
    from uuid import UUID

    data = UUID(namespace).bytes + name.encode("latin-1")
    digest = DIGESTS[version](data, usedforsecurity=False).digest()
    return UUID(bytes=digest[:16], version=version)


@function("uuid")
def uuid(context: Context, out_var: Reference, version: int | None, namespace: str | None, name: str | None) -> int:
    """Store a new UUID in a variable: random (version 0 or 4), from the time (1, 7), or from a name (3, 5).

    Versions 3 and 5 need a namespace, itself a UUID, and a name. Version 2 gives a random one, with a warning. Returns
    1; -1 for another version, or when namespace or name are missing or wrong.
    """
    number = version or 0
    if number == 2:
        context.warning("UUID version 2 is not supported: a random one is made instead")
        number = 0
    if number in UNNAMED:
        made = unnamed(number)
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
    return 1 if out_var.set(context, "=", str(made)) else -1
