"""Variables that are not what they look like: of no message, of a computed name, in a text that is not expanded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.crashes import CRASHING
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject, Use, name_of
from evroute_kernel.lang.lints.texts import variables_in
from evroute_kernel.library.catalogue.nearness import likely_params
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import VariableSpec

#: what SIP variables are in the words of event parameters
_TRADE: Final = {
    "si": "src_ip",
    "sp": "src_port",
    "ci": "callid",
    "ft": "from_tag",
    "tt": "to_tag",
    "fu": "from_uri",
    "tu": "to_uri",
    "fU": "user",
    "tU": "called_number",
    "rU": "called_number",
    "ua": "user_agent",
    "rs": "sip_code",
    "rr": "sip_reason",
    "ru": "ruri",
    "du": "address",
    "rm": "method",
    "fd": "domain",
    "td": "domain",
}
#: functions that put something into the message, so that reading it makes sense
_MESSAGE_WRITERS: Final = re.compile(
    "set.*|append_.*|insert_.*|remove_.*|prefix|strip.*|rewrite.*|force_.*|lookup|.*branch.*|revert_uri"
)
#: a call of a function
_HIDDEN_CALL: Final = re.compile(r"\b(?P<call>[a-z]\w*+)\s*+\(")
#: what such a call has in it: to look for each of these takes a tenth of looking at every call
_WRITING: Final = "set append_ insert_ remove_ prefix strip rewrite force_ lookup branch revert_uri".split()
#: an assignment
_HIDDEN_ASSIGNMENT: Final = re.compile(r"\$\(?(?P<variable>[\w.]++)[^\s=;$]*+\s*+[-:+*/%&|^]?=(?![=~])")


@rule(
    "sip-variable",
    "a variable of the SIP message is read where there is no SIP message",
    fires=('xlog("blocked $si\\n");', "if ($rU == NULL) exit;"),
    quiet=('xlog("blocked $param(ip)\\n");', '$ru = "sip:a@192.0.2.1";\nxlog("$rd\\n");'),
)
def sip_variable(subject: Subject) -> Iterator[Finding]:
    """An event route runs on a built-in dummy request: `$si` is 0.0.0.0, `$ci` is dummy-1, many others are null. What
    happened is in the parameters of the event. A script that writes to the message itself is left alone."""
    if _writes_message(subject):
        return
    for block in subject.blocks:
        for use in block.once(_reads_of_message):
            if subject.only_for_events(block):
                yield Finding(_of_dummy(use), use.span, _parameter_instead(use.spec.declaration.name, block))


def _reads_of_message(block: Block) -> list[Use]:
    """The first use of each variable of the message that the block reads."""
    found: dict[str, Use] = {}
    for use in block.uses:
        if use.role == "read" and use.spec.declaration.message:
            found.setdefault(use.spec.declaration.name, use)
    return list(found.values())


def _writes_message(subject: Subject) -> bool:
    return any(block.once(_writes_message_in) for block in subject.blocks) or any(
        _may_write_message(text, subject.library) for text in subject.hidden
    )


def _writes_message_in(block: Block) -> bool:
    if any(use.spec.declaration.message for use in block.written):
        return True
    return any(_MESSAGE_WRITERS.fullmatch(call.name) for call in block.of(nodes.Call))


def _may_write_message(text: str, library: Library) -> bool:
    """The same for text that could not be read."""
    assigned = {found["variable"] for found in _HIDDEN_ASSIGNMENT.finditer(text)}
    if any(library.variables[name].message for name in assigned if name in library.variables):
        return True
    calls = _HIDDEN_CALL.finditer(text) if any(re.search(rf"{word}\w*+\s*+\(", text) for word in _WRITING) else ()
    return any(_MESSAGE_WRITERS.fullmatch(found["call"]) for found in calls)


def _of_dummy(use: Use) -> str:
    fact, text = use.spec.declaration, use.spec.text.partition("{")[0]
    if fact.in_event_route == "null":
        return f"{text} is null here: an event route has no SIP message"
    shown = (fact.prints or "empty").partition("\r")[0]
    value = shown if fact.subname == "none" else "of a dummy request"
    return f"{text} is {value} here: an event route has no SIP message"


def _parameter_instead(name: str, block: Block) -> str:
    event = block.event
    if event is None or not event.params:
        return "what happened is in the parameters of the event: $param(...)"
    likely = likely_params(_TRADE.get(name, name), [p.name for p in event.params])
    if likely:
        return f"did you mean $param({likely[0][0]})?"
    return f"{event.name} has {', '.join(p.name for p in event.params)}"


@rule(
    "not-expanded",
    "a variable in a text that is not expanded",
    fires=(
        '$var(line) = "blocked $param(ip)";',
        'if ($param(ip) == "$shv(last)") exit;',
        'log(2, "blocked $param(ip)\\n");',
        """
        route[show] {
            xlog("$param(1)\\n");
            return(1, "$param(1)");
        }
        event_route[E_PIKE_BLOCKED] {
            route(show, "from $param(ip)");
        }
        """,
    ),
    quiet=(
        '$var(line) = "blocked " + $param(ip);',
        'if ($param(ip) =~ "^(10|172)$") exit;',
        'xlog("blocked $param(ip)\\n");',
        '$var(price) = "$5";',
        '$var(form) = "blocked $param(ip)";\n$var(line) = $(var(form){s.eval});',
    ),
)
def not_expanded(subject: Subject) -> Iterator[Finding]:
    """Only the texts of `xlog` and the text arguments of functions are expanded. In assignments, comparisons, `case`
    labels, arguments of `route`, values of `return` and in `log` a text is taken as it stands, `$` included. Scripts
    that use `{s.eval}`, which expands a text on purpose, are left alone."""
    steps = (t for block in subject.blocks for spec in block.variables for t, _ in spec.transformations)
    if subject.hides("s.eval") or any(step.full_name == "s.eval" for step in steps):
        return
    for string, where, offset, spec in (found for block in subject.blocks for found in block.once(_not_expanded_in)):
        span = string.part(offset, offset + len(spec.text))
        hint = _joined(string.value, where, subject.library)
        yield Finding(f"{spec.text} stays as it is: {where} is not expanded", span, hint)


_WITH_PLAIN_TEXTS: Final[tuple[type[nodes.Node], ...]] = (
    nodes.Assign, nodes.Comparison, nodes.Case, nodes.RouteCall, nodes.Return, nodes.Log,
)  # fmt: skip


def _not_expanded_in(block: Block) -> list[tuple[nodes.String, str, int, VariableSpec]]:
    """The texts that hold a variable and are not expanded, with the first one of each."""
    texts = (
        (string, where, next(variables_in(string.value, block.library), None)) for string, where in _plain_texts(block)
    )
    return [(string, where, *first) for string, where, first in texts if first is not None]


def _plain_texts(block: Block) -> Iterator[tuple[nodes.String, str]]:
    for node in block.of(*_WITH_PLAIN_TEXTS):
        if isinstance(node, nodes.Assign):
            for inner in _operands(node.value):
                yield inner, "an assigned text"
        elif isinstance(node, nodes.Comparison) and isinstance(node.right, nodes.String):
            yield node.right, "a text to compare with"
        elif isinstance(node, nodes.Case) and isinstance(node.label, nodes.String):
            yield node.label, "a case label"
        elif isinstance(node, nodes.RouteCall):
            yield from ((a, "an argument of route()") for a in node.arguments if isinstance(a, nodes.String))
        elif isinstance(node, nodes.Return):
            yield from ((v, "a value of return()") for v in node.values if isinstance(v, nodes.String))
        elif isinstance(node, nodes.Log):
            yield node.text, "the text of log()"


def _operands(value: nodes.Node) -> Iterator[nodes.String]:
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, nodes.String):
            yield node
        elif isinstance(node, nodes.BinaryOp):
            stack += [node.right, node.left]


def _joined(text: str, where: str, library: Library) -> str:
    """The same text as an expression."""
    parts: list[str] = []
    done = 0
    for offset, spec in variables_in(text, library):
        parts += [_quoted(text[done:offset])] * (offset > done) + [spec.text]
        done = offset + len(spec.text)
    parts += [_quoted(text[done:])] * (done < len(text))
    if where == "the text of log()":
        return "write xlog(...), which expands it"
    if len(parts) == 1:
        return f"write {parts[0]} without quotes"
    if not parts[0].startswith('"'):
        parts.insert(0, '""')
    expression = " + ".join(parts)
    return f"write {expression}" if where == "an assigned text" else f"first $var(text) = {expression};"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped.replace(chr(13), chr(92) + "r")}"'


@rule(
    "literal-name",
    "a name that looks computed, but is taken as it stands",
    local=True,
    fires=('$var(n) = "x";\nxlog("$var($var(n))\\n");', '$avp(key) = "x";\n$shv(seen_$param(ip)) = 1;'),
    quiet=('$var(n) = "x";\nxlog("$avp($var(n))\\n");', '$var(key) = "seen_" + $param(ip);\n$shv($var(key)) = 1;'),
)
def literal_name(subject: Subject) -> Iterator[Finding]:
    """`$var` takes every name as it stands, so `$var($var(n))` is one variable of that odd name. `$avp`, `$shv` and
    `$param` take a variable as name, but only when it is all that stands between the parentheses."""
    for use in subject.uses_of(lambda spec: _names_variable(spec, subject.library)):
        declared, name = use.spec.declaration, str(use.name)
        inner = next(variables_in(name, subject.library))
        plain = f"${declared.name}"
        if declared.computed is not None:
            continue
        if not declared.dynamic:
            message = f"{plain} takes no computed name: this variable is called {name}"
            hint = "use $avp or $shv, whose name may be a variable" if declared.name == "var" else None
        elif inner[0] == 0:
            continue
        else:
            message = f"only a variable alone gives a name: this one is called {name}"
            hint = f"$var(name) = {_joined_name(name, subject.library)}; then {plain}($var(name))"
        yield Finding(message, use.name_span, hint)


def _names_variable(spec: VariableSpec, library: Library) -> bool:
    """Whether the name of a variable holds another one, and nothing else would be meant by it."""
    declared, name = spec.declaration, name_of(spec)
    if name is None or declared.module in ("json", "xml") or declared.name in ("time", "env"):
        return False
    return next(variables_in(name, library), None) is not None


def _joined_name(name: str, library: Library) -> str:
    return _joined(name, "an assigned text", library).removeprefix("write ").removesuffix(" without quotes")


@rule(
    "name-missing",
    "a variable that tells nothing without a name in parentheses",
    fires=('xlog("$mqk\\n");', "if ($env == NULL) exit;"),
    quiet=('xlog("$mqk(calls)\\n");', 'xlog("$sdp\\n");'),
)
def name_missing(subject: Subject) -> Iterator[Finding]:
    """The server starts with it; reading it gives null, and mostly an error in the log. `$shv`, `$json`, `$stat` and
    `$dlg_val` kill the process (see `crashes-server`)."""
    for use in (use for block in subject.blocks for use in block.uses):
        declared = use.spec.declaration
        if use.spec.name is None and declared.needs_name and declared.name not in CRASHING:
            yield Finding(f"{use.spec.text} has no name and no value", use.span, f"write ${declared.name}(name)")


@rule(
    "blank-in-name",
    "blanks around a variable's name belong to the name",
    local=True,
    fires='xlog("$var( x )\\n");',
    quiet=('xlog("$var(x)\\n");', "$var(line) = $(sdp.line( a=rtpmap[0] ));"),
)
def blank_in_name(subject: Subject) -> Iterator[Finding]:
    """`$var( x )` and `$var(x)` are two variables; `$param( ip )` does not exist."""
    for use in subject.uses_of(_has_blanks):
        name = str(use.name)
        message = f"the name of this variable is {name!r}, blanks included"
        yield Finding(message, use.name_span, f"write {name.strip()}")


def _has_blanks(spec: VariableSpec) -> bool:
    name, declared = name_of(spec), spec.declaration
    if name is None or name == name.strip() or declared.name in ("time", "shv"):
        return False
    return declared.computed != "indexes inside the name only"


@rule(
    "outside-parentheses",
    "a transformation or index behind `$name(...)` instead of inside `$( )` is plain text",
    local=True,
    fires=('xlog("$param(ip){s.len}\\n");', 'xlog("$avp(list)[0]\\n");', "$var(x) = $rc{s.len};"),
    quiet=('xlog("$(param(ip){s.len})\\n");', 'xlog("$(avp(list)[0])\\n");', 'xlog("{$param(ip)} [$rc]\\n");'),
)
def outside_parentheses(subject: Subject) -> Iterator[Finding]:
    """Index and transformations exist only inside `$( )`. In a text, what stands behind is printed; in code it is
    dropped."""
    for block in subject.blocks:
        for use in block.uses_of(lambda spec: not spec.text.startswith("$(")):
            text = use.node.value if isinstance(use.node, nodes.String) else use.node.text
            end = use.offset + len(use.spec.text)
            behind = _behind(use, text, end) if text[end : end + 1] in _BEHIND and not use.nested else ""
            if behind:
                inner = use.spec.text[1:] + behind
                outcome = "is printed as it stands" if use.quoted else "is dropped"
                start = len(use.spec.text)
                yield Finding(f"{behind} {outcome}", use.part(start, start + len(behind)), f"write $({inner})")


_BRACES: Final = re.compile(r"(?:\{[a-zA-Z0-9]+\.[^{}]*\})+")
_INDEX: Final = re.compile(r"\[(?:-?[0-9]+|\*)\]")


_BEHIND: Final = frozenset("{[")


def _behind(use: Use, text: str, end: int) -> str:
    """What follows a variable and was meant to belong to it."""
    braces = _BRACES.match(text, end)
    if braces and use.block.library.transformations_of(braces[0][1:].partition(".")[0]):
        return braces[0]
    index = _INDEX.match(text, end) if use.spec.declaration.index and use.spec.name is not None else None
    return index[0] if index else ""


@rule(
    "old-avp-name",
    "`$avp(s:x)` is the 1.x spelling, and another variable than `$avp(x)`",
    local=True,
    fires='$avp(s:who) = $param(ip);\nxlog("$avp(s:who)\\n");',
    quiet='$avp(who) = $param(ip);\nxlog("$avp(who)\\n");',
)
def old_avp_name(subject: Subject) -> Iterator[Finding]:
    """The prefix is part of the name now; the server warns about it at start and at every use."""
    for use in subject.uses_of(_has_old_name):
        name = str(use.name)
        hint = f"write {name[2:]} everywhere: %%migrate or evroute migrate does"
        yield Finding(f"the prefix {name[:2]} is part of the name", use.name_span, hint)


def _has_old_name(spec: VariableSpec) -> bool:
    return spec.declaration.name == "avp" and (name_of(spec) or "")[:2] in ("s:", "i:")
