"""Functions, settings and parameters of modules that have another name in 3.6, and take what they took.

Which name took the place of another is in the catalogue. A call is renamed where its arguments fit the successor; some
of these mean something else in another order, which the catalogue cannot tell: they are listed here, as read in the
documentation of 2.4 and seen refused by 3.6.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from evroute_kernel.lang.lexer import string_value
from evroute_kernel.lang.migration.legacy import TARGET, Code, Doubt, Edit, arguments, unquoted
from evroute_kernel.lang.migration.modparams import modparams
from evroute_kernel.library import table
from evroute_kernel.library.catalogue import Renamed
from evroute_kernel.library.table import Function

#: functions whose successor takes other arguments, or these in another order -> what it wants
_OTHERWISE: Final = {
    "exec_msg": "exec(command, input, $var(output)) gives the command no message: $mb as input does",
    "exec_dset": "exec(command, input, $var(output)) leaves the lines in a variable: assign them to $ru",
    "exec_avp": "exec(command, input, $var(output)) leaves the lines in a variable",
    "is_other_contact": "is_ip_registered(domain, AOR, $avp(ip)) wants the AOR before the address",
    "filter_body": 'remove_body_part(type, "revert") keeps what filter_body kept',
    "enum_pv_query": "enum_query(suffix, service, number) wants the number last",
    "is_user_in": "db_is_user_in(uri, group) takes $ru, $tu or $fu for the names of headers",
    "get_user_group": "db_get_user_group(uri, $avp(x)) takes $ru, $tu or $fu for the names of headers",
}
#: what does the same as before, where the successor does something else
_AS_BEFORE: Final = {"append_branch": "append_branch_old"}
#: functions that want the name of a flag in quotes
_FLAGS: Final = frozenset("setflag resetflag isflagset setbflag resetbflag isbflagset".split())
#: of these a call with two arguments names the branch first
_BRANCH_FIRST: Final = ("setbranchflag", "resetbranchflag", "isbranchflagset")
#: parameters whose successor reads another text
_OTHER_VALUES: Final = {
    ("acc", "db_extra"): 'extra_fields takes "db: column -> name" items',
    ("acc", "log_extra"): 'extra_fields takes "log: name -> name" items',
    ("acc", "evi_extra"): 'extra_fields takes "evi: name -> name" items',
    ("acc", "multi_leg_info"): 'leg_fields takes "db: column -> name" items',
    ("cachedb_local", "cache_table_size"): 'cache_collections takes "default=9", the size as a number of bits',
    ("mi_fifo", "reply_indent"): "pretty_printing is 0 or 1",
    ("mi_datagram", "reply_indent"): "pretty_printing is 0 or 1",
    ("dialog", "replicate_dialogs_to"): "dialog_replication_cluster is the id of a cluster",
}


@cache
def renamed(kind: str) -> dict[str, Renamed]:
    """What 3.6 does not have under its old name, by that, as far as the name alone tells."""
    found = table.of(TARGET).facts.renamed
    return {name: e[0] for (of, name), e in found.items() if of == kind and not e[0].still_accepted}


def functions(code: Code) -> Iterator[Edit | Doubt]:
    """Calls of functions that have another name."""
    functions, statements = table.of(TARGET).functions, table.of(TARGET).statements
    for index, token in enumerate(code.tokens):
        name = token.text
        if token.type != "ID" or code.kind(index + 1) != "LPAR" or name in functions or name in statements:
            continue
        gone = renamed("function").get(name)
        if gone is not None and gone.successor is not None:
            yield from _renamed(code, index, functions[_AS_BEFORE.get(name, gone.successor)])


def _renamed(code: Code, index: int, known: Function) -> Iterator[Edit | Doubt]:
    """One call, by the name of a function that is known."""
    name, span = code.tokens[index].text, code.span(index)
    given = list(arguments(code, index + 2))
    least, most = sum(not p.optional for p in known.params), len(known.params)
    why = f"{name} is {known.name} in 3.6"
    if otherwise := _otherwise(name, len(given)):
        yield Doubt(span.start, span.end, "renamed-function", f"{why}, and otherwise: {otherwise}")
    elif not least <= len(given) <= most:
        takes = ", ".join(f"[{p.name}]" if p.optional else p.name for p in known.params)
        why = f"{why}, and takes other arguments: {known.name}({takes})"
        yield Doubt(span.start, span.end, "renamed-function", why)
    else:
        yield Edit(span.start, span.end, known.name, "renamed-function", why)
        for argument, param in zip(given, known.params, strict=False):
            if argument is not None and (bare := unquoted(argument, param.type)) is not None:
                span, why = argument.span, f"{known.name} takes it without quotes"
                yield Edit(span.start, span.end, bare, "quoted-argument", why)


def _otherwise(name: str, count: int) -> str | None:
    if name in _BRANCH_FIRST and count > 1:
        return "the flag comes first, then the branch"
    return _OTHERWISE.get(name)


def flags(code: Code) -> Iterator[Edit]:
    """`setflag(NAT)` and `setflag(5)`: the names of flags are texts."""
    for index, token in enumerate(code.tokens):
        name = _now(token.text)
        if token.type != "ID" or name not in _FLAGS or not code.kinds(index + 1, "LPAR"):
            continue
        if code.kind(index + 2) in ("ID", "NUMBER") and code.kind(index + 3) == "RPAR":
            flag, why = code.tokens[index + 2], f"{name} takes the name of a flag in quotes"
            yield Edit(flag.span.start, flag.span.end, f'"{flag.text}"', "quoted-flag", why)


def _now(name: str) -> str:
    """What a function is called in 3.6."""
    gone = renamed("function").get(name)
    return gone.successor if gone is not None and gone.successor else name


def settings(code: Code) -> Iterator[Edit | Doubt]:
    """`children = 4` at the top level; what 3.6 still takes stays."""
    depth = 0
    for index, token in enumerate(code.tokens):
        depth += {"LBRACE": 1, "RBRACE": -1}.get(token.type, 0)
        gone = renamed("global").get(token.text)
        if depth or gone is None or code.kind(index + 1) != "ASSIGN" or token.text in table.of(TARGET).globals:
            continue
        if gone.successor is not None and gone.successor_kind is None:
            why = f"{token.text} is {gone.successor} in 3.6"
            yield Edit(token.span.start, token.span.end, gone.successor, "renamed-setting", why)


def parameters(code: Code) -> Iterator[Edit | Doubt]:
    """`modparam("tm", "fr_timer", 5)`, whose module has the parameter under another name."""
    found = table.of(TARGET).facts.renamed
    for param in modparams(code):
        entries = found.get(("modparam", param.name), ())
        gone = next((e for e in entries if e.module == param.module and e.successor), None)
        module = table.of(TARGET).modules.get(param.module)
        if gone is None or gone.successor is None or module is None or param.name in module.params:
            continue
        why = f"{param.name} of {param.module} is {gone.successor} in 3.6"
        if otherwise := _OTHER_VALUES.get((param.module, param.name)):
            yield Doubt(param.start, param.end, "renamed-modparam", f"{why}, and otherwise: {otherwise}")
        else:
            span = code.span(param.index + 4)
            yield Edit(span.start, span.end, f'"{gone.successor}"', "renamed-modparam", why)


def called(code: Code) -> Iterator[str]:
    """Names of functions that a text calls."""
    return (t.text for i, t in enumerate(code.tokens) if t.type == "ID" and code.kind(i + 1) == "LPAR")


def loaded(code: Code) -> set[str]:
    """Names of modules that a text loads."""
    strings = (t for i, t in enumerate(code.tokens) if t.type == "STRING" and code.kind(i - 1) == "LOADMODULE")
    return {string_value(t)[0].rpartition("/")[2].removesuffix(".so") for t in strings}
