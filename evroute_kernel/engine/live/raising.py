"""Raises events on a live server, past what its `raise_event` command does to parameters that it does not expect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from evroute_kernel.engine.events.params import saturated
from evroute_kernel.engine.live.mi_client import TIMEOUT, MiClient, MiError, MiFaultError
from evroute_kernel.engine.live.subscription import server_events, unknown_event
from evroute_kernel.library.table import Library

#: what becomes of a list of parameters at subscribers that get JSON; event routes see it as it is
GARBLED: Final = (
    "parameters without names reach event routes of the server as given, but subscribers over udp, unix, tcp, rabbitmq"
    " or kafka mostly get them with empty names; name=value avoids it"
)


class LiveRaiseError(MiError):
    """An event that must not be sent as it is, or that the server does not take."""


def live_params(given: Mapping[str, Any] | list[Any] | None) -> list[Any] | str | None:
    """Parameters as `raise_event` takes them: an object goes as a text that holds it; nothing rather than `{}`.

    Raises LiveRaiseError for values that the server would deliver as garbage, or refuse.
    """
    if not given:
        return None  # an empty object is copied without having been initialised, which can crash the server
    if isinstance(given, Mapping):
        members = {name: _named(name, value) for name, value in given.items()}
        return json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    return [_unnamed(number, value) for number, value in enumerate(given, 1)]


def _named(name: str, value: Any) -> int | str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return saturated(value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # the text that the server makes of it is freed before it is used
    raise LiveRaiseError(
        f"parameter {name} is {_kind(value)}, which a server delivers as garbage",
        f"give it as text: {name}='{text}'" if "'" not in text else "give it as text",
    )


def _unnamed(number: int, value: Any) -> int | float | str:
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise LiveRaiseError(f"parameter {number} is {_kind(value)}, which the server refuses", "give it as text")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "an object" if isinstance(value, dict) else "an array"


def live_warnings(given: Mapping[str, Any] | list[Any] | None) -> Iterator[str]:
    """What a server will do to these parameters that one may not expect."""
    if not given:
        return
    if not isinstance(given, Mapping):
        yield GARBLED
        return
    for name, value in given.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and saturated(value) != value:
            yield f"parameter {name} becomes {saturated(value)}: the server takes integers of 32 bits"


def raise_live(
    client: MiClient, event: str, params: list[Any] | str | None, library: Library, timeout: float | None = None
) -> None:
    """Raise an event; `params` from `live_params`. Raises MiError. The server says nothing of what its routes do."""
    command = {"event": event} if params is None else {"event": event, "params": params}
    try:
        client.call("raise_event", command, timeout or TIMEOUT)
    except MiFaultError as error:
        raise explained(client, event, error, library) from error


def explained(client: MiClient, event: str, error: MiFaultError, library: Library) -> MiError:
    """What it means that a server does not raise an event."""
    if error.code == 404:
        return unknown_event(event, server_events(client), library)
    if error.code == 480:
        hint = f"event_route[{event}] in the server's script, or a subscriber, such as %connect events={event}"
        return LiveRaiseError(f"nothing on the server handles the event {event}", hint)
    return error
