"""Facts about events, as plain immutable data."""

from __future__ import annotations

from typing import Any, Literal

from evroute_kernel.errors import near_misses
from evroute_kernel.records import dataclass


@dataclass(frozen=True, slots=True)
class EventParam:
    """One parameter of an event. `sample` is a value the server could send; `values` lists all, where there are few."""

    name: str
    type: Literal["int", "string"]
    description: str
    sample: int | str
    optional: bool = False
    values: tuple[int | str, ...] = ()
    #: may hold what an earlier event of the same process left
    stale: bool = False


@dataclass(frozen=True, slots=True)
class ExtraParams:
    """Parameters that a server's configuration adds to an event, between the two named ones (None: at the end)."""

    after: str | None
    before: str | None
    type: str
    configured_by: str
    description: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the core or of a module, with its parameters in the order they are sent."""

    name: str
    module: str
    description: str
    params: tuple[EventParam, ...]
    #: whether configuration can add parameters or change their order
    dynamic: bool = False
    extra_params: ExtraParams | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> Event:
        params = tuple(EventParam(**{**p, "values": tuple(p.get("values", ()))}) for p in fact["params"])
        extra = fact.get("extra_params")
        return cls(
            fact["name"],
            fact["module"],
            fact["description"],
            params,
            fact["dynamic"],
            ExtraParams(**extra) if extra else None,
            tuple(fact.get("notes", ())),
        )

    def param(self, name: str) -> EventParam | None:
        """The parameter of exactly this name; letter case counts, as it does in `$param(name)`."""
        return next((p for p in self.params if p.name == name), None)

    def near_params(self, name: str, count: int = 3) -> list[str]:
        """Names of parameters that `name` may have been meant for, best first: `ip` for `src_ip` too."""
        known = [p.name for p in self.params]
        found = near_misses(name, known, count)
        words = set(name.lower().split("_"))
        found += [k for k in known if k not in found and words & set(k.lower().split("_"))]
        return found[:count]

    @property
    def signature(self) -> str:
        """`E_X(ip, port:int, [reason])`: strings carry no type."""
        parts = (p.name if p.type == "string" else f"{p.name}:int" for p in self.params)
        shown = (f"[{part}]" if p.optional else part for p, part in zip(self.params, parts, strict=True))
        return f"{self.name}({', '.join(shown)})"
