"""What a magic is asked when its line is completed, and lists that it may answer with.

The lists are methods, so that modules that declare magics import nothing of `assist`, which cells do not need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from evroute_kernel.assist import candidates as of
from evroute_kernel.assist.defined import Defined
from evroute_kernel.assist.offers import Candidate, Offer
from evroute_kernel.assist.values import of_param
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.records import dataclass

#: files that hold events
RECORDINGS: Final = frozenset({".jsonl", ".json", ".ndjson", ".gz", ".csv", ".txt", ".log"})
#: how the sockets of subscribers begin -> what stands there
SOCKETS: Final = {
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


@dataclass(frozen=True, slots=True)
class Asked:
    """`word` is what has been typed of the word, value or key in question, `given` the words before it on the line;
    `text` is that of the cell."""

    notebook: Notebook
    defined: Defined
    word: str = ""
    given: Sequence[str] = ()
    text: str = ""

    def offer(self, candidates: Iterable[Candidate]) -> Offer:
        """What can stand in the place of the word."""
        return Offer(self.word, candidates)

    def values(self, texts: Iterable[str]) -> Iterator[Candidate]:
        """Plain values."""
        return (Candidate(text, "value") for text in texts)

    # -- what scripts have --------------------------------------------------------------------------------------------

    def events(self) -> Iterator[Candidate]:
        return of.events(self.defined, self.text)

    def event_list(self) -> Offer:
        """The last of several events with commas between them."""
        return Offer(self.word.rpartition(",")[2], self.events(), of.near_events(self.defined))

    def params_of(self, event: str) -> list[Candidate]:
        """The parameters of an event, as they are known here."""
        return of.params_of(self.defined, event)

    def param_values(self, event: str, name: str) -> Offer:
        """What a parameter of an event may be."""
        return self.offer(of_param(self.defined, event, name))

    def routes(self, kind: str | None = None) -> Iterable[Candidate]:
        return of.all_routes(self.defined) if kind is None else of.routes(self.defined, kind=kind)

    def functions(self) -> Iterable[Candidate]:
        return of.functions(self.defined.library)

    def stubs(self) -> Iterator[Candidate]:
        """The functions that are not simulated."""
        functions = sorted(self.defined.library.functions.items())
        return (of.function_candidate(function) for _, function in functions if function.stub)

    def dialogs(self) -> Iterator[Candidate]:
        """The dialogs that there are."""
        found = self.notebook.session.dialogs.values() if self.notebook.has_session else ()
        return (Candidate(d.name, "value", f"{d.status} {d.status_name}") for d in found)

    def dialog_values(self) -> Iterator[Candidate]:
        """Values that a dialog has already."""
        names = dict.fromkeys(self.defined.dialog_values())
        return (Candidate(name, "value", f"$dlg_val({name})") for name in names)

    # -- settings -----------------------------------------------------------------------------------------------------

    def levels(self) -> Iterable[Candidate]:
        return of.level_names()

    def settings(self) -> Iterable[Candidate]:
        """Globals that stand at the top level of a script."""
        return of.settings(self.defined.library)

    def setting_values(self, name: str) -> Iterable[Candidate]:
        return of.setting_values(self.defined.library, name)

    # -- files and addresses ------------------------------------------------------------------------------------------

    def files(self) -> Iterator[Candidate]:
        """Files of scripts."""
        return of.files(self.word)

    def folders(self) -> Iterator[Candidate]:
        """Folders."""
        return (candidate for candidate in of.files(self.word, frozenset()) if candidate.text.endswith("/"))

    def recordings(self) -> Iterator[Candidate]:
        """Files of events."""
        return of.files(self.word, RECORDINGS)

    def sockets(self) -> Iterator[Candidate]:
        """What an event can be sent to."""
        yield from (Candidate(f"route:{route.name}", "route") for route in self.defined.named("event_route"))
        yield from self.addresses(SOCKETS)

    def addresses(self, kinds: Mapping[str, str]) -> Iterator[Candidate]:
        """Beginnings of addresses; behind `unix:/` and the like the files that a path may go on with."""
        kind, colon, path = self.word.partition(":")
        if path.startswith("/") and kind + colon in kinds:
            yield from (Candidate(f"{kind}:{c.text}", c.kind) for c in of.files(path, None))
        else:
            yield from (Candidate(text, "value", signature) for text, signature in kinds.items())
