"""The lines of a text that set parameters of modules."""

from __future__ import annotations

from collections.abc import Iterator

from evroute_kernel.lang.lexer import string_value
from evroute_kernel.lang.migration.legacy import Code
from evroute_kernel.records import dataclass


@dataclass(frozen=True, slots=True)
class Modparam:
    """`modparam("module", "name", value)`; `value` is the text of it, `start` and `end` are those of the whole."""

    module: str
    name: str
    value: str
    index: int
    start: int
    end: int


def modparams(code: Code) -> Iterator[Modparam]:
    for index, token in enumerate(code.tokens):
        if token.type != "MODPARAM" or not code.kinds(index + 1, "LPAR", "STRING", "COMMA", "STRING", "COMMA"):
            continue
        closing = next((i for i in range(index + 6, min(index + 10, len(code.tokens))) if code.kind(i) == "RPAR"), None)
        if closing is not None:
            module, name = (string_value(code.tokens[index + i])[0] for i in (2, 4))
            value = code.text[code.span(index + 6).start : code.span(closing - 1).end]
            yield Modparam(module, name, value, index, token.span.start, code.span(closing).end)
