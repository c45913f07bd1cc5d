"""The tables of a module, or of the core: functions, parameters, variables, commands, statistics, events, classes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from fidelity.facts.c_text import Braced, Table, body, expanded, tables, text_of

Fact = dict[str, Any]

ROUTES: Final = {
    "REQUEST_ROUTE": "request", "FAILURE_ROUTE": "failure", "ONREPLY_ROUTE": "onreply", "BRANCH_ROUTE": "branch",
    "ERROR_ROUTE": "error", "LOCAL_ROUTE": "local", "STARTUP_ROUTE": "startup", "TIMER_ROUTE": "timer",
    "EVENT_ROUTE": "event",
}  # fmt: skip
PARAMETERS: Final = {
    "CMD_PARAM_INT": "int", "CMD_PARAM_STR": "string", "CMD_PARAM_VAR": "var", "CMD_PARAM_REGEX": "regex",
}  # fmt: skip
_EVENT: Final = re.compile(r"E_[A-Z][A-Z0-9_]*[A-Z0-9]")
_TEXT: Final = re.compile(r"\b(?:str_init|str_const_init|MI_SSTR)\s*\(([^()]*)\)")
_LITERAL: Final = re.compile(r'"(E_[A-Z0-9_]*)"')
_COMPARED: Final = re.compile(
    r'\b(?:mem|str)n?(?:case)?cmp\s*\([^"();]*"([a-z0-9_.-]+)"|str_match\([^"]*"([a-z0-9_.-]+)"'
)


def rows(
    text: str, type: str, known: Mapping[str, str], read: Callable[[Braced], Fact | None]
) -> Iterator[tuple[Fact, Table]]:
    """What `read` makes of each row of the tables of a type; rows without a name end a table."""
    for table in tables(text, type, known):
        for row in table.rows:
            fact = read(row)
            if fact is not None:
                yield fact, table


# -- functions --------------------------------------------------------------------------------------------------------


def function(row: Braced) -> Fact | None:
    name = text_of(row.items[0]) if row.items else None
    if not name:
        return None
    params = row.items[2] if len(row.items) > 2 else Braced(())
    made: Fact = {"name": name, "params": _parameters(params)}
    flags = row.tokens(3)
    if flags:
        made["routes"] = [kind for word, kind in ROUTES.items() if word in flags]
    return made


def _parameters(params: list[str] | Braced) -> list[Fact]:
    found = []
    for param in params.items if isinstance(params, Braced) else ():
        flags = param.tokens(0) if isinstance(param, Braced) else []
        type = next((kind for word, kind in PARAMETERS.items() if word in flags), None)
        if type is None:
            break
        fact: Fact = {"type": type}
        for word, key in (
            ("CMD_PARAM_OPT", "optional"), ("CMD_PARAM_NO_EXPAND", "no_expand"), ("CMD_PARAM_STATIC", "literal_only")
        ):  # fmt: skip
            if word in flags:
                fact[key] = True
        found.append(fact)
    return found


# -- the rest ---------------------------------------------------------------------------------------------------------


def modparam(row: Braced) -> Fact | None:
    name, flags = text_of(row.items[0]) if row.items else None, row.tokens(1)
    if not name:
        return None
    types = [type for word, type in (("INT_PARAM", "int"), ("STR_PARAM", "string")) if word in flags]
    type = "both" if len(types) == 2 else "".join(types) or "unknown"
    return {"name": name, "type": type, "parsed_by_function": "USE_FUNC_PARAM" in flags}


def variable(row: Braced) -> Fact | None:
    """Whether it is written, and takes a name or an index, follows from which functions it has."""
    name = text_of(row.items[0]) if row.items else None
    if not name:
        return None
    has = [bool(tokens) and tokens not in (["0"], ["NULL"]) for tokens in map(row.tokens, range(3, 6))]
    return {"name": name, "writable": has[0], "takes_name": has[1], "index": has[2]}


def command(row: Braced) -> Fact | None:
    name = text_of(row.items[0]) if row.items else None
    if not name:
        return None
    recipes = next((item for item in row.items[1:] if isinstance(item, Braced)), Braced(()))
    found = []
    for recipe in recipes.items:
        if not isinstance(recipe, Braced) or recipe.tokens(0) == ["0"]:  # the mark of the end
            continue
        names = recipe.items[-1]
        if isinstance(names, Braced):
            found.append([text for text in map(text_of, names.items) if text])
    return {"name": name, "recipes": found}


def statistic(row: Braced) -> Fact | None:
    name = text_of(row.items[0]) if row.items else None
    flags = [token for token in row.tokens(1) if token.startswith("STAT_")]
    return {"name": name, "flags": flags} if name else None


def transformation_class(row: Braced) -> Fact | None:
    name = text_of(row.items[0]) if row.items else None
    parser = row.tokens(1)
    return {"class": name, "parser": parser[-1]} if name and parser else None


def transformation_names(text: str, parser: str) -> list[str]:
    """The names that a class's parser compares with."""
    found = [one or other for one, other in _COMPARED.findall(body(text, parser))]
    return list(dict.fromkeys(found))


def events(text: str, known: Mapping[str, str]) -> list[str]:
    """Names of events that a text has: as one literal, or put together by macros."""
    made = ["".join(t[1:-1] for t in expanded(inner, known) if t[0] == '"') for inner in _TEXT.findall(text)]
    return [name for name in dict.fromkeys([*_LITERAL.findall(text), *made]) if _EVENT.fullmatch(name)]


#: table of facts -> type of the arrays in C, what reads a row
READERS: Final[dict[str, tuple[str, Callable[[Braced], Fact | None]]]] = {
    "functions": ("cmd_export_t", function),
    "async": ("acmd_export_t", function),
    "modparams": ("param_export_t", modparam),
    "variables": ("pv_export_t", variable),
    "mi": ("mi_export_t", command),
    "statistics": ("stat_export_t", statistic),
    "transformations": ("trans_export_t", transformation_class),
}
