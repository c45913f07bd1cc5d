"""Module uuid: universally unique identifiers of every version. `$uuid` is a variable of its own."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
import uuid as uuid_library
from collections.abc import Callable
from typing import Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.references import Reference
from evroute_kernel.runtime.context import Context

_NAMESPACE: Final = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def version_7() -> uuid_library.UUID:
    """Milliseconds since 1970 in 48 bits, then version, variant and chance (RFC 9562)."""
    number = (time.time_ns() // 10**6) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 7 << 76
    return uuid_library.UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


RANDOM: Final[dict[int, Callable[[], uuid_library.UUID]]] = {
    0: uuid_library.uuid4,
    1: uuid_library.uuid1,
    4: uuid_library.uuid4,
    7: version_7,
}
DIGESTS: Final = {3: hashlib.md5, 5: hashlib.sha1}


def named(version: int, namespace: str, name: str) -> uuid_library.UUID:
    """The UUID that a name has in a namespace. The name is a byte string."""
    data = uuid_library.UUID(namespace).bytes + name.encode("latin-1")
    digest = DIGESTS[version](data, usedforsecurity=False).digest()
    return uuid_library.UUID(bytes=digest[:16], version=version)


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
    if number in RANDOM:
        made = RANDOM[number]()
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
