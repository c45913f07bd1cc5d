"""The classes of tokens, and what Pygments, CodeMirror and TextMate call them."""

from __future__ import annotations

from typing import Final

from evroute_kernel.records import dataclass


@dataclass(frozen=True, slots=True)
class TokenClass:
    """`pygments` is a type below `Token`, `codemirror` a tag of Lezer, `textmate` a scope; empty: no colour."""

    pygments: str
    codemirror: str = ""
    textmate: str = ""


# What is known must look otherwise than what is not, in exported notebooks too: their style has colours for keywords,
# operators, numbers, texts, comments and punctuation, and none for names. So those are the types here; where Pygments
# has none left that fits, one of our own below one of its types, whose colour it has in every style.
CLASSES: Final[dict[str, TokenClass]] = {
    # blanks, what the server drops, and text where anything goes
    "text": TokenClass("Text"),
    # a name that is not known: a misspelt function or variable keeps no colour, which shows that it is misspelt
    "word": TokenClass("Name"),
    "comment": TokenClass("Comment", "comment", "comment"),
    # what the server refuses
    "error": TokenClass("Error", "invalid", "invalid.illegal"),
    "keyword": TokenClass("Keyword", "keyword", "keyword.control"),
    # event_route and the other kinds
    "kind": TokenClass("Keyword.Declaration", "keyword", "storage.type"),
    # the name of a route or event, where it is defined, called or raised
    "name": TokenClass("String.Symbol", "variableName.definition", "entity.name.function"),
    "setting": TokenClass("Keyword.Namespace", "attributeName", "support.constant"),
    "function": TokenClass("Keyword.Reserved", "variableName.standard", "support.function"),
    "variable": TokenClass("Operator.Word", "variableName.special", "variable.other"),
    "transformation": TokenClass("Keyword.Type", "propertyName", "entity.other.attribute-name"),
    "string": TokenClass("String", "string", "string.quoted"),
    "escape": TokenClass("String.Escape", "string.special", "constant.character.escape"),
    # "L_WARN" as the first argument of xlog
    "level": TokenClass("String.Other", "atom", "constant.language.level"),
    "number": TokenClass("Number", "number", "constant.numeric"),
    "constant": TokenClass("Keyword.Constant", "bool", "constant.language"),
    "operator": TokenClass("Operator", "operator", "keyword.operator"),
    "punctuation": TokenClass("Punctuation", "punctuation", "punctuation"),
    # %raise
    "magic": TokenClass("Keyword.Pseudo", "meta", "keyword.other.magic"),
    # --count
    "option": TokenClass("Keyword.Pseudo.Option", "attributeName", "variable.parameter.option"),
    # the name of a parameter in %raise, or of a member in JSON
    "key": TokenClass("Operator.Word.Key", "propertyName", "variable.parameter"),
}
