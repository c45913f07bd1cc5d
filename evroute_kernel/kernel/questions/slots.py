"""What single magics take, beyond what their usage says: words, keys, values and bodies. All such facts are here.

Tables go by the name of the magic; below them stands what they list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from evroute_kernel.assist import candidates as of
from evroute_kernel.assist.completion import STATEMENTS, TOP_LEVEL
from evroute_kernel.assist.offers import Candidate, Offer
from evroute_kernel.kernel.magics.declaration import MAGICS
from evroute_kernel.kernel.questions.defined import Question
from evroute_kernel.library.table import FUNCTIONS

Lister: TypeAlias = Callable[[Question, str], Iterable[Candidate]]
OfferedValue: TypeAlias = Callable[[Question, str, str], "Offer | None"]
Following: TypeAlias = Callable[[Question, list[str], str], Offer]

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


def sockets(question: Question, word: str) -> Iterator[Candidate]:
    """What `%subscribe` sends an event to."""
    yield from (Candidate(f"route:{route.name}", "route") for route in question.defined.named("event_route"))
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


def event_list(question: Question, word: str) -> Offer:
    """The last of several events with commas between them."""
    return Offer(word.rpartition(",")[2], of.events(question.defined), of.near_events)


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


def arguments(question: Question, given: list[str], word: str) -> Offer:
    """What stands behind a command of `%mi`, or behind `serve` and `stop`; `given` are the words before."""
    name, *values = given
    if name == "serve":
        return Offer(word, [*([] if values else _addresses(_DOORS, word)), *_serve_flags()])
    if name == "stop":
        return Offer(word, [] if values else _open_doors(question))
    key, equals, value = word.partition("=")
    params = _params(name)
    if equals:
        return Offer(value, _values(question, key, value) if key in params else ())
    found = [*_values(question, params[len(values)], word)] if len(values) < len(params) else []
    if all("=" in each for each in values):
        found += (Candidate(f"{param}=", "param") for param in params)
    return Offer(word, found)


def _serve_flags() -> Iterator[Candidate]:
    from evroute_kernel.kernel.magics.arguments import Signature
    from evroute_kernel.kernel.magics.management import ACTIONS

    flags = Signature.of(ACTIONS["serve"]).flags
    return (Candidate(f"--{flag}", "option", value or "") for flag, value in flags.items())


def _open_doors(question: Question) -> Iterator[Candidate]:
    from evroute_kernel.engine.mi.server import Server

    notebook = question.notebook
    server = notebook.session.attached(Server) if notebook.has_session else None
    return (Candidate(str(door.address), "value") for door in server.doors()) if server else iter(())


def _params(name: str) -> tuple[str, ...]:
    """The parameters of a command, in their order; none of what is no command."""
    from evroute_kernel.engine.mi import commands  # noqa: F401 - fills the table
    from evroute_kernel.engine.mi.declaration import find, names

    if name not in names():
        return ()
    return max(find(name).recipes, key=len, default=())


def _values(question: Question, param: str, word: str) -> Iterable[Candidate]:
    """What a parameter of a command may be."""
    if param == "event":
        return of.events(question.defined)
    if param in ("command", "mi_cmd"):
        return _commands()
    if param == "socket":
        return sockets(question, word)
    return [Candidate("local", "value")] if param == "system" else ()


# -- the session -----------------------------------------------------------------------------------------------------


def everything(question: Question) -> Iterator[Candidate]:
    """All that %help knows."""
    yield from (Candidate(magic.name, "magic", magic.usage) for magic in MAGICS.values())
    yield from of.events(question.defined)
    yield from of.all_routes(question.defined)
    yield from (Candidate(word, "keyword") for word in (*STATEMENTS, *TOP_LEVEL))
    yield from of.functions()
    yield from (Candidate(f"${c.text}", c.kind, c.signature) for c in of.variables())
    yield from of.transformations()
    yield from of.lints()


def _any_route(question: Question, word: str) -> Iterable[Candidate]:
    return of.all_routes(question.defined)


def _any_timer(question: Question, word: str) -> Iterable[Candidate]:
    return of.routes(question.defined, kind="timer_route")


def _any_event(question: Question, word: str) -> Iterable[Candidate]:
    return of.events(question.defined)


def _any_file(question: Question, word: str) -> Iterable[Candidate]:
    return of.files(word)


def _any_recording(question: Question, word: str) -> Iterable[Candidate]:
    return recordings(word)


def _any_stub(question: Question, word: str) -> Iterable[Candidate]:
    return (of.function_candidate(f) for _, f in sorted(FUNCTIONS.items()) if f.stub)


def _collections(question: Question, word: str) -> Iterable[Candidate]:
    return (Candidate(name, "value") for name in question.defined.collections)


def _settings_here(question: Question) -> Iterable[Candidate]:
    """The settings that this kernel heeds; of no session the server's."""
    from evroute_kernel.kernel.magics.settings import in_force

    if not question.notebook.has_session:
        return of.settings()
    return (Candidate(name, "property", f"= {value}") for name, value in in_force(question.notebook).items())


def _setting_value(question: Question, key: str, value: str) -> Offer:
    from evroute_kernel.kernel.magics.settings import CHOICES

    words = CHOICES.get(key)
    return Offer(value, (Candidate(w, "value") for w in words) if words else of.setting_values(key))


def _level(question: Question, key: str, value: str) -> Offer:
    return Offer(value, of.level_names())


def _params_of_raised(question: Question, given: list[str]) -> Iterable[Candidate]:
    known = of.params_of(question.defined, given[0])
    return (Candidate(f"{c.text}=", c.kind, c.signature) for c in known)


def _connection(question: Question, key: str, value: str) -> Offer | None:
    if key == "events":
        return event_list(question, value)
    lister = {"mi": servers, "listen": listeners}.get(key)
    return Offer(value, lister(value)) if lister else None


# -- the tables ------------------------------------------------------------------------------------------------------

#: names of words whose text is script
SCRIPTS: Final = frozenset({"EXPRESSION"})

#: (magic or "", name of the word in its usage) -> what it may be
WORDS: Final[dict[tuple[str, str], Lister]] = {
    ("", "EVENT"): _any_event,
    ("", "FILE"): _any_file,
    ("", "FUNCTION"): lambda question, word: of.functions(),
    ("", "LEVEL"): lambda question, word: of.level_names(),
    ("event", "NAME"): _any_event,
    ("events", "PATTERN"): _any_event,
    ("cache", "COLLECTION"): _collections,
    ("forget", "NAME"): _any_route,
    ("graph", "PATTERN"): _any_route,
    ("help", "NAME"): lambda question, word: everything(question),
    ("mi", "COMMAND"): lambda question, word: commands(),
    ("record", "FILE"): lambda question, word: (Candidate("stop", "keyword"), *recordings(word)),
    ("replay", "FILE"): _any_recording,
    ("route", "NAME"): _any_route,
    ("routes", "PATTERN"): _any_route,
    ("stub", "NAME"): _any_stub,
    ("stubs", "PATTERN"): _any_stub,
    ("subscribe", "SOCKET"): sockets,
    ("unstub", "NAME"): _any_stub,
    ("tick", "NAME"): _any_timer,
    ("timer", "NAME"): _any_timer,
}
#: how a flag's value begins in a usage -> what it may be
FLAGS: Final[dict[str, Callable[[Question, str], Offer]]] = {
    "EVENT": event_list,
    "FILE": lambda question, word: Offer(word, recordings(word)),
}
#: magic -> what may stand behind `key=`, where its usage does not list the values
VALUES: Final[dict[str, OfferedValue]] = {"config": _setting_value, "connect": _connection, "log": _level}
#: magic -> keys that its usage does not list
KEYS: Final[dict[str, Callable[[Question], Iterable[Candidate]]]] = {"config": _settings_here}
#: magic -> what alone stands behind its first word, flags apart
BEHIND: Final[dict[str, Callable[[Question, list[str]], Iterable[Candidate]]]] = {"raise": _params_of_raised}
#: magics that read in their own way what follows their first word -> what that may be
OWN: Final[dict[str, Following]] = {"mi": arguments}
#: magics whose body is a JSON object -> its keys, by the first word of the line
BODIES: Final[dict[str, Callable[[Question, str], list[Candidate]]]] = {
    "raise": lambda question, event: of.params_of(question.defined, event)
}
