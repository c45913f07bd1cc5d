"""Variables that have another name in 3.6, and words of conditions that became variables (`method == "INVITE"`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from evroute_kernel.lang.migration.legacy import TARGET, Code, Doubt, Edit
from evroute_kernel.lang.migration.renamed import renamed
from evroute_kernel.library import table

#: words that compare with what 3.6 writes otherwise: names of protocols and of families of addresses
_NAMED: Final = ("proto", "af")
#: the host of a word whose URI or address was compared with `myself`
_HOSTS: Final = {"uri": "$rd", "from_uri": "$fd", "to_uri": "$td", "src_ip": "$si", "dst_ip": "$socket_in(ip)"}
#: what may stand behind the operator
_VALUES: Final = ("STRING", "NUMBER", "VARIABLE", "IPV4", "IPV6")
#: tokens behind which a condition can begin
_BEFORE: Final = ("LPAR", "AND", "OR", "NOT")


def variables(code: Code) -> Iterator[Edit]:
    """`$Ri` in code, and in the text arguments of functions."""
    for index, token in enumerate(code.tokens):
        is_argument = token.type == "STRING" and code.kind(index - 1) in ("LPAR", "COMMA", "STRING")
        if token.type != "VARIABLE" and not is_argument:
            continue
        for start, name, successor in _old(token.text):
            at = token.span.start + start
            yield Edit(at, at + len(name), successor, "renamed-variable", f"${name} is ${successor} in 3.6")


def current(text: str) -> str:
    """The text with the names that its variables have in 3.6."""
    for start, name, successor in reversed(list(_old(text))):
        text = text[:start] + successor + text[start + len(name) :]
    return text


def _old(text: str) -> Iterator[tuple[int, str, str]]:
    """Where an old name stands in a text, and what took its place."""
    for found in _pattern().finditer(text):
        group = "bare" if found["bare"] else "inner"
        yield found.start(group), found[group], _successors()[found[group]]


@cache
def _successors() -> dict[str, str]:
    known = table.of(TARGET).variables
    return {name: e.successor for name, e in renamed("variable").items() if e.successor and name not in known}


@cache
def _pattern() -> re.Pattern[str]:
    names = "|".join(map(re.escape, _successors()))
    return re.compile(rf"(?<!\$)\$(?:(?P<bare>{names})(?![\w.(])|\((?P<inner>{names})(?=[\[{{)]))")


def words(code: Code) -> Iterator[Edit | Doubt]:
    """`method == "INVITE"` in the condition of an `if` or `while`."""
    for index, token in enumerate(code.tokens):
        word, behind = _word(code, index)
        gone = renamed("keyword").get(word)
        if gone is None or gone.successor is None or code.heads[index] is None or code.kind(index - 1) not in _BEFORE:
            continue
        if code.kind(behind) not in ("EQUALS", "DIFFERS", "MATCH", "ORDER"):
            continue
        start, value = token.span.start, behind + 1
        if code.kind(value) == "ID" and code.tokens[value].text == "myself" and word in _HOSTS:
            yield _myself(code, index, value, word)
        elif word in _NAMED or code.kind(value) not in _VALUES:
            why = f"the word {word} is {gone.successor} in 3.6, which is compared with a text"
            yield Doubt(start, code.span(behind - 1).end, "old-word", why)
        else:
            why = f"{word} is {gone.successor} in 3.6"
            yield Edit(start, code.span(behind - 1).end, gone.successor, "old-word", why)
            if code.kind(value) in ("IPV4", "IPV6"):
                span, text = code.span(value), f'"{code.tokens[value].text}"'
                yield Edit(span.start, span.end, text, "old-word", "addresses are texts in 3.6")


def _word(code: Code, index: int) -> tuple[str, int]:
    """The word that begins at a token, `msg:len` included, and the token behind it."""
    if code.kinds(index, "ID", "COLON", "ID") and code.tokens[index].text == "msg":
        return f"msg:{code.tokens[index + 2].text}", index + 3
    return (code.tokens[index].text, index + 1) if code.kind(index) in ("ID", "STATUS") else ("", index + 1)


def _myself(code: Code, index: int, value: int, word: str) -> Edit:
    negated = "!" if code.kind(index + 1) == "DIFFERS" else ""
    notes = (f"is_myself({_HOSTS[word]}) compares no port: a second argument does",)
    text = f'{negated}is_myself("{_HOSTS[word]}")'
    return Edit(code.span(index).start, code.span(value).end, text, "old-word", "myself is is_myself() in 3.6", notes)
