"""Parameters as the server's raise_event command makes them: language manual, "$param"."""

from __future__ import annotations

from typing import Any

import pytest

from evroute_kernel.engine.events.params import ParameterError, UnknownEventError, event_params


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (7, 7),
        (2.9, 2),
        (-2.9, -2),
        (3000000000, 2**31 - 1),
        (-3e300, -(2**31)),
        (10**400, 2**31 - 1),
        (float("inf"), 2**31 - 1),
        ("", ""),
        ("Zoë", "Zo\xc3\xab"),
        (True, "true"),
        (None, "null"),
        ([1, "ö"], '[1,"\xc3\xb6"]'),
        ({"a": {"b": None}}, '{"a":{"b":null}}'),
    ],
)
def test_named(given: Any, value: int | str) -> None:
    assert event_params({"n": given}) == (("n", value),)


def test_names_keep_their_order_and_are_bytes() -> None:
    assert event_params({"b": 1, "ä": 2, 3: 4}) == (("b", 1), ("\xc3\xa4", 2), ("3", 4))


def test_a_list_gives_texts_without_names() -> None:
    assert event_params(["x", 7, 2.9, 10**12]) == ((None, "x"), (None, "7"), (None, "2"), (None, "2147483647"))
    assert event_params(str(i) for i in range(2)) == ((None, "0"), (None, "1"))
    assert event_params([]) == event_params(None) == event_params({}) == ()


@pytest.mark.parametrize("given", ["text", b"bytes", [None], [True], [[1]], {"n": object()}, {"n": float("nan")}])
def test_what_is_refused(given: Any) -> None:
    with pytest.raises(ParameterError):
        event_params(given)


def test_an_unknown_event_offers_the_nearest_one() -> None:
    near = UnknownEventError("E_PIKE_BLOKED", ["E_OTHER", "E_PIKE_BLOCKED"])
    assert str(near) == "error: no route handles the event E_PIKE_BLOKED (did you mean 'E_PIKE_BLOCKED'?)"
    catalogued = UnknownEventError("E_PIKE_BLOKED", ["E_OTHER"], ["E_PIKE_BLOCKED"])
    assert catalogued.diagnostics[0].hint == "did you mean 'E_PIKE_BLOCKED'?"
    far = UnknownEventError("E_ZZ", ["E_OTHER"])
    assert far.diagnostics[0].hint == "define event_route[E_ZZ]; handled are E_OTHER"
    assert UnknownEventError("E_ZZ", []).diagnostics[0].hint == "define event_route[E_ZZ]"
    longer = UnknownEventError("E_CALL", [], ["E_CALL_HOLD"])  # an event of one's own, which has no route yet
    assert longer.diagnostics[0].hint == "define event_route[E_CALL]"
