"""The one table of what scripts can name: each function, variable, transformation and module is facts plus behaviour.

The facts are those of the catalogue, the behaviour is what `library.behaviour` has registered, or none. Checker, code
generator, completion, inspection, highlighting and documents ask these tables; they are whole once
`library.everything` is imported. A record is made when it is first asked for.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, fields
from functools import cache, lru_cache
from typing import Any, Final, TypeVar

from evroute_kernel.library import catalogue
from evroute_kernel.library.behaviour import (
    FUNCTION_BEHAVIOURS,
    MODPARAM_CHECKS,
    TRANSFORMATION_BEHAVIOURS,
    VARIABLE_BEHAVIOURS,
    FunctionBehaviour,
    ModparamCheck,
    TransformationBehaviour,
    VariableBehaviour,
    kept,
)
from evroute_kernel.library.catalogue.modules import SQL_URL, CatalogueModule, Modparams, Requirement
from evroute_kernel.library.catalogue.names import (
    CatalogueFunction,
    CatalogueTransformation,
    CatalogueVariable,
    Param,
)
from evroute_kernel.library.catalogue.on_demand import OnDemand
from evroute_kernel.records import dataclass

__all__ = [
    "ANY_ROUTE",
    "FUNCTIONS",
    "GLOBALS",
    "MODULES",
    "ROUTE_KINDS",
    "SQL_URL",
    "STATEMENTS",
    "TRANSFORMATIONS",
    "VARIABLES",
    "Function",
    "Modparams",
    "Module",
    "Param",
    "Requirement",
    "Transformation",
    "Variable",
    "also_known",
    "contexts",
    "forget",
    "transformations_of",
    "transport_module",
    "warm",
]

ROUTE_KINDS: Final = ("request", "failure", "onreply", "branch", "error", "local", "startup", "timer", "event")
ANY_ROUTE: Final = frozenset(ROUTE_KINDS)

Joined = TypeVar("Joined")


@dataclass(frozen=True, slots=True)
class Function(CatalogueFunction):
    """A function that a script can call."""

    behaviour: FunctionBehaviour | None = None

    @property
    def stub(self) -> bool:
        """A call is only recorded; see `library.stubs`."""
        return self.behaviour is None or self.behaviour.stub

    @property
    def doc(self) -> str:
        return self.behaviour.doc if self.behaviour else self.description

    @property
    def simulated_when(self) -> str:
        return self.behaviour.simulated_when if self.behaviour else ""

    @property
    def takes_rules(self) -> bool:
        """Whether `%stub` can say what a call does."""
        return self.stub or bool(self.simulated_when)


@dataclass(frozen=True, slots=True)
class Variable(CatalogueVariable):
    """A pseudo-variable."""

    behaviour: VariableBehaviour = field(kw_only=True)
    #: nobody has given it behaviour: null until it is written
    stub: bool = False

    @property
    def doc(self) -> str:
        return self.behaviour.doc or self.description


@dataclass(frozen=True, slots=True)
class Transformation(CatalogueTransformation):
    """A transformation. All that the catalogue knows have their behaviour."""

    behaviour: TransformationBehaviour = field(kw_only=True)

    @property
    def doc(self) -> str:
        return self.behaviour.doc


@dataclass(frozen=True, slots=True)
class Module(CatalogueModule):
    """A module that `loadmodule` accepts."""

    check: ModparamCheck | None = None


def _joined(kind: Callable[..., Joined], fact: Any, **more: Any) -> Joined:
    return kind(**{f.name: getattr(fact, f.name) for f in fields(fact)}, **more)


def _function(fact: CatalogueFunction) -> Function:
    return _joined(Function, fact, behaviour=FUNCTION_BEHAVIOURS.get(fact.name))


def _variable(fact: CatalogueVariable) -> Variable:
    behaviour = VARIABLE_BEHAVIOURS.get(fact.name)
    return _joined(Variable, fact, behaviour=behaviour or kept(fact.name, fact.writable), stub=behaviour is None)


def _transformation(fact: CatalogueTransformation) -> Transformation:
    return _joined(Transformation, fact, behaviour=TRANSFORMATION_BEHAVIOURS[fact.full_name])


def _module(fact: CatalogueModule) -> Module:
    return _joined(Module, fact, check=MODPARAM_CHECKS.get(fact.name))


_FACTS: Final = catalogue.of(catalogue.SERVER_VERSION)
#: names of our own, beside those of the server; see `also_known`
_OWN_FUNCTIONS: Final[dict[str, CatalogueFunction]] = {}
_OWN_VARIABLES: Final[dict[str, CatalogueVariable]] = {}
_OWN_TRANSFORMATIONS: Final[dict[str, CatalogueTransformation]] = {}


@cache
def _functions() -> Mapping[str, CatalogueFunction]:
    return ChainMap(_OWN_FUNCTIONS, _FACTS.functions)  # type: ignore[arg-type]  # nothing is written to the second


@cache
def _variables() -> Mapping[str, CatalogueVariable]:
    return ChainMap(_OWN_VARIABLES, _FACTS.variables)  # type: ignore[arg-type]


@cache
def _transformations() -> Mapping[str, CatalogueTransformation]:
    return ChainMap(_OWN_TRANSFORMATIONS, _FACTS.transformations)  # type: ignore[arg-type]


#: functions by name
FUNCTIONS: Final = OnDemand(_functions, _function)
#: what is written like a call and has a grammar of its own; facts alone
STATEMENTS: Final = OnDemand(lambda: _FACTS.statements, lambda fact: fact)
#: variables by name without `$`, aliases too
VARIABLES: Final = OnDemand(_variables, _variable)
#: transformations by their full name, such as `s.len`
TRANSFORMATIONS: Final = OnDemand(_transformations, _transformation)
#: what `loadmodule` takes, by name, and `core`
MODULES: Final = OnDemand(lambda: _FACTS.modules, _module)
#: global settings by name; facts alone
GLOBALS: Final = OnDemand(lambda: _FACTS.globals, lambda fact: fact)


@lru_cache(64)
def transformations_of(cls: str) -> list[Transformation]:
    """All transformations of a class, whose name is compared without regard to letter case."""
    head = f"{cls.lower()}."
    return [TRANSFORMATIONS[name] for name in TRANSFORMATIONS if name.startswith(head)]


@cache
def contexts() -> Mapping[str, str]:
    """Contexts of variables, such as `reply` of `$(<reply>rs)`, and the module that brings each."""
    return {context: name for name, module in MODULES.items() for context in module.contexts}


def transport_module(protocol: str) -> str:
    """The module that brings a protocol of the event interface: `event_datagram` for "udp"."""
    found = (module.name for module in MODULES.values() if protocol in module.protocols)
    return next(found, f"event_{protocol}")


def warm() -> None:
    """Read the facts that linking a route needs, so that processes forked from this one share them."""
    VARIABLES.get("var")
    transformations_of("s")


@contextmanager
def also_known(*facts: CatalogueFunction | CatalogueVariable | CatalogueTransformation) -> Iterator[None]:
    """For a while this process knows names that no server has: a test's own function, for one.

    Their behaviour is registered as that of any other name. Workers that run already do not learn of it.
    """
    for fact in facts:
        if isinstance(fact, CatalogueFunction):
            _OWN_FUNCTIONS[fact.name] = fact
        elif isinstance(fact, CatalogueVariable):
            _OWN_VARIABLES.update(dict.fromkeys((fact.name, *fact.aliases), fact))
        else:
            _OWN_TRANSFORMATIONS[fact.full_name] = fact
    forget()
    try:
        yield
    finally:
        for own in (_OWN_FUNCTIONS, _OWN_VARIABLES, _OWN_TRANSFORMATIONS):
            own.clear()
        forget()


def forget() -> None:
    """Join facts and behaviour anew when they are next asked for."""
    for table in (FUNCTIONS, VARIABLES, TRANSFORMATIONS, MODULES):
        table.forget()
    transformations_of.cache_clear()
