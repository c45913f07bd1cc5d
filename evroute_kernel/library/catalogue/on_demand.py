"""A table whose records are made when they are first asked for: who needs three of six hundred makes three."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar, overload

Raw = TypeVar("Raw")
Record = TypeVar("Record")
T = TypeVar("T")


class OnDemand(Mapping[str, Record], Generic[Raw, Record]):
    """`make` turns what `raw()` holds under a name into the record of that name; names with one raw item share it."""

    def __init__(self, raw: Callable[[], Mapping[str, Raw]], make: Callable[[Raw], Record]) -> None:
        self._raw = raw
        self._make = make
        self._by_name: dict[str, Record] = {}
        #: identity of a raw item -> the item, which keeps it from another's use, and its record
        self._made: dict[int, tuple[Raw, Record]] = {}

    def __getitem__(self, name: str) -> Record:
        found = self._by_name.get(name)
        if found is None:
            raw = self._raw()[name]
            if id(raw) not in self._made:
                self._made[id(raw)] = raw, self._make(raw)
            found = self._by_name[name] = self._made[id(raw)][1]
        return found

    @overload
    def get(self, name: str, /) -> Record | None: ...

    @overload
    def get(self, name: str, /, default: Record | T) -> Record | T: ...

    def get(self, name: str, /, default: Any = None) -> Any:
        # as Mapping has it, without the detour: names are looked up all the time
        found = self._by_name.get(name)
        return super().get(name, default) if found is None else found

    def __contains__(self, name: Any) -> bool:
        return name in self._by_name or name in self._raw()

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw())

    def __len__(self) -> int:
        return len(self._raw())

    def forget(self) -> None:
        """Make every record anew when it is next asked for."""
        self._by_name.clear()
        self._made.clear()
