"""Events and parameters that module parameters bring about: what the acc module adds, what rabbitmq_consumer names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.environment import Environment
from evroute_kernel.library.catalogue.declared import DeclaredParam, EventDeclaration

_ACC_EVENTS: Final = ("E_ACC_CDR", "E_ACC_EVENT", "E_ACC_MISSED_EVENT")
#: `evi: tag->name; tag` among the back-ends of extra_fields and leg_fields
_EVI_FIELDS = re.compile(r"\bevi\s*:(?P<fields>[^:]*?)(?=\w+\s*:|$)")
_EVENT_NAME = re.compile(r"\bevent\s*=\s*(?P<name>[^;\s]+)")


def configured_events(script: nodes.Script, environment: Environment) -> dict[str, EventDeclaration]:
    """Declarations that follow from `modparam`, in this text or in those before it."""
    found = {name: EventDeclaration(name, (DeclaredParam("body"),)) for name in _consumed(script, environment)}
    fields = tuple(DeclaredParam(name) for name in dict.fromkeys(_accounted(script, environment)))
    if fields:
        found |= {name: EventDeclaration(name, fields, open=True) for name in _ACC_EVENTS}
    return found


def _accounted(script: nodes.Script, environment: Environment) -> Iterator[str]:
    for parameter in ("extra_fields", "leg_fields"):
        for value in _values(script, environment, "acc", parameter):
            for backend in _EVI_FIELDS.finditer(value):
                names = (field.rpartition("->")[2].strip() for field in backend["fields"].split(";"))
                yield from filter(None, names)


def _consumed(script: nodes.Script, environment: Environment) -> Iterator[str]:
    for value in _values(script, environment, "rabbitmq_consumer", "connection_id"):
        for found in _EVENT_NAME.finditer(value):
            yield found["name"]


def _values(script: nodes.Script, environment: Environment, module: str, parameter: str) -> Iterator[str]:
    for given in environment.modparams.get((module, parameter), ()):
        yield str(given)
    for item in script.items:
        if isinstance(item, nodes.ModParam) and (item.module, item.name) == (module, parameter):
            yield str(item.value)
