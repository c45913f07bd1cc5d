"""Writes the tables into the extension of JupyterLab, as JavaScript; the code that runs them there is hand-written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Final

from evroute_kernel.highlighting.classes import CLASSES
from evroute_kernel.highlighting.colours import COLOURS
from evroute_kernel.highlighting.rules import STATES, Rule, State

BEGIN: Final = "  // <generated>"
END: Final = "  // </generated>"
_WIDTH: Final = 112


def with_tables(script: str, words: Mapping[str, tuple[str, ...]]) -> str:
    """The script with all between its two markers written anew; raises ValueError when it has no markers."""
    head, begin, rest = script.partition(BEGIN)
    first_line, _, generated = rest.partition("\n")
    _, end, tail = generated.partition(END)
    if not (begin and end):
        raise ValueError(f"no lines {BEGIN.strip()!r} and {END.strip()!r} to write between")
    return "".join([head, begin, first_line, "\n", "\n".join(_tables(words)), "\n", end, tail])


def _tables(words: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    yield "  const TAGS = {"
    yield from (f"    {name}: {_literal(known.codemirror or None)}," for name, known in CLASSES.items())
    yield "  };"
    yield "  const COLOURS = {"
    for theme, colours in COLOURS.items():
        yield f"    {_literal(theme)}: {{"
        yield from (f"      {name}: {_literal(colour)}," for name, colour in colours.items())
        yield "    },"
    yield "  };"
    yield "  const WORDS = {"
    for name, items in words.items():
        yield f"    {name}: ["
        yield from (f"      {line}" for line in wrap(", ".join(map(_literal, items)) + ",", _WIDTH))
        yield "    ],"
    yield "  };"
    yield "  const STATES = {"
    for name, state in STATES.items():
        yield from _state(name, state)
    yield "  };"


def _state(name: str, state: State) -> Iterator[str]:
    yield f"    {_literal(name)}: {{"
    if state.otherwise:
        yield f"      otherwise: {_literal(state.otherwise)},"
    if state.line:
        yield "      line: true,"
    yield "      rules: ["
    for rule in state.rules:
        yield f"        {_literal(rule) if isinstance(rule, str) else _rule(rule)},"
    yield "      ],"
    yield "    },"


def _rule(rule: Rule) -> str:
    items = [rule.match, rule.token, *([rule.next] if rule.next else []), *([True] if rule.any_case else [])]
    return f"[{', '.join(map(_literal, items))}]"


def _literal(value: object) -> str:
    return json.dumps(value)
