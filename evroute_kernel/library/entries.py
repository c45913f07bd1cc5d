"""One name of a script: its facts, as the catalogue has them, joined with what it does here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, fields
from inspect import cleandoc
from typing import Any, TypeVar

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
from evroute_kernel.library.catalogue.modules import CatalogueModule
from evroute_kernel.library.catalogue.names import CatalogueFunction, CatalogueTransformation, CatalogueVariable
from evroute_kernel.records import dataclass

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
        return cleandoc(self.behaviour.doc) if self.behaviour else self.description

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
        return cleandoc(self.behaviour.doc) or self.description


@dataclass(frozen=True, slots=True)
class Transformation(CatalogueTransformation):
    """A transformation. All that the catalogue knows have their behaviour."""

    behaviour: TransformationBehaviour = field(kw_only=True)

    @property
    def doc(self) -> str:
        return cleandoc(self.behaviour.doc)


@dataclass(frozen=True, slots=True)
class Module(CatalogueModule):
    """A module that `loadmodule` accepts."""

    check: ModparamCheck | None = None


def function(fact: CatalogueFunction) -> Function:
    return _joined(Function, fact, behaviour=FUNCTION_BEHAVIOURS.get(fact.name))


def variable(fact: CatalogueVariable) -> Variable:
    behaviour = VARIABLE_BEHAVIOURS.get(fact.name)
    return _joined(Variable, fact, behaviour=behaviour or kept(fact.name, fact.writable), stub=behaviour is None)


def transformation(fact: CatalogueTransformation) -> Transformation:
    return _joined(Transformation, fact, behaviour=TRANSFORMATION_BEHAVIOURS[fact.full_name])


def module(fact: CatalogueModule) -> Module:
    return _joined(Module, fact, check=MODPARAM_CHECKS.get(fact.name))


def _joined(kind: Callable[..., Joined], fact: Any, **more: Any) -> Joined:
    return kind(**{f.name: getattr(fact, f.name) for f in fields(fact)}, **more)
