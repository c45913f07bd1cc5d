"""The text around a program: what a server must load and listen on before it can run a script and be asked to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fidelity.installed import Installed

#: what recorded programs may use; the same as in `tests/conformance`
MODULES: Final = (
    "cfgutils", "cachedb_local", "json", "mathops", "textops", "sipmsgops", "regex", "event_datagram", "event_stream",
    "event_virtual", "event_flatstore", "mqueue", "uuid", "benchmark", "statistics", "xml",
)  # fmt: skip
#: linked into the server, or loaded for the harness
_OWN: Final = ("proto_udp", "mi_datagram", "event_routing")
_GLOBALS: Final = "log_level=2\nxlog_level=4\n"
_LOADMODULE: Final = re.compile(r'^\s*loadmodule\s+"([^"]+)"\s*$', re.MULTILINE)
#: event that tells the harness how far the worker is, and what it logs then
MARK: Final = "E_FIDELITY_MARK"
MARKED: Final = "fidelity mark "
MARK_ROUTE: Final = f'event_route[{MARK}] {{ xlog("L_ALERT", "{MARKED}$param(1)\\n"); }}\n'


def configuration(
    server: Installed, socket: Path, port: int, script: str, *, settings: str = "", workers: int = 1, marks: bool = True
) -> tuple[str, int]:
    """A whole configuration, and the number of the line on which the script begins.

    `socket` is that of the management interface, `settings` are globals, modules and modparams of the script's own.
    """
    lines = [
        f'{_GLOBALS}stderror_enabled=yes\nsyslog_enabled=no\nstderror_log_format="json"\nlog_json_buf_size=300000',
        f'udp_workers={workers}\nsocket=udp:127.0.0.1:{port}\nmpath="{server.modules}/"',
        *(f'loadmodule "{name}.so"' for name in _modules(server, settings)),
        f'modparam("mi_datagram", "socket_name", "{socket}")',
        _LOADMODULE.sub("", settings).strip("\n"),
    ]
    before = "\n".join(lines) + "\n"
    return before + script + "\n" + (MARK_ROUTE if marks else ""), before.count("\n") + 1


def _modules(server: Installed, settings: str) -> Iterable[str]:
    """Each once, in the order in which they are loaded; of those for all programs only what is installed."""
    wanted = [*_OWN, *(name for name in MODULES if server.has(name))]
    wanted += [Path(name).stem for name in _LOADMODULE.findall(settings)]
    return dict.fromkeys(wanted)
