"""Class `s`: checksums, digests and keyed digests of a text."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from typing import Final

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.transformations.arguments import as_text, literals, text_argument
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value

_DIGESTS: Final = ("sha1", "sha224", "sha256", "sha384", "sha512")


def _bytes(value: Value) -> bytes:
    return as_text(value).encode("latin-1")


@transformation("s.md5")
def md5(context: Context, value: Value) -> Value:
    """MD5 digest in hexadecimal digits."""
    return hashlib.md5(_bytes(value), usedforsecurity=False).hexdigest()


@transformation("s.crc32")
def crc32(context: Context, value: Value) -> Value:
    """CRC-32 without the usual inversion at the end, as decimal text.

    The server returns ten bytes whatever the number: a smaller one carries NUL bytes, where a printed text ends.
    """
    return str(zlib.crc32(_bytes(value)) ^ 0xFFFFFFFF).ljust(10, "\0")


def _declare_digest(algorithm: str) -> None:
    def digest(context: Context, value: Value) -> Value:
        return hashlib.new(algorithm, _bytes(value), usedforsecurity=False).hexdigest()

    digest.__doc__ = f"{algorithm.upper()} digest in hexadecimal digits."
    transformation(f"s.{algorithm}")(digest)


def _declare_keyed_digest(algorithm: str) -> None:
    name = f"s.{algorithm}_hmac"

    def keyed(context: Context, value: Value, key: Value) -> Value:
        secret = text_argument(context, name, "key", key)
        if secret is None:
            return None
        return hmac.digest(secret.encode("latin-1"), _bytes(value), algorithm).hex()

    keyed.__doc__ = f"""HMAC with {algorithm.upper()} in hexadecimal digits.

    A key written in the script ends at a blank and may be empty; a variable's may hold blanks and not be empty."""
    transformation(name, prepare=literals)(keyed)


for _algorithm in _DIGESTS:
    _declare_digest(_algorithm)
    _declare_keyed_digest(_algorithm)
