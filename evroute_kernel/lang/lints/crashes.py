"""Statements that kill the server, and memory bugs of the server that the kernel does not imitate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject, Use
from evroute_kernel.library.template import VariableSpec

#: functions that end the process
_DEADLY: Final = {
    "abort": "ends the process with a core dump",
    "strings_share_lock": "reads an argument that it does not have",
}

#: variables that kill the process when they are read without a name; `$dlg_val` where a dialog is loaded
CRASHING: Final = frozenset({"shv", "json", "json_compact", "json_pretty", "stat", "dlg_val"})


@rule(
    "crashes-server",
    "a statement that kills the worker, and with it the whole server",
    fires=(
        "$var(x) /= 0;",
        "if ([~5]) exit;",
        'if (["abc" & "abd"]) exit;',
        "abort();",
        "$stat(calls) = NULL;",
    ),
    quiet=("$var(x) = $var(x) / $var(n);", "if ([~5 + 1]) exit;", "if ([$var(a) & 4]) exit;", "$stat(calls) = 0;"),
)
def crashes_server(subject: Subject) -> Iterator[Finding]:
    """When one worker dies OpenSIPS shuts down. The kernel ends the run with an error instead."""
    for block in subject.blocks:
        for node in block.once(_deadly_nodes):
            yield from _deadly(node)
        for use in block.once(_nameless):
            name = use.spec.declaration.name
            yield Finding(f"${name} without a name kills the server", use.span, f"write ${name}(name)")
        for use in block.once(_writes_of_sdp):
            if subject.only_for_events(block):
                message = f"writing {use.spec.text} kills the server in an event route"
                yield Finding(message, use.node.span, "there is no SDP to change")


_DEADLY_KINDS: Final[tuple[type[nodes.Node], ...]] = (nodes.Assign, nodes.Bracket, nodes.BinaryOp, nodes.Call)


def _deadly_nodes(block: Block) -> list[nodes.Node]:
    nodes_of_kinds = block.of(*_DEADLY_KINDS)
    # most statements are plain assignments of something, which are passed over at once
    return [node for node in nodes_of_kinds if not _is_plain(node) and any(_deadly(node))]


def _is_plain(node: nodes.Node) -> bool:
    return node.__class__ is nodes.Assign and node.op not in ("/=", "%=") and node.value.__class__ is not nodes.Null


def _deadly(node: nodes.Node) -> Iterable[Finding]:
    if isinstance(node, nodes.Assign):
        return _deadly_assignment(node)
    if isinstance(node, nodes.Bracket):
        return _deadly_bracket(node)
    if isinstance(node, nodes.BinaryOp):
        return _deadly_division(node)
    if isinstance(node, nodes.Call) and node.name in _DEADLY:
        return [Finding(f"{node.name}() kills the server: it {_DEADLY[node.name]}", node.span, "remove it")]
    return ()


def _deadly_assignment(node: nodes.Assign) -> Iterator[Finding]:
    value, target = node.value, node.target.text
    if node.op in ("/=", "%=") and isinstance(value, nodes.Number) and value.value == 0:
        hint = f"{target} = {target} {node.op[0]} 0 only logs an error"
        yield Finding(f"{node.op} 0 kills the server", node.span, hint)
    elif isinstance(value, nodes.Null) and target.startswith("$stat("):
        yield Finding(f"{target} = NULL kills the server", node.span, f"{target} = 0 resets a statistic")


def _deadly_bracket(node: nodes.Bracket) -> Iterator[Finding]:
    inside = node.operand
    if isinstance(inside, nodes.UnaryOp):
        yield Finding("~ alone in brackets kills the server", node.span, "assign it to a variable first")
    elif isinstance(inside, nodes.BinaryOp) and inside.op in ("&", "|", "^") and _of_texts(inside):
        yield Finding("bit operators on texts in brackets kill the server", node.span, "assign it to a variable first")


def _of_texts(node: nodes.BinaryOp) -> bool:
    return isinstance(node.left, nodes.String) and isinstance(node.right, nodes.String)


def _deadly_division(node: nodes.BinaryOp) -> Iterator[Finding]:
    if node.op in ("/", "%") and (_literal(node.left), _literal(node.right)) == (-(2**31), -1):
        yield Finding(f"-2147483648 {node.op} -1 kills the server", node.span, "the result does not fit into 32 bits")


def _literal(node: nodes.Node) -> int | None:
    return node.value if isinstance(node, nodes.Number) else None


def _nameless(block: Block) -> list[Use]:
    return list(block.uses_of(_lacks_name))


def _lacks_name(spec: VariableSpec) -> bool:
    return spec.name is None and spec.declaration.name in CRASHING


def _writes_of_sdp(block: Block) -> list[Use]:
    return [u for u in block.written if u.role == "write" and u.spec.declaration.name.partition(".")[0] == "sdp"]


@rule(
    "server-bug",
    "the server damages memory here; the kernel does what is evidently meant",
    local=True,
    severity="info",
    fires=(
        "$var(x) = $(param(ip){re.subst,/a/b/}{re.subst,/c/d/});",
        "$var(family) = $(var(ip){ip.family});",
        'xlog("$(param(ip){s.crc32})\\n");',
    ),
    quiet=(
        "$var(x) = $(param(ip){re.subst,/a/b/});\n$var(x) = $(var(x){re.subst,/c/d/});",
        "$var(hash) = $(param(ip){s.md5});",
    ),
)
def server_bug(subject: Subject) -> Iterator[Finding]:
    """Bugs are not behaviour to copy. The result on a real server differs from the one shown here."""
    for use in subject.uses_of(lambda spec: bool(spec.transformations)):
        names = [t[0].full_name for t in use.spec.transformations]
        if names.count("re.subst") > 1:
            hint = "do the second step on a variable that holds the result of the first"
            yield Finding("of two {re.subst} that match, a server prints the rule of the second", use.span, hint)
        if names[:1] == ["ip.family"]:
            message = "{ip.family} overwrites the variable that it reads, on a server"
            yield Finding(message, use.span, "read the address again before using it")
        if "s.crc32" in names:
            message = "on a server, a checksum with fewer than ten digits carries NUL bytes, and a log text ends there"
            yield Finding(message, use.span, "{s.md5} has no such gap")
        if "sdp.stream-delete" in names and _by_name(use.spec):
            message = "deleting two streams of one name cuts the session part, on a server"
            yield Finding(message, use.span, "delete them by index")


def _by_name(spec: VariableSpec) -> bool:
    """Whether {sdp.stream-delete} gets a media name."""
    return any(
        isinstance(params[0], str) and not params[0].isdigit()
        for transformation, params in spec.transformations
        if transformation.full_name == "sdp.stream-delete" and params
    )


@rule(
    "does-nothing",
    "a call or setting that has no effect on a server",
    severity="info",
    fires=(
        'dst_blacklist = gw/expire: {}\nevent_route[E_PIKE_BLOCKED] { del_blacklist_rule("gw", "192.0.2.0/24"); }',
        'modparam("regex", "pcre_caseless", 1)\nevent_route[E_PIKE_BLOCKED] { xlog("$param(ip)\\n"); }',
    ),
    quiet="""
        dst_blacklist = gw/expire: {}
        event_route[E_PIKE_BLOCKED] {
            del_blacklist_rule("gw", "192.0.2.0/24", 5060, "udp", "x");
        }
    """,
)
def does_nothing(subject: Subject) -> Iterator[Finding]:
    """`del_blacklist_rule` finds no rule that was stored without a pattern; `pcre_caseless` counts only together with
    a file of groups."""
    for node in subject.of(nodes.Call):
        if node.name == "del_blacklist_rule" and len(node.arguments) < 5:
            hint = "let rules expire: add_blacklist_rule(name, net, , , , seconds)"
            yield Finding("del_blacklist_rule without a pattern never finds its rule", node.span, hint)
    settings = [i for i in subject.script.items if isinstance(i, nodes.ModParam) and i.module == "regex"]
    if not any(s.name == "file" for s in settings) and not subject.hides("file"):
        for setting in (s for s in settings if s.name == "pcre_caseless"):
            hint = 'write "(?i)..." in the pattern, or set modparam("regex", "file", ...)'
            yield Finding("pcre_caseless does nothing without a file of groups", setting.span, hint)
