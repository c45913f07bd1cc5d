"""Where a text falls into pieces that are closed, whatever is wrong in one of them."""

from __future__ import annotations

from collections.abc import Iterator

from evroute_kernel.lang.lexer import Token
from evroute_kernel.lang.mistakes import is_header
from evroute_kernel.lang.recovery import item_begins


def places(tokens: list[Token]) -> Iterator[tuple[int, int]]:
    """Where pieces begin and end: a route with the settings before it. The last one is what follows the last route;
    `$END` is its end."""
    first = depth = 0
    in_route = False
    for index, token in enumerate(tokens):
        kind = token.type
        if kind == "LBRACE":
            depth += 1
        elif kind == "RBRACE":
            depth -= 1
            if depth == 0 and in_route and (tokens[index + 1].type == "$END" or item_begins(tokens, index + 1)):
                yield first, index + 1
                first, in_route = index + 1, False
        elif depth == 0 and is_header(tokens, index):
            in_route = True
    yield first, len(tokens)
