"""Events and parameters that the catalogue does not know: what module parameters bring about, what comments declare.

The acc module adds parameters, rabbitmq_consumer names events. In a file, where there are no magics, a comment
`# %event declare E_X ip port:int` says what the magic says in a notebook; exported notebooks have such comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.environment import Environment
from evroute_kernel.library.catalogue.declared import DeclaredParam, EventDeclaration
from evroute_kernel.runtime.values import encode

_ACC_EVENTS: Final = ("E_ACC_CDR", "E_ACC_EVENT", "E_ACC_MISSED_EVENT")
#: `evi: tag->name; tag` among the back-ends of extra_fields and leg_fields
_EVI_FIELDS = re.compile(r"\bevi\s*:(?P<fields>[^:]*?)(?=\w+\s*:|$)")
_DECLARED = re.compile(r"^[ \t]*#[ \t]*%event[ \t]+declare[ \t]+(?P<declaration>[^\r\n]+)", re.MULTILINE)
_EVENT_NAME = re.compile(r"\bevent\s*=\s*(?P<name>[^;\s]+)")


def configured_events(script: nodes.Script, environment: Environment) -> dict[str, EventDeclaration]:
    """Declarations that follow from `modparam`, in this text or in those before it, and those in its comments."""
    found = {name: EventDeclaration(name, (DeclaredParam("body"),)) for name in _consumed(script, environment)}
    fields = tuple(DeclaredParam(name) for name in dict.fromkeys(_accounted(script, environment)))
    if fields:
        found |= {name: EventDeclaration(name, fields, open=True) for name in _ACC_EVENTS}
    return found | {declared.name: declared for declared in _declared(script)}


def _accounted(script: nodes.Script, environment: Environment) -> Iterator[str]:
    for parameter in ("extra_fields", "leg_fields"):
        for value in _values(script, environment, "acc", parameter):
            for backend in _EVI_FIELDS.finditer(value):
                names = (field.rpartition("->")[2].strip() for field in backend["fields"].split(";"))
                yield from filter(None, names)


def _declared(script: nodes.Script) -> Iterator[EventDeclaration]:
    """What comments declare; one that cannot be understood is a comment and nothing else."""
    for found in _DECLARED.finditer(script.span.source.text):
        try:
            yield EventDeclaration.parse(encode(found["declaration"]))
        except ValueError:
            continue


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
