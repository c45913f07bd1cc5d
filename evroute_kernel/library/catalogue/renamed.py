"""What scripts of earlier versions name and this version does not have, as plain immutable data."""

from __future__ import annotations

from typing import Any

from evroute_kernel.records import dataclass


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name that is gone, of kind "module", "function", "variable", "global", "modparam", "keyword" or "mi"."""

    kind: str
    name: str
    #: the module that had it; None: the core, or a module itself
    module: str | None
    #: first and last version seen with it
    versions: tuple[str, str]
    #: what took its place; None: nothing by name, the note tells
    successor: str | None = None
    #: of another kind than the name itself
    successor_kind: str | None = None
    #: where it is another than `module`
    successor_module: str | None = None
    note: str = ""
    #: how the server still takes it
    still_accepted: str = ""

    @classmethod
    def from_json(cls, fact: dict[str, Any]) -> Renamed:
        first, last = fact["in"]
        return cls(
            fact["kind"],
            fact["name"],
            fact.get("module"),
            (first, last),
            fact.get("successor"),
            fact.get("successor_kind"),
            fact.get("successor_module"),
            fact.get("note", ""),
            fact.get("still_accepted", ""),
        )
