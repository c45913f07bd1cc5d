"""The server's regular expressions: POSIX extended syntax, leftmost-longest, on bytes, usually ignoring letter case.

The server calls glibc's `regcomp` and `regexec` in the C locale, so these are called here too, through ctypes: exact
by construction, and about a microsecond a search. (The `regex` package with its POSIX flag searches three times
faster, but knows another syntax and other group rules.) Where the C library is not glibc (musl, macOS) the pattern is
translated for the `regex` package by `runtime.patterns.portable`; its limits stand there.

Limits: a text ends at its first NUL, as in the server. A pattern that would take absurd time, memory or stack to
compile is refused here (`runtime.patterns.size`). Under a locale with a one-byte character set other than C, letters
beyond ASCII may match in the wrong case; Python itself runs under C.UTF-8 or similar.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from evroute_kernel.runtime.patterns.plain import LONGEST, plain_search
from evroute_kernel.runtime.patterns.protocol import Regex, RegexError, Spans
from evroute_kernel.runtime.patterns.size import is_too_big

CACHE_SIZE: Final = 512


def compile(pattern: str, *, newline: bool = False, icase: bool = True) -> Regex:
    """Compile a pattern (cached). With `newline`, `.` and `[^a]` stop at line breaks and `^` `$` match around them.

    Raises RegexError for what the server refuses.
    """
    return _compile(pattern, newline, icase)


@lru_cache(CACHE_SIZE)
def _compile(pattern: str, newline: bool, icase: bool) -> Regex:
    if is_too_big(pattern):
        raise RegexError("Regular expression too big")
    return _engine(pattern, newline, icase)


# -- glibc ------------------------------------------------------------------------------------------------------------

_EXTENDED, _ICASE, _NEWLINE = 1, 2, 4
_NOTBOL = 1
_LC_CTYPE_MASK, _LC_COLLATE_MASK = 1 << 0, 1 << 3


class _RegexT(ctypes.Structure):
    """glibc's `regex_t` with room to spare: only `re_nsub` is read, the rest belongs to the library."""

    _fields_ = (
        ("buffer", ctypes.c_void_p),
        ("allocated", ctypes.c_ulong),
        ("used", ctypes.c_ulong),
        ("syntax", ctypes.c_ulong),
        ("fastmap", ctypes.c_void_p),
        ("translate", ctypes.c_void_p),
        ("re_nsub", ctypes.c_size_t),
        ("rest", ctypes.c_char * 200),
    )


def _load() -> Any:
    """The C library with the functions used here declared, or None where it is not glibc."""
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, OSError, ValueError):
        return None
    if not version or not version.startswith("glibc"):
        return None
    libc = ctypes.CDLL(None)
    pointer = ctypes.c_void_p
    libc.regcomp.argtypes = [pointer, ctypes.c_char_p, ctypes.c_int]
    libc.regexec.argtypes = [pointer, pointer, ctypes.c_size_t, pointer, ctypes.c_int]
    libc.regerror.argtypes = [ctypes.c_int, pointer, ctypes.c_char_p, ctypes.c_size_t]
    libc.regerror.restype = ctypes.c_size_t
    libc.regfree.argtypes = [pointer]
    libc.regfree.restype = None
    libc.newlocale.argtypes = [ctypes.c_int, ctypes.c_char_p, pointer]
    libc.newlocale.restype = pointer
    libc.uselocale.argtypes = [pointer]
    libc.uselocale.restype = pointer
    return libc


_libc = _load()


@lru_cache(1)
def _c_locale() -> Any:
    handle = _libc.newlocale(_LC_CTYPE_MASK | _LC_COLLATE_MASK, b"C", None)
    if not handle:
        raise OSError("the C library has no C locale")
    return handle


@contextmanager
def _under_c_locale() -> Iterator[None]:
    """Patterns are made of bytes only if compiled under the C locale; the switch is this thread's alone."""
    before = _libc.uselocale(_c_locale())
    try:
        yield
    finally:
        _libc.uselocale(before)


class LibcRegex:
    """A pattern compiled by glibc."""

    __slots__ = ("_address", "_compiled", "_exec", "_free", "_plain", "groups", "pattern")

    def __init__(self, pattern: str, newline: bool, icase: bool) -> None:
        self.pattern = pattern
        self._address = 0
        self._compiled = _RegexT()
        self._exec = _libc.regexec
        self._free = _libc.regfree
        flags = _EXTENDED | (_ICASE if icase else 0) | (_NEWLINE if newline else 0)
        address = ctypes.addressof(self._compiled)
        with _under_c_locale():
            code = _libc.regcomp(address, pattern.encode("latin-1"), flags)
        if code:
            raise RegexError(self._error(code, address))
        self._address = address
        self._plain = None if newline else plain_search(pattern, icase=icase)
        self.groups = int(self._compiled.re_nsub)

    @staticmethod
    def _error(code: int, address: int) -> str:
        text = ctypes.create_string_buffer(200)
        _libc.regerror(code, address, text, len(text))
        return text.value.decode("utf-8", "replace")

    def __del__(self) -> None:
        if self._address:
            self._free(self._address)

    def search(self, text: str) -> bool:
        plain = self._plain
        if plain is not None and len(text) <= LONGEST and text.isascii() and "\0" not in text:
            return plain(text) is not None
        return bool(self._exec(self._address, text.encode("latin-1"), 0, None, 0) == 0)

    def spans(self, text: str, start: int = 0, notbol: bool = False, groups: int | None = None) -> Spans | None:
        found = _room_for(self.groups if groups is None else groups)
        data = text.encode("latin-1")
        place = data if start == 0 else _address_of(data) + start
        if self._exec(self._address, place, len(found) // 2, found, _NOTBOL if notbol else 0):
            return None
        return _absolute(found, start)

    def each(self, text: str, groups: int | None = None) -> Iterator[Spans]:
        found = _room_for(self.groups if groups is None else groups)
        data = text.encode("latin-1")  # stays alive while its address is in use
        address, start, flags = _address_of(data), 0, 0
        while self._exec(self._address, address + start, len(found) // 2, found, flags) == 0:
            is_empty = found[0] == found[1]
            end = start + found[1]
            yield _absolute(found, start)
            if is_empty:
                return
            start, flags = end, 0 if data[end - 1] in b"\r\n" else _NOTBOL


#: regmatch_t is two ints in glibc
_ROOMS = tuple(ctypes.c_int * (2 * count) for count in range(1, 12))


def _room_for(groups: int) -> Any:
    """An array for the spans of the match and its groups."""
    return _ROOMS[groups]() if groups < len(_ROOMS) else (ctypes.c_int * (2 * groups + 2))()


def _address_of(data: bytes) -> int:
    """Where the bytes lie in memory: a pointer into them hides what is before it from the pattern."""
    return ctypes.c_void_p.from_buffer(ctypes.c_char_p(data)).value or 0


def _absolute(found: Any, start: int) -> Spans:
    if len(found) == 2:
        return [(found[0] + start, found[1] + start)]
    offsets = found[:]
    return [(a + start, b + start) if a >= 0 else (-1, -1) for a, b in zip(offsets[::2], offsets[1::2], strict=True)]


def _choose_engine() -> Callable[[str, bool, bool], Regex]:
    if _libc is not None:
        return LibcRegex
    from evroute_kernel.runtime.patterns.portable import PortableRegex

    return PortableRegex


_engine: Callable[[str, bool, bool], Regex] = _choose_engine()
