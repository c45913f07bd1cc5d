"""Raising on a live server: parameters in the form that it takes, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from evroute_kernel.engine.live.addresses import MiAddress
from evroute_kernel.engine.live.mi_client import MiClient, MiError
from evroute_kernel.engine.live.mi_transports import open_client
from evroute_kernel.engine.live.raising import LiveRaiseError, live_params, live_warnings, raise_live
from evroute_kernel.library import table
from support.live_server import LiveServer


@pytest.fixture
def client(server: LiveServer) -> Iterator[MiClient]:
    with closing(open_client(MiAddress.parse(server.mi))) as opened:
        yield opened


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, None),
        ({}, None),
        ([], None),
        ({"ip": "192.0.2.1", "n": 7}, '{"ip":"192.0.2.1","n":7}'),
        ({"n": 7.9, "m": 3_000_000_000}, '{"n":7,"m":2147483647}'),
        ({"t": '{"a": 1}'}, '{"t":"{\\"a\\": 1}"}'),
        (["x", 7], ["x", 7]),
    ],
)
def test_parameters_as_the_server_takes_them(given: Any, sent: Any) -> None:
    assert live_params(given) == sent


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": 1, "t": {"b": 1}}, "parameter t is an object"),
        ({"t": [1]}, "parameter t is an array"),
        ({"t": True}, "parameter t is true"),
        ({"t": None}, "parameter t is null"),
        (["x", None], "parameter 2 is null"),
        ([[1]], "parameter 1 is an array"),
    ],
)
def test_what_a_server_would_garble_is_refused(given: Any, message: str) -> None:
    with pytest.raises(LiveRaiseError, match=message) as found:
        live_params(given)
    assert "as text" in str(found.value.hint)


def test_warnings() -> None:
    assert list(live_warnings({"a": 1, "b": "x"})) == []
    assert "becomes 2147483647" in next(live_warnings({"a": 2**40}))
    assert "empty names" in next(live_warnings(["x"]))


def test_the_servers_refusals_are_explained(client: MiClient, server: LiveServer) -> None:
    with pytest.raises(MiError, match="does not know the event E_PIKE") as found:
        raise_live(client, "E_PIKE_BLOCK", None, table.of("3.6"))
    assert found.value.hint == "did you mean 'E_PIKE_BLOCKED'?"
    with pytest.raises(LiveRaiseError, match="nothing on the server handles the event E_A"):
        raise_live(client, "E_A", None, table.of("3.6"))
    server.call("event_subscribe", event="E_A", socket="udp:127.0.0.1:9")
    raise_live(client, "E_A", live_params({"n": 1}), table.of("3.6"))
