"""What a server says of itself: its release, and the names that it has for the commands that are needed here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from evroute_kernel.engine.live.mi_client import MiClient, MiFaultError
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import ServerVersion, server_version

#: `OpenSIPS (4.0.1 (x86_64/linux))`, and what `evroute serve` says of itself
_RELEASE: Final = re.compile(r"\((?P<release>(?P<short>\d+\.\d+)[^\s)]*)")
#: what is asked of a server by the names of 3.6, and what 4.0 calls it; it takes the old names as well, unless a module
#: of it has them for something else
_IN_4_0: Final = {"events_list": "evi:list", "event_subscribe": "evi:subscribe", "raise_event": "evi:raise"}


@dataclass(frozen=True, slots=True)
class Peer:
    """A server. `release` None: it does not say; `version` None: it is none of those that are known here."""

    release: str | None = None
    version: ServerVersion | None = None
    #: names of 3.6 -> those that this server lists, where they are others
    names: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"OpenSIPS {self.release}" if self.release else "a server of an unknown version"


def met(client: MiClient) -> Peer:
    """Ask a server who it is, and call its commands by its own names from now on. Raises NoAnswerError, BadReplyError;
    one that does not know the questions is a server all the same."""
    client.names = {}
    release, version = _release(_asked(client, "version", "core:version"))
    listed = _asked(client, "which", "core:which")
    known = set(map(str, listed)) if isinstance(listed, list) else set()
    names = {old: new for old, new in _IN_4_0.items() if new in known}
    client.names = names
    return Peer(release, version, names)


def _asked(client: MiClient, *names: str) -> Any:
    """The reply to a command by the first of its names that the server takes; None where it takes none."""
    for name in names:
        try:
            return client.call(name)
        except MiFaultError:
            continue
    return None


def _release(reply: Any) -> tuple[str | None, ServerVersion | None]:
    text = reply.get("Server") if isinstance(reply, dict) else None
    found = _RELEASE.search(text) if isinstance(text, str) else None
    if found is None:
        return None, None
    try:
        return found["release"], server_version(found["short"])
    except ValueError:
        return found["release"], None


def difference(peer: Peer, version: ServerVersion) -> str | None:
    """What to say where a server is of another version than the session that runs its events; else None."""
    if peer.release is None or peer.version == version:
        return None
    said = f"the server is {peer}; events run here as OpenSIPS {version} runs them"
    other = f" (as {peer.version}: %reset, %config version={peer.version}, and %connect again)"
    return said if peer.version is None else said + other
