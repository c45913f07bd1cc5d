"""`$param`: the parameters of an event, and the arguments of a called route."""

from __future__ import annotations

from collections.abc import Iterator

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject, Use
from evroute_kernel.library.catalogue.facts import Event
from evroute_kernel.library.catalogue.nearness import CERTAIN, likely_params
from evroute_kernel.library.template import VariableSpec


@rule(
    "unknown-param",
    "`$param(name)` with a name that the event does not have",
    local=True,
    foretells=("has no parameter",),
    fires=(
        """
        event_route[E_FRD_WARNING] {
            xlog("$param(user): $param(param) is $param(val), over $param(thr)\\n");
        }
        """,
        """
        event_route[E_ACC_MISSED_EVENT] {
            if ($param(code) == "486")
                xlog("busy\\n");
        }
        """,
        'xlog("$(param(src_ip){s.len})\\n");',
    ),
    quiet=(
        """
        event_route[E_FRD_WARNING] {
            xlog("$param(user): $param(param) is $param(value), over $param(threshold)\\n");
        }
        """,
        """
        event_route[E_ACC_CDR] {
            xlog("$param(caller) called for $param(duration) s\\n");
        }
        """,
    ),
)
def unknown_param(subject: Subject) -> Iterator[Finding]:
    """It is null, prints `<null>`, and the server says so only in a warning each time the event comes. Names must match
    exactly, letter case included. Where configuration can add parameters (the acc events), only a name that is
    evidently meant for another is reported."""
    for block, event, use in _event_params(subject):
        name = use.name
        if name is None or isinstance(use.spec.name, int) or event.param(name) is not None:
            continue
        likely = likely_params(name, [p.name for p in event.params])
        if event.dynamic:
            likely = [item for item in likely if item[1] >= CERTAIN]
            if not likely:
                continue
        state = "it is null unless it is configured" if event.dynamic else "it is null"
        message = f"{block.name} has no parameter {name!r}: {state}"
        yield Finding(message, use.name_span, _offer([param for param, _ in likely], event))


def _offer(likely: list[str], event: Event) -> str:
    """What may have been meant, and what the event has."""
    has = f"{event.name} has {_listing([p.name for p in event.params])}"
    return f"did you mean {' or '.join(map(repr, likely[:2]))}? {has}" if likely else has


def _listing(names: list[str]) -> str:
    if not names:
        return "no parameters"
    return f"only {names[0]}" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@rule(
    "param-position",
    "`$param(n)` with a position that the event does not have",
    local=True,
    foretells=("has no parameter",),
    fires=('xlog("$param(2)\\n");', "$var(first) = $param(0);"),
    quiet=('xlog("$param(1)\\n");', 'event_route[E_ACC_CDR] { xlog("$param(14)\\n"); }'),
)
def param_position(subject: Subject) -> Iterator[Finding]:
    """Positions count from 1. What lies outside is null."""
    for block, event, use in _event_params(subject):
        position, count = use.spec.name, len(event.params)
        if not isinstance(position, int) or 1 <= position <= count or (event.dynamic and position > count):
            continue
        span = use.name_span
        if position < 1:
            yield Finding(f"$param({position}) is always null: positions count from 1", span, "the first is $param(1)")
        else:
            hint = f"{event.name} has {_listing([p.name for p in event.params])}"
            yield Finding(
                f"{block.name} has {count} parameter{'s' * (count > 1)}: $param({position}) is null", span, hint
            )


@rule(
    "shifting-position",
    "`$param(n)` behind a parameter that may be absent",
    local=True,
    severity="info",
    fires='event_route[E_DISPATCHER_STATUS] { xlog("$param(3) changed\\n"); }',
    quiet='event_route[E_DISPATCHER_STATUS] { xlog("$param(address) changed\\n"); }',
)
def shifting_position(subject: Subject) -> Iterator[Finding]:
    """When an optional parameter is absent, those behind it move up: the same position is another parameter then."""
    for _, event, use in _event_params(subject):
        position = use.spec.name
        if not isinstance(position, int) or not 1 <= position <= len(event.params):
            continue
        optional = next((p for p in event.params[:position] if p.optional), None)
        if optional is not None:
            param = event.params[position - 1]
            message = f"$param({position}) is {param.name} only while {optional.name} is sent"
            yield Finding(message, use.name_span, f"write $param({param.name})")


@rule(
    "param-name-in-route",
    "`$param(name)` in a called route, where only positions exist",
    local=True,
    fires="""
        route[block] {
            xlog("blocking $param(ip)\\n");
        }
        event_route[E_PIKE_BLOCKED] {
            route(block);
        }
    """,
    quiet="""
        route[block] {
            xlog("blocking $param(1)\\n");
        }
        event_route[E_PIKE_BLOCKED] {
            route(block, $param(ip));
        }
    """,
)
def param_name_in_route(subject: Subject) -> Iterator[Finding]:
    """In a called route `$param` means the arguments of the call, by position. The parameters of the event are not
    visible: they must be passed on."""
    for block, use in _params(subject):
        name = use.name
        if not block.called or use.in_caller or name is None or isinstance(use.spec.name, int):
            continue
        hint = f"pass it on: route({block.name}, $param({name})), and read $param(1)"
        yield Finding(
            f"$param({name}) is null in {block.title}: a called route has positions only", use.name_span, hint
        )


@rule(
    "missing-argument",
    "a route reads more arguments than a call passes",
    severity="info",
    fires="""
        route[block] {
            xlog("blocking $param(1) for $param(2) s\\n");
        }
        event_route[E_PIKE_BLOCKED] {
            route(block, $param(ip));
        }
    """,
    quiet="""
        route[block] {
            if ($param(2) == NULL)
                $var(time) = 60;
            else
                $var(time) = $param(2);
            xlog("blocking $param(1) for $var(time) s\\n");
        }
        event_route[E_PIKE_BLOCKED] {
            route(block, $param(ip));
        }
    """,
)
def missing_argument(subject: Subject) -> Iterator[Finding]:
    """The argument is null, without a warning. A route that compares it with NULL is taken to know that."""
    needs = {name: max((u.spec.name for u in _positions(b)), default=0) for name, b in subject.routes.items()}
    for _, call in subject.calls:
        block = subject.routes.get(call.target.text) if isinstance(call.target, nodes.Name) else None
        if block is None:
            continue
        needed = needs[block.name]
        if needed > len(call.arguments):
            passed = f"{len(call.arguments)} argument{'s' * (len(call.arguments) != 1)}"
            message = f"{block.title} reads $param({needed}), this call passes {passed}"
            yield Finding(message, call.span, "the rest is null there")


def _positions(block: Block) -> list[Use]:
    """The reads of arguments that the block does not compare with NULL."""
    checked = {n.left.text for n in block.of(nodes.Comparison) if isinstance(n.right, nodes.Null)}
    return [u for u in argument_reads(block) if f"$param({u.spec.name})" not in checked]


def argument_reads(block: Block) -> list[Use]:
    """Every `$param(n)` that means an argument of the block itself."""
    return [u for u in block.uses if _is_param(u.spec) and not u.in_caller and isinstance(u.spec.name, int)]


def _is_param(spec: VariableSpec) -> bool:
    return spec.declaration.name == "param"


def _params(subject: Subject) -> Iterator[tuple[Block, Use]]:
    for block in subject.blocks:
        for use in block.uses_of(_is_param):
            yield block, use


def _event_params(subject: Subject) -> Iterator[tuple[Block, Event, Use]]:
    """Each `$param` of an event route whose event is known."""
    for block, use in _params(subject):
        if block.kind == "event_route" and block.event is not None:
            yield block, block.event, use
