"""The settings that a server's own grammar has: which tokens begin an assignment, and how the lexer spells them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

#: the lexer's definitions, and what it returns for each
_DEFINED: Final = re.compile(r"^(?P<name>[A-Z][A-Z0-9_]*)[ \t]+(?P<pattern>\S.*?)[ \t]*$", re.MULTILINE)
_RETURNED: Final = re.compile(
    r"^<INITIAL>\{(?P<name>\w+)\}(?:(?!\n<).)*?\breturn\s+(?P<token>\w+)\s*;", re.MULTILINE | re.DOTALL
)
_WORD: Final = re.compile(r'"([a-z][a-z0-9_-]*)"|(?<![\w"-])([a-z][a-z0-9_-]*)(?![\w"-])')
#: the rule of assignments, up to the next rule; what begins one of them
_RULE: Final = re.compile(r"^assign_stm\s*:(?P<body>.*?)^\w+\s*:", re.MULTILINE | re.DOTALL)
_ALTERNATIVE: Final = re.compile(r"(?:^|\|)\s*(?P<token>[A-Z][A-Z0-9_]*)\s+EQUAL\b", re.MULTILINE)


def settings(tree: Path) -> Iterator[dict[str, Any]]:
    """A fact for each name; none where the tree has no grammar."""
    lexer, grammar = tree / "cfg.lex", tree / "cfg.y"
    if not (lexer.is_file() and grammar.is_file()):
        return
    words = _spelled(lexer.read_text("utf-8", "replace"))
    rule = _RULE.search(grammar.read_text("utf-8", "replace"))
    tokens = dict.fromkeys(_ALTERNATIVE.findall(rule["body"])) if rule else ()
    for token in tokens:
        yield from ({"name": word, "source": f"cfg.y:{token}"} for word in words.get(token, ()))


def _spelled(lexer: str) -> dict[str, list[str]]:
    """Token -> the words that are one."""
    defined = {found["name"]: found["pattern"] for found in _DEFINED.finditer(lexer)}
    made: dict[str, list[str]] = {}
    for found in _RETURNED.finditer(lexer):
        pattern = defined.get(found["name"], "")
        made.setdefault(found["token"], []).extend(quoted or bare for quoted, bare in _WORD.findall(pattern))
    return made
