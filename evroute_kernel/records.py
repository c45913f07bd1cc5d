"""Dataclasses that cost little to declare.

A start of the program declares more than a hundred of them, and Python's own decorator takes 0.4 ms for each: it
writes the text of six methods and compiles them one by one. Here the text of `__init__` alone is compiled, because its
parameters differ, and only when the first object is made; the other methods are the same for all classes. A field with
`init=False` gets its value from `__post_init__`. The fields are Python's: `fields`, `replace`, `astuple`, `field(...)`,
`match` and `isinstance` of its protocol work as ever. Imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, FrozenInstanceError, field, fields
from dataclasses import dataclass as _fields_of
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(field_specifiers=(field,))
def dataclass(
    *, frozen: bool = False, slots: bool = False, eq: bool = True, kw_only: bool = False, weakref_slot: bool = False
) -> Callable[[type[T]], type[T]]:
    """`dataclasses.dataclass` with the options that are in use here, and what they mean there."""

    def declare(kind: type[T]) -> type[T]:
        kind.__doc__ = kind.__doc__ or kind.__name__  # else a signature is worked out, which takes longer than all this
        options = {"slots": slots, "kw_only": kw_only, "weakref_slot": weakref_slot}
        made = _fields_of(init=False, repr=False, eq=False, **options)(kind)
        own = kind.__dict__
        made.__init__ = _Initialiser(made, frozen)  # type: ignore[assignment]
        methods: list[Callable[..., Any]] = [] if "__repr__" in own else [_repr]
        methods += _comparing(made, frozen, own) if eq else []
        methods += [_refuse_set, _refuse_delete] if frozen else []
        methods += [_state, _set_state] if frozen and slots else []
        for method in methods:
            setattr(made, method.__name__, method)
        if eq and not frozen and "__hash__" not in own:
            made.__hash__ = None  # type: ignore[assignment]  # what changes is no key
        return made

    return declare


def prepare(kinds: Iterable[type]) -> None:
    """Compile now what else the first object of each class would: for those who may lack time or memory then."""
    for kind in kinds:
        method = kind.__dict__.get("__init__")
        if isinstance(method, _Initialiser):
            method.__get__(None, kind)


class _Initialiser:
    """`__init__` before the first object is made: whoever asks for it gets the method, which stands there from then on.

    Of the classes that a start declares half make no object in it, and nearly all time of a declaration goes here.
    """

    __slots__ = ("_frozen", "_kind")

    def __init__(self, kind: type, frozen: bool) -> None:
        self._kind = kind
        self._frozen = frozen

    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., None]:
        made = _initialiser(self._kind, self._frozen)
        self._kind.__init__ = made  # type: ignore[misc]
        return made if instance is None else made.__get__(instance)


def _initialiser(kind: type, frozen: bool) -> Callable[..., None]:
    """`__init__`, whose defaults are fetched from its own globals."""
    known: dict[str, Any] = {"put": object.__setattr__, "absent": MISSING}
    positional, named, body = ["self"], list[str](), list[str]()
    for one in fields(kind):
        if not one.init:  # `__post_init__` gives it a value
            continue
        parameter, value = _parameter(one, known)
        (named if one.kw_only else positional).append(parameter)
        body.append(f"put(self, {one.name!r}, {value})" if frozen else f"self.{one.name} = {value}")
    if hasattr(kind, "__post_init__"):
        body.append("self.__post_init__()")
    head = ", ".join([*positional, *(["*", *named] if named else [])])
    exec(f"def __init__({head}):\n " + "\n ".join(body or ["pass"]), known)
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{kind.__qualname__}.__init__"
    made.__annotations__ = {**{one.name: one.type for one in fields(kind)}, "return": None}
    return made


def _parameter(one: Field[Any], known: dict[str, Any]) -> tuple[str, str]:
    """A field as parameter, and the value that it gets."""
    name, default = one.name, f"default_{one.name}"
    if one.default_factory is not MISSING:
        known[default] = one.default_factory
        return f"{name}=absent", f"{default}() if {name} is absent else {name}"
    if one.default is not MISSING:
        known[default] = one.default
        return f"{name}={default}", name
    return name, name


def _comparing(kind: type, frozen: bool, own: Any) -> list[Callable[..., Any]]:
    """Equal is what has the same class and the same values."""
    names = [one.name for one in fields(kind) if one.compare]
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def __eq__(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(values(self))

    is_hashed = own.get("__hash__") is not None  # a class with its own __eq__ has None there
    return [*([] if "__eq__" in own else [__eq__]), *([__hash__] if frozen and not is_hashed else [])]


@recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse_set(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for one, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)


_repr.__name__ = "__repr__"
_refuse_set.__name__, _refuse_delete.__name__ = "__setattr__", "__delattr__"
_state.__name__, _set_state.__name__ = "__getstate__", "__setstate__"
