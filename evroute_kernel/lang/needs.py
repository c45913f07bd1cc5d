"""What a part of a script needs of a server: the variables it names, the modules it cannot do without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evroute_kernel.lang import nodes
from evroute_kernel.lang.environment import known_modules
from evroute_kernel.library.table import FUNCTIONS, contexts, transport_module
from evroute_kernel.library.template import TemplateError, VariableSpec, parse_format, parse_variable


def variables(node: nodes.Node) -> Iterator[VariableSpec]:
    """Every variable that a part names, in code and in texts, and those inside of them.

    Texts that the server takes as they are count too: whether one is a format depends on who reads it.
    """
    for part in node.walk():
        for spec in _specs(part):
            yield spec
            yield from spec.parts()


def modules(node: nodes.Node) -> list[str]:
    """The modules that a part needs, in the order in which it first does; never the core."""
    found: dict[str, None] = {}
    for part in node.walk():
        if isinstance(part, nodes.Call):
            found |= dict.fromkeys(_of_call(part))
    for spec in variables(node):
        found |= dict.fromkeys([spec.declaration.module, *(step.module for step, _ in spec.transformations)])
        found |= dict.fromkeys([contexts()[spec.context]] if spec.context else [])
    return [name for name in found if name in known_modules()]


def literal(arguments: Iterable[nodes.Argument | None], index: int) -> str | None:
    """The text of an argument, where it is one without variables."""
    argument = dict(enumerate(arguments)).get(index)
    return argument.value if isinstance(argument, nodes.String) and "$" not in argument.value else None


def _specs(node: nodes.Node) -> Iterator[VariableSpec]:
    try:
        if isinstance(node, nodes.Variable):
            yield parse_variable(node.text)
        elif isinstance(node, nodes.String) and "$" in node.value:
            yield from (piece for piece in parse_format(node.value) if isinstance(piece, VariableSpec))
    except TemplateError:  # a text that is no format, or a variable that the checker has refused
        return


def _of_call(node: nodes.Call) -> Iterator[str]:
    """The module of a function, and those that its literal arguments name."""
    function = FUNCTIONS.get(node.name)
    if function is None:
        return
    yield function.module
    if function.params and function.params[0].name == "backend":
        backend = literal(node.arguments, 0)
        yield f"cachedb_{(backend or 'local').partition(':')[0]}"
    elif node.name == "subscribe_event":
        # virtual:POLICY takes further sockets
        for socket in (literal(node.arguments, 1) or "").split():
            yield transport_module(socket.partition(":")[0])
