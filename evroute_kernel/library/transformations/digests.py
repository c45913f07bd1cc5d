"""Class `s`: checksums, digests and keyed digests of a text."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Callable

from evroute_kernel.library.declarations import transformation
from evroute_kernel.library.transformations.arguments import as_text, literals, text_argument
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value

#: digest -> its value for the text `abc`, and that of its keyed form with the key `key`: the examples of the manual
_EXAMPLES = {
    "sha1": ("a9993e364706816aba3e25717850c26c9cd0d89d", "4fd0b215276ef12f2b3e4c8ecac2811498b656fc"),
    "sha224": (
        "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
        "f524670b7e34f31467de0aa96593861cf65117d414fb2d86158d760e",
    ),
    "sha256": (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "9c196e32dc0175f86f4b1cb89289d6619de6bee699e4c378e68309ed97a1a6ab",
    ),
    "sha384": (
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        "30ddb9c8f347cffbfb44e519d814f074cf4047a55d6f563324f1c6a33920e5edfb2a34bac60bdc96cd33a95623d7d638",
    ),
    "sha512": (
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "3926a207c8c42b0c41792cbd3e1a1aaaf5f7a25704f62dfc939c4987dd7ce060"
        "009c5bb1c2447355b3216f10b537e9afa7b64a4e5391b0d631172d07939e087a",
    ),
}


def _bytes(value: Value) -> bytes:
    return as_text(value).encode("latin-1")


@transformation("s.md5", example=("abc", "{s.md5}", "900150983cd24fb0d6963f7d28e17f72"))
def md5(context: Context, value: Value) -> Value:
    """MD5 digest in hexadecimal digits."""
    return hashlib.md5(_bytes(value), usedforsecurity=False).hexdigest()


@transformation("s.crc32", example=("abc", "{s.crc32}", "3403398717"))
def crc32(context: Context, value: Value) -> Value:
    """CRC-32 without the usual inversion at the end, as decimal text.

    The server returns ten bytes whatever the number: a smaller one carries NUL bytes, where a printed text ends.
    """
    return str(zlib.crc32(_bytes(value)) ^ 0xFFFFFFFF).ljust(10, "\0")


def _declare_digest(algorithm: str) -> None:
    def digest(context: Context, value: Value) -> Value:
        return hashlib.new(algorithm, _bytes(value), usedforsecurity=False).hexdigest()

    digest.__doc__ = f"{algorithm.upper()} digest in hexadecimal digits."
    transformation(f"s.{algorithm}", example=("abc", f"{{s.{algorithm}}}", _EXAMPLES[algorithm][0]))(digest)


def _declare_keyed_digest(algorithm: str) -> None:
    name = f"s.{algorithm}_hmac"

    def keyed(context: Context, value: Value, key: Value) -> Value:
        secret = text_argument(context, name, "key", key)
        if secret is None:
            return None
        return hmac.digest(secret.encode("latin-1"), _bytes(value), algorithm).hex()

    keyed.__doc__ = f"""HMAC with {algorithm.upper()} in hexadecimal digits.

    A key written in the script ends at a blank and may be empty; a variable's may hold blanks and not be empty."""
    declare: Callable[[Callable[..., Value]], object] = transformation(
        name,
        "key:string",
        prepare=literals,
        example=("abc", f"{{{name},key}}", _EXAMPLES[algorithm][1]),
        # the server looks at the 1 and the length alone
        spellings=("sha1??_hmac",) if algorithm == "sha1" else (),
    )
    declare(keyed)


for _algorithm in _EXAMPLES:
    _declare_digest(_algorithm)
    _declare_keyed_digest(_algorithm)
