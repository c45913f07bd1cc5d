"""Dialogs that a route loads: those that stay loaded when it ends, and variables of one that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.loaded import LOAD, UNLOAD, WHOLE, Paths, Reach, loads
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject, Use
from evroute_kernel.library.template import VariableSpec

_VARIABLES: Final = frozenset(
    f"DLG_{name}" for name in "lifetime status flags did end_reason timeout del_delay json ctx_json".split()
) | {"dlg_val"}
_BY_VALUE: Final = "get_dialogs_by_val"
#: what can be set without a dialog
_KEPT: Final = "DLG_timeout"
_MODULES: Final = 'loadmodule "tm.so"\nloadmodule "dialog.so"\n'


@rule(
    "dialog-not-unloaded",
    "a way out of a route on which the dialog that it has loaded stays loaded",
    fires=(
        _MODULES + 'event_route[E_X] { load_dialog_ctx($param(id)); xlog("$dlg_val(who)\\n"); }',
        _MODULES
        + """event_route[E_X] {
            if (load_dialog_ctx($param(id))) {
                if ($dlg_val(who) == NULL) exit;
                unload_dialog_ctx();
            }
        }""",
        _MODULES
        + """event_route[E_X] {
            if (!load_dialog_ctx($param(id))) exit;
            route(show);
        }
        route[show] { xlog("$dlg_val(who)\\n"); }""",
    ),
    quiet=(
        _MODULES
        + """event_route[E_X] {
            load_dialog_ctx($param(id));
            if ($DLG_status == NULL) exit;
            unload_dialog_ctx();
        }""",
        _MODULES
        + """event_route[E_X] {
            if (!load_dialog_ctx($param(id))) exit;
            if ($dlg_val(who) == NULL) { unload_dialog_ctx(); exit; }
            unload_dialog_ctx();
        }""",
        _MODULES
        + """event_route[E_X] {
            load_dialog_ctx($param(id));
            if ($rc < 0) exit;
            unload_dialog_ctx();
        }""",
        _MODULES
        + """event_route[E_X] { load_dialog_ctx($param(id)); route(done); }
        route[done] { unload_dialog_ctx(); }""",
    ),
)
def dialog_not_unloaded(subject: Subject) -> Iterator[Finding]:
    """The end of a route unloads nothing. The next event in that process begins without a dialog, and every
    load_dialog_ctx() there fails with "nested call", until somebody calls unload_dialog_ctx(). Only what is certain is
    said: where a condition may have unloaded it, nothing."""
    reach = subject.once(Reach)
    for block in subject.blocks:
        if block.kind in WHOLE and block.once(loads) and not subject.hides(UNLOAD):
            yield from _left_loaded(block, reach)


def _left_loaded(block: Block, reach: Reach) -> Iterator[Finding]:
    if not reach.may(block, UNLOAD):
        message = "nothing unloads this dialog: the next load_dialog_ctx() in this process fails"
        yield Finding(message, block.once(loads)[0].span, "end the route with unload_dialog_ctx();")
        return
    for load, end in Paths(block, reach).left():
        if end is None:
            message = (
                "this dialog is still loaded when the route ends: the next load_dialog_ctx() in this process fails"
            )
            yield Finding(message, load.span, "end the route with unload_dialog_ctx();")
        else:
            message = f"the dialog of line {load.span.line} stays loaded here: the next load_dialog_ctx() fails"
            yield Finding(message, end.span, "call unload_dialog_ctx(); before")


@rule(
    "dialog-not-loaded",
    "a variable of the dialog in a route that loads none",
    fires=(
        _MODULES + 'event_route[E_RTPPROXY_DTMF] { xlog("$dlg_val(who) pressed $param(digit)\\n"); }',
        _MODULES + "event_route[E_RTPPROXY_DTMF] { $dlg_val(digit) = $param(digit); }",
    ),
    quiet=(
        _MODULES
        + """event_route[E_RTPPROXY_DTMF] {
            if (load_dialog_ctx($param(id))) { xlog("$dlg_val(who)\\n"); unload_dialog_ctx(); }
            xlog("$DLG_count calls\\n");
        }""",
        _MODULES
        + """event_route[E_RTPPROXY_DTMF] { route(load); xlog("$dlg_val(who)\\n"); unload_dialog_ctx(); }
        route[load] { load_dialog_ctx($param(1)); }""",
    ),
)
def dialog_not_loaded(subject: Subject) -> Iterator[Finding]:
    """An event that speaks of a call has no dialog by itself: `$dlg_val` and `$DLG_...` are null, and setting them is
    an error. load_dialog_ctx() finds it by the Call-ID, or by the Dialog ID with "did"."""
    reach = subject.once(Reach)
    for block in subject.blocks:
        uses = block.once(_uses_of_a_dialog) if block.kind in WHOLE else []
        if uses and not reach.may(block, LOAD) and not subject.hides(LOAD):
            for use in _first_of_each(uses):
                message = "cannot be set" if use.role != "read" else "is null"
                hint = "load_dialog_ctx($param(callid)); before, and unload_dialog_ctx(); after"
                yield Finding(f"{use.spec.text} {message} here: no dialog is loaded", use.span, hint)


@rule(
    "dialog-values-locked",
    "`get_dialogs_by_val` with an integer: the next write of a value hangs the process",
    local=True,
    fires=_MODULES + 'event_route[E_X] { $var(v) = 5; get_dialogs_by_val("n", $var(v), $avp(found), $var(count)); }',
    quiet=(
        _MODULES + 'event_route[E_X] { $var(v) = "5"; get_dialogs_by_val("n", $var(v), $avp(found), $var(count)); }',
        _MODULES
        + """event_route[E_X] {
            $var(v) = 5;
            $var(v) = $param(n);
            get_dialogs_by_val("n", $var(v), $avp(found), $var(count));
        }""",
    ),
)
def dialog_values_locked(subject: Subject) -> Iterator[Finding]:
    """The server locks the values of a dialog to look at them, and forgets to unlock them where it finds an integer.
    Whoever sets `$dlg_val` of that dialog then, or stores a value, waits for ever. Texts are fine, and so is
    get_dialog_info()."""
    for body in (body for block in subject.blocks for body in block.bodies()):
        for place, call in enumerate(body):
            if isinstance(call, nodes.Call) and call.name == _BY_VALUE and _is_integer(call, body[:place]):
                message = "a dialog that this finds by an integer stays locked: writing a value of it hangs the process"
                yield Finding(message, call.span, "keep the value as text")


def _is_integer(call: nodes.Call, before: tuple[nodes.Statement, ...]) -> bool:
    """Whether the variable that gives the value was set to a literal number last, in the same list of statements."""
    wanted = call.arguments[1]
    for statement in reversed(before):
        if isinstance(statement, nodes.Assign) and isinstance(wanted, nodes.Variable):
            if statement.target == wanted:
                return statement.op == "=" and isinstance(statement.value, nodes.Number)
        else:
            return False
    return False


def _uses_of_a_dialog(block: Block) -> list[Use]:
    return list(block.uses_of(_is_of_a_dialog))


def _is_of_a_dialog(spec: VariableSpec) -> bool:
    return spec.declaration.name in _VARIABLES


def _first_of_each(uses: list[Use]) -> list[Use]:
    """Of each variable the first use; those that are fine without a dialog are left out."""
    ordered = sorted(uses, key=lambda use: use.span.start)
    is_kept = any(use.spec.declaration.name == _KEPT and use.role != "read" for use in ordered)
    found: dict[str, Use] = {}
    for use in ordered:
        if not (is_kept and use.spec.declaration.name == _KEPT):
            found.setdefault(use.spec.text, use)
    return list(found.values())
