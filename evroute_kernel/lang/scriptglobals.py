"""The global settings of the server, `name = value` at the top level of a script, and what kind of value each takes.

Every name here is a keyword of the language: none may serve as a bare route, event or function name.
"""

from __future__ import annotations

from typing import Final

from evroute_kernel.library import table
from evroute_kernel.library.catalogue.modules import GlobalKind

#: name of a setting -> the kind of value it takes
GLOBALS: Final[dict[str, GlobalKind]] = {name: setting.kind for name, setting in table.GLOBALS.items()}

#: what to tell someone who wrote a value of another kind
EXPECTED: Final[dict[GlobalKind, str]] = {
    "flag": "a number, or one of yes, no, on, off, true, false",
    "number": "a number",
    "signed": "a number",
    "string": "a text in quotes",
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
