"""Dataclasses made quickly behave as Python's own do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any

import pytest

from evroute_kernel import records


@records.dataclass(frozen=True, slots=True)
class Ours:
    """With all that a field may have."""

    a: int
    b: str = "b"
    c: list[int] = field(default_factory=list)
    d: float = field(default=0.5, compare=False, repr=False)
    e: int = field(default=7, kw_only=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """With all that a field may have."""

    a: int
    b: str = "b"
    c: list[int] = field(default_factory=list)
    d: float = field(default=0.5, compare=False, repr=False)
    e: int = field(default=7, kw_only=True)


GIVEN: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    ((1,), {}),
    ((1, "x"), {}),
    ((1, "x", [2]), {"d": 1.5}),
    ((), {"a": 1, "e": 2}),
    ((), {}),
    ((1, "x", [2], 0.5, 3), {}),
    ((1,), {"f": 1}),
)


def outcome(kind: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
    try:
        made = kind(*positional, **named)
    except TypeError as error:
        return str(error).replace("Theirs", "Ours")
    return repr(made).replace("Theirs", "Ours"), dataclasses.astuple(made)


@pytest.mark.parametrize(("positional", "named"), GIVEN)
def test_takes_and_shows_what_pythons_own_does(positional: tuple[Any, ...], named: dict[str, Any]) -> None:
    assert outcome(Ours, positional, named) == outcome(Theirs, positional, named)


def test_every_object_has_its_own_default() -> None:
    assert Ours(1).c is not Ours(1).c


def test_fields_match_and_replace_work() -> None:
    assert [one.name for one in fields(Ours)] == [one.name for one in fields(Theirs)]  # type: ignore[arg-type]
    assert Ours.__match_args__ == Theirs.__match_args__  # type: ignore[attr-defined]
    assert replace(Ours(1), b="x") == Ours(1, "x")  # type: ignore[type-var]


def test_equal_and_hashed_by_class_and_compared_values() -> None:
    one: Any = Pair(1, "x")
    assert one == Pair(1, "x", note="other")
    assert hash(one) == hash(Pair(1, "x", note="other"))
    assert one != Pair(2, "x")
    assert one != (1, "x")
    assert one != Triple(1, "x")
    assert {one: 1}[Pair(1, "x")] == 1


@records.dataclass(frozen=True, slots=True)
class Pair:
    left: int
    right: str
    note: str = field(default="", compare=False)


@records.dataclass(frozen=True, slots=True)
class Triple(Pair):
    third: int = 3


@records.dataclass(slots=True)
class Open:
    value: int


@records.dataclass(eq=False)
class Same:
    value: int


@records.dataclass(frozen=True)
class Checked:
    value: int
    seen: list[int]

    def __post_init__(self) -> None:
        self.seen.append(self.value)

    def __repr__(self) -> str:
        return "checked"

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 5


def test_what_is_frozen_cannot_be_changed() -> None:
    one: Any = Pair(1, "x")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'left'"):
        one.left = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'left'"):
        del one.left
    assert one.left == 1


def test_what_may_change_is_no_key() -> None:
    one = Open(1)
    one.value = 2
    assert one == Open(2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_without_comparison_each_object_is_its_own() -> None:
    assert Same(1) != Same(1)
    assert len({Same(1), Same(1)}) == 2


def test_subclasses_have_all_fields() -> None:
    assert repr(Triple(1, "x")) == "Triple(left=1, right='x', note='', third=3)"
    assert Triple(1, "x", third=4) != Triple(1, "x")


def test_methods_of_the_class_stay() -> None:
    seen: list[int] = []
    assert repr(Checked(3, seen)) == "checked"
    assert seen == [3]
    assert (Checked(1, seen) == 1, hash(Checked(1, seen))) == (True, 5)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@pytest.mark.parametrize("one", [Pair(1, "x"), Triple(1, "x"), Open(2), Ours(1, c=[2])])
def test_copied_and_pickled(one: Any, copied: Any) -> None:
    assert copied(one) == one


def test_one_that_holds_itself_is_shown() -> None:
    one = Ours(1)
    one.c.append(one)  # type: ignore[arg-type]
    assert repr(one) == "Ours(a=1, b='b', c=[...], e=7)"


def test_the_text_of_a_method_is_compiled_when_the_first_object_is_made() -> None:
    """A start declares a hundred classes and more, and makes objects of half of them."""

    @records.dataclass(frozen=True)
    class Late:
        a: int

    before = vars(Late)["__init__"]
    assert not callable(before)
    assert str(inspect.signature(Late)) == "(a: 'int') -> None"
    assert inspect.isfunction(vars(Late)["__init__"])
    assert Late(1).a == 1


def test_the_method_can_be_prepared_before_any_object() -> None:
    @records.dataclass()
    class Prepared:
        a: int

    records.prepare([Prepared, Prepared, Theirs])
    assert inspect.isfunction(vars(Prepared)["__init__"])


def test_a_class_that_inherits_calls_the_method_of_its_base_though_it_is_new() -> None:
    @records.dataclass()
    class Base:
        a: int

    class Derived(Base):
        def __init__(self, a: int) -> None:
            super().__init__(a + 1)

    assert [Derived(1).a, Derived(2).a, Base(1).a] == [2, 3, 1]
