"""What a part of a script needs of a server: the variables it names, the modules it cannot do without, and what those
need in their turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from evroute_kernel.lang import nodes
from evroute_kernel.lang.environment import known_modules
from evroute_kernel.library.table import FUNCTIONS, MODULES, Module, contexts, transport_module
from evroute_kernel.library.template import TemplateError, VariableSpec, parse_format, parse_variable
from evroute_kernel.records import dataclass


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


@dataclass(frozen=True, slots=True)
class Need:
    """What a module needs of others: a module by name, "any KIND", or "ONE or OTHER".

    `param` is set to `value` where that is why.
    """

    need: str
    #: a server starts without it all the same
    warns: bool = False
    param: str | None = None
    value: int | str = ""

    def is_met(self, loaded: Iterable[str]) -> bool:
        word, _, kind = self.need.partition(" ")
        if word != "any":
            return any(name in loaded for name in self.need.split(" or "))
        return any(MODULES[name].kind == kind for name in loaded if name in MODULES)


def needs_of(module: Module, modparams: Mapping[tuple[str, str], Sequence[int | str]]) -> Iterator[Need]:
    """Everything that a module needs with these parameters, every value given for (module, parameter) in order."""
    yield from (Need(need) for need in module.needs)
    yield from (Need(need, warns=True) for need in module.wants)
    for found in module.needs_when:
        given = modparams.get((module.name, found.param), ())
        if given and found.met_by(given[-1]):
            yield Need(found.need, found.warns, found.param, given[-1])


def with_needs(names: Iterable[str], modparams: Mapping[tuple[str, str], Sequence[int | str]]) -> list[str]:
    """The modules that some modules need beside themselves, and those that these need.

    Which database is meant by "any sqldb" tells the URL among the parameters of the module, if anything does.
    """
    waiting = list(names)
    loaded, added = set(waiting), list[str]()
    for name in waiting:
        for need in needs_of(MODULES[name], modparams) if name in MODULES else ():
            if need.is_met(loaded - {name}):
                continue
            chosen = _by_url(name, modparams) if need.need.startswith("any ") else need.need.partition(" or ")[0]
            if chosen in MODULES and chosen not in loaded:
                loaded.add(chosen)
                added.append(chosen)
                waiting.append(chosen)
    return added


def _by_url(module: str, modparams: Mapping[tuple[str, str], Sequence[int | str]]) -> str:
    """`db_mysql` for a parameter that is `mysql://...`."""
    values = (values[-1] for (name, _), values in modparams.items() if name == module and values)
    schemes = (str(value).partition("://")[0].partition(":")[0] for value in values if "://" in str(value))
    return next((f"db_{scheme}" for scheme in schemes if f"db_{scheme}" in MODULES), "")


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
