"""What the names in usage lines stand for, whatever the magic; what a magic offers beyond is in its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from evroute_kernel.assist.offers import Candidate, Offer
from evroute_kernel.kernel.questions.asked import Asked

#: names of words whose text is script
SCRIPTS: Final = frozenset({"EXPRESSION"})

#: name of a word in a usage line -> what it may be
WORDS: Final[dict[str, Callable[[Asked], Iterable[Candidate]]]] = {
    "EVENT": Asked.events,
    "FILE": Asked.files,
    "FOLDER": Asked.folders,
    "FUNCTION": Asked.functions,
    "LEVEL": Asked.levels,
}
#: how the name of a flag's value begins in a usage line -> what it may be
FLAGS: Final[dict[str, Callable[[Asked], Offer]]] = {
    "EVENT": Asked.event_list,
    "FILE": lambda asked: asked.offer(asked.recordings()),
}
