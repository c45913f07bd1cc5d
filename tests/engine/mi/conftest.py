"""A session that MI commands act on, and doors to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from evroute_kernel.engine.mi.dispatch import answer
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.server import Server
from evroute_kernel.engine.session.session import Session


@pytest.fixture
def loaded(request: pytest.FixtureRequest, session: Session) -> Session:
    """A session with the routes of the test's module."""
    session.load(request.module.SCRIPT)
    return session


@pytest.fixture
def management(loaded: Session) -> Management:
    return Management(loaded)


@pytest.fixture
def ask(management: Management) -> Callable[..., Any]:
    """`ask(method, params)`: the reply, parsed; `ask(bytes)`: as it is."""

    def ask(request: str | bytes, params: Any = None) -> Any:
        if isinstance(request, bytes):
            return answer(management, request)
        message = {"jsonrpc": "2.0", "id": 1, "method": request} | ({} if params is None else {"params": params})
        reply = answer(management, json.dumps(message).encode())
        assert reply is not None
        return json.loads(reply)

    return ask


@pytest.fixture
def server(loaded: Session) -> Iterator[Server]:
    opened = Server(loaded)
    yield opened
    opened.close()


@pytest.fixture
def open_door(server: Server, management: Management) -> Callable[..., str]:
    """`open_door(address, ...)`: the address with the port that was chosen."""

    def open_door(address: str, **options: Any) -> str:
        return server.open(address, management, **options)

    return open_door
