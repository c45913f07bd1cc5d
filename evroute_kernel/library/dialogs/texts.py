"""A dialog as the JSON text of `$DLG_json` and `$DLG_ctx_json`. Names, order and quoting were observed.

Numbers are written as text. Nothing is escaped but quotes, and those only in names and texts of values.
"""

from __future__ import annotations

from typing import Final

from evroute_kernel.library.dialogs.dialog import UNCONFIRMED, Dialog
from evroute_kernel.library.dialogs.ids import decimal
from evroute_kernel.runtime.values import Value

#: the socket of a dialog that no message has made
_SOCKET: Final = "udp:127.0.0.1:5060"


def plain(dialog: Dialog, flags: str) -> str:
    """`$DLG_json`; `flags` as `$DLG_flags` lists them."""
    return "{" + _head(dialog, flags) + "}"


def with_context(dialog: Dialog, flags: str) -> str:
    """`$DLG_ctx_json`: values and profiles besides, where there are any."""
    parts = [_head(dialog, flags)]
    if dialog.values:
        parts.append('"values":{' + ",".join(_value(*item) for item in reversed(dialog.values.items())) + "}")
    if dialog.profiles:
        parts.append('"profiles":{' + ",".join(_profiles(dialog.profiles)) + "}")
    return "{" + ",".join(parts) + "}"


def _head(dialog: Dialog, flags: str) -> str:
    told = {
        "ID": str(decimal(dialog.did)),
        "state": str(dialog.status),
        "user_flags": flags,
        "callid": dialog.callid,
        "timestart": str(dialog.started),
        "timeout": str(dialog.expires),
        "from_uri": dialog.from_uri,
        "to_uri": dialog.to_uri,
    }
    return f'{_texts(told)},"caller":{_caller(dialog)},"callees":[{_callee(dialog)}]'


def _caller(dialog: Dialog) -> str:
    return _leg(dialog.from_tag, dialog.from_uri, "0", _SOCKET)


def _callee(dialog: Dialog) -> str:
    """The callee, of whom nothing is known before the first reply, and no contact before the answer."""
    if dialog.status == UNCONFIRMED:
        return _leg()
    return _leg(dialog.to_tag, dialog.to_uri if dialog.started else "", "1", _SOCKET)


def _leg(tag: str = "", contact: str = "", sequence: str = "", socket: str = "") -> str:
    told = {"tag": tag, "contact": contact, "cseq": sequence, "route_set": "", "bind_addr": socket, "sdp": ""}
    return "{" + _texts(told) + "}"


def _texts(told: dict[str, str]) -> str:
    return ",".join(f'"{name}":"{value}"' for name, value in told.items())


def _value(name: str, value: Value) -> str:
    written = str(value) if isinstance(value, int) else f'"{_quoted(str(value))}"'
    return f'"{_quoted(name)}":{written}'


def _quoted(text: str) -> str:
    return text.replace('"', '\\"')


def _profiles(members: list[tuple[str, str]]) -> list[str]:
    """Each profile once, with all its values."""
    values: dict[str, list[str]] = {}
    for name, value in members:
        values.setdefault(name, []).append(f'"{value}"')
    return [f'"{name}":[{",".join(found)}]' for name, found in values.items()]
