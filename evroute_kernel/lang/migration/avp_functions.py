"""Functions of module `avpops`, gone since 3.5, that no function took the place of: assignments and comparisons did.

What each of them did is read in the module's own documentation. Only plain calls are rewritten: a flag behind the name
(`"$avp(x)/g"`), several operations or a call whose result is asked for where there is none any more stay, with a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from evroute_kernel.lang.lexer import Token, string_value
from evroute_kernel.lang.migration.legacy import OLD_AVP, STATEMENT_ENDS, Code, Doubt, Edit, arguments, is_variable
from evroute_kernel.lang.migration.renamed_variables import current
from evroute_kernel.records import dataclass

_CODE: Final = "avp-function"
#: operators of avp_check, and the operator of an expression that does the same; `=~` for its regular expressions
_COMPARISONS: Final = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "re": "=~"}
_CHECK: Final = re.compile(r"(?P<op>[a-z]+)/(?P<value>[^/]*)")
_INTEGER: Final = re.compile(r"i:(?P<number>-?[0-9]+|0[xX][0-9a-fA-F]+)")
#: where avp_pushto could write, and the variable that is that now
_DESTINATIONS: Final = {"$ru": "$ru", "$ru/username": "$rU", "$ru/domain": "$rd", "$du": "$du"}
#: what would end the expression of a transformation, or a part of it
_SUBSTITUTION: Final = re.compile(r"/[^/(){}\"\\]+/[^/(){}\"]*/[ig]*")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of these functions; `texts` are its arguments without quotes."""

    name: str
    texts: tuple[str, ...]
    is_negated: bool


def avp_functions(code: Code) -> Iterator[Edit | Doubt]:
    """Every call of them, as statement or in a condition."""
    for index, token in enumerate(code.tokens):
        if token.type != "ID" or token.text not in _AFTER or code.kind(index + 1) != "LPAR":
            continue
        after = _AFTER[token.text]
        closing = next((i for i in range(index + 2, len(code.tokens)) if code.kind(i) == "RPAR"), None)
        given = [_text(argument) for argument in arguments(code, index + 2)]
        is_negated = code.kind(index - 1) == "NOT"
        start = code.span(index - is_negated).start
        texts = tuple(text for text in given if text is not None)
        replaced = after.write(Call(token.text, texts, is_negated)) if len(texts) == len(given) else None
        if closing is None or replaced is None or not _fits(code, index - is_negated, closing, after.is_condition):
            yield Doubt(token.span.start, token.span.end, _CODE, f"{token.text} is gone: {after.instead}")
        else:
            why = f"{token.text} is gone: {after.instead}"
            yield Edit(start, code.span(closing).end, replaced, _CODE, why, after.notes)


def _text(argument: Token | None) -> str | None:
    """An argument as it is meant, with the names of AVPs as they are now; None for one that is no single token."""
    if argument is None:
        return None
    text = string_value(argument)[0] if argument.type == "STRING" else argument.text
    return current(OLD_AVP.sub("", text.strip()))


def _fits(code: Code, first: int, closing: int, is_condition: bool) -> bool:
    """Whether the call stands where its successor can: a comparison in a condition, an assignment as a statement."""
    if is_condition:
        return code.heads[first] is not None
    return code.kind(first - 1) in (*STATEMENT_ENDS, "RPAR", "ELSE") and code.kind(closing + 1) == "SEMICOLON"


# -- what takes their place -------------------------------------------------------------------------------------------


def _is_set(call: Call) -> str | None:
    match call.texts:
        case (avp,) if is_variable(avp):
            return f"{avp} {'==' if call.is_negated else '!='} NULL"
    return None


def _delete(call: Call) -> str | None:
    match call.texts:
        case (avp,) if is_variable(avp) and not call.is_negated:
            return f"{avp} = NULL"
        case (avp,) if avp.endswith("/g") and is_variable(avp[:-2]) and avp.startswith("$avp("):
            return f"$({avp[1:-2]}[*]) = NULL"
    return None


def _copy(call: Call) -> str | None:
    match call.texts:
        case (source, target) if is_variable(source) and is_variable(target):
            return f"{target} = {source}"
    return None


def _push(call: Call) -> str | None:
    match call.texts:
        case (target, source) if is_variable(source) and target in _DESTINATIONS:
            return f"{_DESTINATIONS[target]} = {source}"
    return None


def _check(call: Call) -> str | None:
    match call.texts:
        case (avp, operation) if is_variable(avp) and (found := _CHECK.fullmatch(operation)):
            operator = _COMPARISONS.get(found["op"])
            if operator is None or not found["value"] or (operator == "=~" and is_variable(found["value"])):
                return None
            compared = f"{avp} {operator} {_value(found['value'])}"
            return f"not ({compared})" if call.is_negated else compared
    return None


def _substitute(call: Call) -> str | None:
    match call.texts:
        case (avp, substitution) if avp.startswith("$avp(") and _SUBSTITUTION.fullmatch(substitution):
            source, _, target = avp.partition("/")
            if is_variable(source) and (not target or is_variable(target)):
                return f"{target or source} = $({source[1:]}{{re.subst,{substitution}}})"
    return None


def _nothing(call: Call) -> None:
    return None


def _value(text: str) -> str:
    """The value of an operation as an expression has it: `i:5`, `s:text`, a variable, or plain text."""
    if is_variable(text):
        return text
    if number := _INTEGER.fullmatch(text):
        return number["number"] if number["number"].lstrip("-").isdigit() else str(int(number["number"], 16))
    plain = text.removeprefix("s:").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


@dataclass(frozen=True, slots=True)
class After:
    """What takes the place of a function: `write` gives its text, None where the call is none of the plain ones."""

    write: Callable[[Call], str | None]
    instead: str
    is_condition: bool = False
    notes: tuple[str, ...] = ()


_REPLACES: Final = "avp_copy added a value to those of the new name; the assignment takes the place of the last one"
_AFTER: Final = {
    "is_avp_set": After(_is_set, "compare with NULL, $avp(x) != NULL", is_condition=True),
    "avp_check": After(_check, "compare, $avp(x) == 5", is_condition=True),
    "avp_delete": After(_delete, "assign NULL, of all values to $(avp(x)[*])"),
    "avp_copy": After(_copy, "assign, $avp(new) = $avp(old)", notes=(_REPLACES,)),
    "avp_pushto": After(_push, "assign to the variable, $ru = $avp(x)"),
    "avp_subst": After(_substitute, "assign $(avp(x){re.subst,/from/to/})"),
    "avp_op": After(_nothing, "assign what the operators + - * / % & | ^ give"),
    "avp_insert": After(_nothing, "assign with an index, $(avp(x)[1]) = 5"),
}
