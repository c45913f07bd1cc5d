"""Which event, or which parameter of an event, a name was meant for.

Edit distance alone is a poor guide: `src_ip` is far from `ip`, `uri` far from `address`, `thr` far from `threshold`.
People leave words out, put words in, shorten them, write them together, or use another word of the trade. Each of
these is a rule here, with a score that says how sure it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

from evroute_kernel.spelling import Words, masked, most_alike

#: how sure a rule is; from CERTAIN on, even an event that may hold other parameters is reported
SAME, CERTAIN, PLAUSIBLE, POSSIBLE = 1.0, 0.8, 0.6, 0.5

#: words that telephony uses for one another
_SYNONYMS: Final = tuple(
    frozenset(group.split())
    for group in (
        "address uri url destination dest dst contact host",
        "ip address host",
        "user caller from aor username account",
        "called callee to dialed number did",
        "source src from caller",
        "destination dst dest to callee",
        "code status reply",
        "state status",
        "reason cause text description",
        "time timestamp date when",
        "duration length seconds billsec",
        "socket node instance proxy server",
        "gateway gw gwid",
        "process pid proc",
        "body message msg data payload content",
        "value current count",
        "threshold limit max",
        "set group",
        "id name",
    )
)
#: of a pair that differs in these words only, the second is rarely meant
_SECOND_CHOICE: Final = frozenset({"old", "db", "ms", "last"})
#: first words of event names that name no module
_COMMON_WORDS: Final = frozenset({"CALL", "LOAD", "UA"})
#: events that one module may have
FAMILY: Final = 100

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words_of(name: str) -> tuple[str, ...]:
    """`called_number`, `calledNumber`, `called-number` -> ("called", "number")."""
    return tuple(word.lower() for word in _WORD.findall(name))


def likely_params(name: str, known: Iterable[str]) -> list[tuple[str, float]]:
    """Parameters that `name` may have been meant for, the likeliest first, each with how sure that is."""
    scored = [(param, _score(words_of(name), words_of(param))) for param in known]
    found = [(param, score) for param, score in scored if score >= POSSIBLE]
    return sorted(found, key=lambda item: (-item[1], bool(_SECOND_CHOICE & {*words_of(item[0])})))


def _score(asked: tuple[str, ...], param: tuple[str, ...]) -> float:
    if not asked or not param:
        return 0.0
    if "".join(asked) == "".join(param):
        return SAME
    short, long = sorted((asked, param), key=len)
    return max(
        0.9 if long[-len(short) :] == short else 0.0,
        0.85 if len(asked) == len(param) and all(map(_abbreviates, asked, param)) else 0.0,
        _misspelt("".join(asked), "".join(param)),
        0.7 if len(asked) == len(param) and all(map(_means, asked, param)) else 0.0,
        PLAUSIBLE if long[: len(short)] == short else 0.0,
        PLAUSIBLE if len(long) > 1 and _means(asked[-1], param[-1]) else 0.0,
        POSSIBLE if len(short) > 1 and asked[-1] == param[-1] else 0.0,
    )


def _abbreviates(one: str, other: str) -> bool:
    """One is the beginning of the other (`val`), or some of its letters in order (`thr`, `msg`)."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if len(short) < 2 or short[0] != long[0]:
        return False
    letters = iter(long)
    return len(short) <= (len(long) + 1) // 2 and (len(short) > 2 or len(long) < 6) and all(c in letters for c in short)


def _means(one: str, other: str) -> bool:
    return one == other or any(one in group and other in group for group in _SYNONYMS)


def _misspelt(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    # the first two are cheap upper bounds of the third
    if matcher.real_quick_ratio() < CERTAIN or matcher.quick_ratio() < CERTAIN:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= CERTAIN else 0.0


class EventNames:
    """Names of events, looked up by what a name may be a mistake for."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_folded: dict[str, list[str]] = {}
        self._families: dict[str, list[str]] = {}
        for name in names:
            self._by_folded.setdefault(_folded(name), []).append(name)
            self._families.setdefault(_family(name), []).append(name)
        self._words = Words(self._by_folded)

    def likely(self, name: str) -> list[str]:
        """Events that `name` may be a mistake for, at most three; none for a name that was evidently made up.

        Either the name is nearly that of an event, or it begins with the word that marks the events of one module.
        """
        asked = _folded(name)
        near = sorted(((_misspelt(asked, known), event) for known, event in self._candidates(asked)), reverse=True)
        found = [event for ratio, event in near if ratio >= 0.87]
        if found:
            return found[:3]
        family = _family(name)
        members = self._families.get(family, []) if family else []
        if len(members) > FAMILY:  # no module has so many: they are somebody's own, and nearer ones were looked for
            return []
        return sorted(members, key=lambda e: -SequenceMatcher(None, asked, _folded(e)).ratio())[:3]

    def _candidates(self, asked: str) -> Iterator[tuple[str, str]]:
        word = masked(asked)
        for known in self._words.candidates(asked):
            if most_alike(word, masked(known)) >= CERTAIN:
                for event in self._by_folded[known]:
                    yield known, event


@lru_cache(1024)
def _folded(name: str) -> str:
    """A name without `E_`, letter case and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower().removeprefix("e_").removeprefix("e-"))


def _family(name: str) -> str:
    """`DISPATCHER` of `E_DISPATCHER_STATUS`: the word that tells the module."""
    parts = name.split("_")
    return parts[1] if len(parts) > 1 and parts[0] == "E" and parts[1] not in _COMMON_WORDS else ""
