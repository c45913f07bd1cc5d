"""What is offered of the doors to other programs: sockets, management interface, live servers, files of events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from evroute_kernel.kernel.completion import candidates as of
from evroute_kernel.kernel.completion.candidates import Candidate, Offer
from evroute_kernel.kernel.notebook import Notebook

#: how the sockets of `%subscribe` begin -> what stands there
_SOCKETS: Final = {
    "udp:": "HOST:PORT",
    "unix:": "/PATH",
    "tcp:": "HOST:PORT[/METHOD]",
    "flatstore:": "/PATH",
    "rabbitmq:": "HOST/ROUTING_KEY",
    "kafka:": "HOST:PORT/TOPIC",
    "xmlrpc:": "HOST:PORT:METHOD",
    '"virtual:PARALLEL ': 'SOCKET SOCKET..."',
    '"virtual:FAILOVER ': 'SOCKET SOCKET..."',
    '"virtual:ROUND-ROBIN ': 'SOCKET SOCKET..."',
}
#: addresses of a server, and of the notebook's own socket, for `%connect`
_SERVERS: Final = {"datagram:": "HOST:PORT or /PATH", "fifo:": "/PATH", "http://": "HOST:PORT/mi"}
_LISTENERS: Final = {"udp:": "HOST:PORT", "unix:": "/PATH", "tcp:": "HOST:PORT"}
_DOORS: Final = {"datagram:": "HOST:PORT", "unix:": "PATH", "fifo:": "PATH", "http:": "HOST:PORT/mi"}
#: files that hold events
_RECORDINGS: Final = frozenset({".jsonl", ".json", ".ndjson", ".gz", ".csv", ".txt", ".log"})


def recordings(word: str) -> Iterator[Candidate]:
    return of.files(word, _RECORDINGS)


def sockets(notebook: Notebook, word: str) -> Iterator[Candidate]:
    """What `%subscribe` sends an event to."""
    yield from (Candidate(f"route:{name}", "route") for name in of.route_names(notebook, "event_route"))
    yield from _addresses(_SOCKETS, word)


def servers(word: str) -> Iterator[Candidate]:
    return _addresses(_SERVERS, word)


def listeners(word: str) -> Iterator[Candidate]:
    return _addresses(_LISTENERS, word)


def _addresses(kinds: dict[str, str], word: str) -> Iterator[Candidate]:
    """Beginnings of addresses; behind `unix:/` and the like the files that a path may go on with."""
    kind, colon, path = word.partition(":")
    if path.startswith("/") and kind + colon in kinds:
        yield from (Candidate(f"{kind}:{c.text}", c.kind) for c in of.files(path, None))
    else:
        yield from (Candidate(text, "value", signature) for text, signature in kinds.items())


def event_list(notebook: Notebook, word: str) -> Offer:
    """The last of several events with commas between them."""
    return Offer(word.rpartition(",")[2], of.events(notebook), of.near_events)


# -- %mi -------------------------------------------------------------------------------------------------------------


def commands() -> Iterator[Candidate]:
    """The commands of the management interface, and what opens and closes its doors."""
    yield Candidate("serve", "keyword", "ADDRESS")
    yield Candidate("stop", "keyword", "[ADDRESS]")
    yield from _commands()


def _commands() -> Iterator[Candidate]:
    from evroute_kernel.engine.mi import commands  # noqa: F401 - fills the table
    from evroute_kernel.engine.mi.declaration import COMMANDS

    for name, command in COMMANDS.items():
        yield Candidate(name, "function", " ".join(command.params))
        yield Candidate(command.full_name, "function", " ".join(command.params))


def arguments(notebook: Notebook, given: list[str], word: str) -> Offer:
    """What stands behind a command of `%mi`, or behind `serve` and `stop`; `given` are the words before."""
    name, *values = given
    if name == "serve":
        return Offer(word, [*([] if values else _addresses(_DOORS, word)), *_serve_flags()])
    if name == "stop":
        return Offer(word, [] if values else _open_doors(notebook))
    key, equals, value = word.partition("=")
    params = _params(name)
    if equals:
        return Offer(value, _values(notebook, key, value) if key in params else ())
    found = [*_values(notebook, params[len(values)], word)] if len(values) < len(params) else []
    if all("=" in each for each in values):
        found += (Candidate(f"{param}=", "param") for param in params)
    return Offer(word, found)


def _serve_flags() -> Iterator[Candidate]:
    from evroute_kernel.kernel.magics.arguments import Signature
    from evroute_kernel.kernel.magics.management import ACTIONS

    flags = Signature.of(ACTIONS["serve"]).flags
    return (Candidate(f"--{flag}", "option", value or "") for flag, value in flags.items())


def _open_doors(notebook: Notebook) -> Iterator[Candidate]:
    from evroute_kernel.engine.mi.server import Server

    server = notebook.session.attached(Server) if notebook.has_session else None
    return (Candidate(str(door.address), "value") for door in server.doors()) if server else iter(())


def _params(name: str) -> tuple[str, ...]:
    """The parameters of a command, in their order; none of what is no command."""
    from evroute_kernel.engine.mi import commands  # noqa: F401 - fills the table
    from evroute_kernel.engine.mi.declaration import find, names

    if name not in names():
        return ()
    return max(find(name).recipes, key=len, default=())


def _values(notebook: Notebook, param: str, word: str) -> Iterable[Candidate]:
    """What a parameter of a command may be."""
    if param == "event":
        return of.events(notebook)
    if param in ("command", "mi_cmd"):
        return _commands()
    if param == "socket":
        return sockets(notebook, word)
    return [Candidate("local", "value")] if param == "system" else ()
