"""The words of the script language under each version of the server: which are keywords, and what they begin.

There is one grammar for all versions. A version decides by its words alone what can be written: where a word is none of
its own the lexer makes an ID of it, and the rules that need the word never come to pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from evroute_kernel.library import table
from evroute_kernel.library.catalogue.modules import GlobalKind
from evroute_kernel.library.table import Library
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion

ROUTES: Final = {
    "route": "ROUTE",
    "event_route": "NAMED_ROUTE",
    "failure_route": "NAMED_ROUTE",
    "branch_route": "NAMED_ROUTE",
    "onreply_route": "ONREPLY_ROUTE",
    "startup_route": "PLAIN_ROUTE",
    "error_route": "PLAIN_ROUTE",
    "local_route": "PLAIN_ROUTE",
    "timer_route": "TIMER_ROUTE",
}
_COMMANDS: Final = """
    if else while for in switch case default break return exit drop xlog xdbg log error assert async launch sync
    loadmodule modparam any tag readonly expire anycast frag reuse_port accept_subdomain
""".split()
_CAPITALS_TOO: Final = ("anycast", "frag", "reuse_port", "accept_subdomain")
_FIXED: Final[dict[str, str]] = {
    **{word: word.upper() for word in _COMMANDS},
    **{word.upper(): word.upper() for word in _CAPITALS_TOO},
    "read-only": "READONLY",
    **ROUTES,
    **dict.fromkeys(("yes", "true", "on", "enable", "no", "false", "off", "disable"), "NUMBER"),
    "null": "NULL",
    "NULL": "NULL",
    "and": "AND",
    "or": "OR",
    "not": "NOT",
}


def _either(*words: str) -> list[str]:
    return [form for word in words for form in (word, word.upper())]


def _proxy_words() -> list[str]:
    """`proxy`, `allow_proxy`, `send-PROXY_protocol`: each part in small or capital letters, `-` or `_` between them."""
    befores = ["", *(word + mark for word in _either("allow", "send") for mark in "-_")]
    afters = ["", *(mark + word for mark in "-_" for word in _either("protocol"))]
    return [before + word + after for before in befores for word in _either("proxy") for after in afters]


#: version -> the words for sockets that only it has, apart from settings
_SOCKET_WORDS: Final[Mapping[ServerVersion, dict[str, str]]] = {
    "3.6": {},
    "4.0": {**dict.fromkeys(_proxy_words(), "SOCKET_PROXY"), **dict.fromkeys(_either("bond"), "BOND")},
}

#: what to tell someone who wrote a value of another kind
EXPECTED: Final[dict[GlobalKind, str]] = {
    "flag": "a number, or one of yes, no, on, off, true, false",
    "number": "a number",
    "signed": "a number",
    "string": "a text in quotes",
    "paths": "texts in quotes with colons between them",
    "word": "a bare word",
    "text": "a text in quotes or a bare word",
    "tos": "a number or a bare word such as IPTOS_LOWDELAY",
    "workers": "a number",
    "socket": "a socket such as udp:127.0.0.1:5060",
    "alias": "a host name or an address",
    "address": "a host name or an address",
    "blacklist": "a list such as NAME: { 10.0.0.0/8 }",
    "group": 'a name and module names such as "one": "tm" "dialog"',
    "profile": "a profile such as NAME scale up to 6 on 70% for 4 cycles",
}


#: how words that are no settings are called
_NEWS: Final = {"SOCKET_PROXY": "this option of sockets is", "BOND": "bonds of sockets are"}


class Language:
    """The language of one version. There is one for each: see `of`."""

    def __init__(self, library: Library) -> None:
        self.library: Final = library
        self.version: Final = library.version
        #: the global settings, and what each takes
        self.settings: Final[Mapping[str, GlobalKind]] = {name: fact.kind for name, fact in library.globals.items()}
        sockets = _SOCKET_WORDS[library.version]
        settings = {name: f"SET_{kind.upper()}" for name, kind in self.settings.items()}
        #: word -> type of its token; every other word is an ID
        self.keywords: Final[Mapping[str, str]] = {**_FIXED, **sockets, **settings}
        #: those that are no names, the longest first
        self.hyphenated: Final = tuple(sorted((w for w in self.keywords if "-" in w), key=len, reverse=True))

    def news(self, word: str) -> str | None:
        """What to tell of a word that only a later version has; None where none has it, or this one does."""
        for version in VERSIONS[VERSIONS.index(self.version) + 1 :]:
            kind = of(version).keywords.get(word)
            if kind is not None and word not in self.keywords:
                return f"{_NEWS.get(kind, 'it is')} new in {version}"
        return None


@cache
def of(version: ServerVersion) -> Language:
    """The language of a version, always the same object."""
    return Language(table.of(version))
