"""Events and parameters that the catalogue does not know: what module parameters bring about, what comments declare.

The acc module adds parameters, rabbitmq_consumer names events. In a file, where there are no magics, a comment
`# %event declare E_X ip port:int` says what the magic says in a notebook; exported notebooks have such comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.environment import Environment
from evroute_kernel.library.catalogue.declared import DeclaredParam, EventDeclaration
from evroute_kernel.runtime.values import encode

_ACC_EVENTS: Final = ("E_ACC_CDR", "E_ACC_EVENT", "E_ACC_MISSED_EVENT")
#: `evi: tag->name; tag` among the back-ends of extra_fields and leg_fields
_EVI_FIELDS = re.compile(r"\bevi\s*:(?P<fields>[^:]*?)(?=\b\w+\s*:|$)")
_DECLARED = re.compile(r"^[ \t]*#[ \t]*%event[ \t]+declare[ \t]+(?P<declaration>[^\r\n]+)", re.MULTILINE)
#: what ends a string, or a line of one that is not closed
_QUOTE = re.compile(r"[\"'\n]")
_EVENT_NAME = re.compile(r"\bevent\s*=\s*(?P<name>[^;\s]+)")


def configured_events(
    script: nodes.Script, environment: Environment, hidden: Sequence[str] = ()
) -> dict[str, EventDeclaration]:
    """Declarations that follow from `modparam`, in this text or in those before it, and those in its comments.

    Strings in what is `hidden` are taken as values too: there may be a `modparam` that could not be read.
    """
    maybe = [piece for text in hidden for piece in _QUOTE.split(text) if "ev" in piece]
    consumed = [*_values(script, environment, "rabbitmq_consumer", "connection_id"), *maybe]
    found = {name: EventDeclaration(name, (DeclaredParam("body"),)) for name in _consumed(consumed)}
    extra = [v for p in ("extra_fields", "leg_fields") for v in _values(script, environment, "acc", p)]
    fields = tuple(DeclaredParam(name) for name in dict.fromkeys(_accounted([*extra, *maybe])))
    if fields:
        found |= {name: EventDeclaration(name, fields, open=True) for name in _ACC_EVENTS}
    return found | {declared.name: declared for declared in _declared(script)}


def _accounted(values: Sequence[str]) -> Iterator[str]:
    for value in values:
        for backend in _EVI_FIELDS.finditer(value):
            names = (field.rpartition("->")[2].strip() for field in backend["fields"].split(";"))
            yield from filter(None, names)


def _declared(script: nodes.Script) -> Iterator[EventDeclaration]:
    """What comments declare; one that cannot be understood is a comment and nothing else."""
    text = script.span.source.text
    for found in _DECLARED.finditer(text) if "%event" in text else ():
        try:
            yield EventDeclaration.parse(encode(found["declaration"]))
        except ValueError:
            continue


def _consumed(values: Sequence[str]) -> Iterator[str]:
    for value in values:
        for found in _EVENT_NAME.finditer(value):
            yield found["name"]


_NODE_ID: Final = re.compile(r"\bnode_id\s*=\s*(?P<id>[0-9]+)")


def configured_nodes(script: nodes.Script, environment: Environment) -> frozenset[int]:
    """The numbers of the nodes of the cluster: those of the notebook, or those that parameters name where no database
    does; nothing where that is not known."""
    if environment.nodes:
        return environment.nodes
    if [*_values(script, environment, "clusterer", "db_mode")][-1:] != ["0"]:
        return frozenset()
    own = [*_values(script, environment, "clusterer", "my_node_id")][-1:]
    others = _values(script, environment, "clusterer", "neighbor_node_info")
    found = {int(match["id"]) for text in others for match in _NODE_ID.finditer(text)}
    return frozenset(found | {int(id) for id in own if id.isdecimal()}) if found else frozenset()


def _values(script: nodes.Script, environment: Environment, module: str, parameter: str) -> Iterator[str]:
    for given in environment.modparams.get((module, parameter), ()):
        yield str(given)
    for item in script.items:
        if isinstance(item, nodes.ModParam) and (item.module, item.name) == (module, parameter):
            yield str(item.value)
