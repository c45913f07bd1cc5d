"""What a part of a script needs of a server: the variables it names, the modules it cannot do without, and what those
need in their turn, parameters among it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.library.sockets import parse as parse_socket
from evroute_kernel.library.table import Library, Modparams, Module, Requirement
from evroute_kernel.library.template import TemplateError, VariableSpec, parse_format, parse_variable
from evroute_kernel.records import dataclass

#: ports that protocols have by default
_PORTS: Final = {
    "hep_udp": 9060, "smpp": 2775, "udp": 5060, "tcp": 5060, "tls": 5061, "sctp": 5060, "ws": 80, "wss": 443,
    "ipsec": 5062, "bin": 5555, "bins": 5556, "msrp": 2855,
}  # fmt: skip


def variables(node: nodes.Node, library: Library) -> Iterator[VariableSpec]:
    """Every variable that a part names, in code and in texts, and those inside of them.

    Texts that the server takes as they are count too: whether one is a format depends on who reads it.
    """
    for part in node.walk():
        for spec in _specs(part, library):
            yield spec
            yield from spec.parts()


def modules(node: nodes.Node, library: Library) -> list[str]:
    """The modules that a part needs, in the order in which it first does; never the core."""
    found: dict[str, None] = {}
    for part in node.walk():
        if isinstance(part, nodes.Call):
            found |= dict.fromkeys(_of_call(part, library))
    for spec in variables(node, library):
        found |= dict.fromkeys([spec.declaration.module, *(step.module for step, _ in spec.transformations)])
        found |= dict.fromkeys([library.contexts[spec.context]] if spec.context else [])
    return [name for name in found if name in library.known_modules]


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

    def is_met(self, loaded: Iterable[str], library: Library) -> bool:
        word, _, kind = self.need.partition(" ")
        if word != "any":
            return any(name in loaded for name in self.need.split(" or "))
        return any(library.modules[name].kind == kind for name in loaded if name in library.modules)


def needs_of(module: Module, modparams: Modparams) -> Iterator[Need]:
    """Everything that a module needs with these parameters, every value given for (module, parameter) in order."""
    yield from (Need(need) for need in module.needs)
    yield from (Need(need, warns=True) for need in module.wants)
    yield from (Need(found.need) for found in module.needs_unless if not found.holds(module.name, modparams))
    for found in module.needs_when:
        if found.holds(module.name, modparams):
            yield Need(found.need, found.warns, found.param, modparams[module.name, found.param][-1])


@dataclass(frozen=True, slots=True)
class MissingParameter:
    """A parameter that a module cannot start without."""

    module: str
    requirement: Requirement

    @property
    def name(self) -> str:
        """The first of those of which one is enough."""
        return self.requirement.one_of[0]

    @property
    def line(self) -> str:
        """A line that sets it to some value, which is to be filled in."""
        sample = self.requirement.sample
        value = sample if isinstance(sample, int) else f'"{sample}"'
        return f'modparam("{self.module}", "{self.name}", {value})'


def missing_parameters(names: Collection[str], modparams: Modparams, library: Library) -> Iterator[MissingParameter]:
    """The parameters that these modules, which are all that is loaded, cannot start without and have not got.

    Settings that take the place of parameters are among them as those of the core.
    """
    for name in names:
        told: set[tuple[str, ...]] = set()
        for requirement in library.modules[name].required if name in library.modules else ():
            if requirement.one_of not in told and requirement.lacks(name, modparams, names):
                told.add(requirement.one_of)
                yield MissingParameter(name, requirement)


def missing_sockets(names: Iterable[str], sockets: Iterable[str], library: Library) -> Iterator[tuple[str, str]]:
    """The modules that do not start without a socket of theirs, beside those that there are, and what it may be."""
    protocols = {parsed.protocol for socket in sockets if (parsed := parse_socket(socket)) is not None}
    for name in names:
        accepted = library.modules[name].sockets if name in library.modules else ()
        if accepted and not protocols & set(accepted):
            yield name, f"{accepted[0]}:127.0.0.1:{_PORTS[accepted[0]]}"


def completed(names: Iterable[str], modparams: Modparams, library: Library) -> tuple[list[str], list[MissingParameter]]:
    """What some modules need beside themselves to start: other modules, and parameters of these and of those."""
    first, given = list(dict.fromkeys(names)), dict(modparams)
    missing: list[MissingParameter] = []
    while True:
        added = with_needs(first, given, library)
        found = list(missing_parameters([*first, *added], given, library))
        if not found:
            return added, missing
        missing += found
        given |= {(one.module, one.name): [one.requirement.sample] for one in found}


def with_needs(names: Iterable[str], modparams: Modparams, library: Library) -> list[str]:
    """The modules that some modules need beside themselves, and those that these need.

    Which database is meant by "any sqldb" tells the URL among the parameters of the module, if anything does.
    """
    waiting = list(names)
    loaded, added = set(waiting), list[str]()
    for name in waiting:
        for need in needs_of(library.modules[name], modparams) if name in library.modules else ():
            if need.is_met(loaded - {name}, library):
                continue
            chosen = (
                _by_url(name, modparams, library) if need.need.startswith("any ") else need.need.partition(" or ")[0]
            )
            if chosen in library.modules and chosen not in loaded:
                loaded.add(chosen)
                added.append(chosen)
                waiting.append(chosen)
    return added


def _by_url(module: str, modparams: Modparams, library: Library) -> str:
    """`db_mysql` for a parameter that is `mysql://...`."""
    values = (values[-1] for (name, _), values in modparams.items() if name == module and values)
    schemes = (str(value).partition("://")[0].partition(":")[0] for value in values if "://" in str(value))
    return next((f"db_{scheme}" for scheme in schemes if f"db_{scheme}" in library.modules), "")


def literal(arguments: Iterable[nodes.Argument | None], index: int) -> str | None:
    """The text of an argument, where it is one without variables."""
    argument = dict(enumerate(arguments)).get(index)
    return argument.value if isinstance(argument, nodes.String) and "$" not in argument.value else None


def _specs(node: nodes.Node, library: Library) -> Iterator[VariableSpec]:
    try:
        if isinstance(node, nodes.Variable):
            yield parse_variable(node.text, library)
        elif isinstance(node, nodes.String) and "$" in node.value:
            yield from (piece for piece in parse_format(node.value, library) if isinstance(piece, VariableSpec))
    except TemplateError:  # a text that is no format, or a variable that the checker has refused
        return


def _of_call(node: nodes.Call, library: Library) -> Iterator[str]:
    """The module of a function, and those that its literal arguments name."""
    function = library.functions.get(node.name)
    if function is None:
        return
    yield function.module
    if function.params and function.params[0].name == "backend":
        backend = literal(node.arguments, 0)
        yield f"cachedb_{(backend or 'local').partition(':')[0]}"
    elif node.name == "subscribe_event":
        # virtual:POLICY takes further sockets
        for socket in (literal(node.arguments, 1) or "").split():
            yield library.transport_module(socket.partition(":")[0])
