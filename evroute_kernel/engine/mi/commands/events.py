"""The Event Interface: raise events, subscribe to them, list what there is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from evroute_kernel.engine.delivery.interface import OutOfReachError
from evroute_kernel.engine.delivery.transports.folders import described, reaches
from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.engine.events.params import EMPTY_OBJECT, ParameterError, UnknownEventError
from evroute_kernel.engine.mi.arguments import Arguments, as_text, invalid_params
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import CommandError, Object, is_number, parse_json
from evroute_kernel.engine.state.published import published
from evroute_kernel.errors import ScriptError
from evroute_kernel.library.formats.json_merge_patch import Object as Members
from evroute_kernel.library.formats.json_merge_patch import printed
from evroute_kernel.runtime.limits import DEFAULT_EXPIRE

if TYPE_CHECKING:
    from evroute_kernel.engine.delivery.interface import SubscriberInfo
    from evroute_kernel.engine.events.params import GivenParams


@command("event_subscribe", "evi:subscribe", "event socket", "event socket expire")
def event_subscribe(management: Management, given: Arguments) -> str:
    """Subscribe a socket (`udp:127.0.0.1:9000`, `unix:/path`, `tcp:...`) to an event, for `expire` seconds.

    Without `expire` it is an hour. Subscribing a socket again renews its subscription, with `expire` 0 it ends.
    403 for a file, a `unix:` socket, or properties of `kafka:`, where the door does not let its clients have them.
    """
    expire = given.integer("expire") if "expire" in given else DEFAULT_EXPIRE
    if expire < 0:
        raise invalid_params("Negative expire value")
    event, socket = given.non_empty("event"), given.non_empty("socket")
    session = management.session
    if event not in published(session):
        raise CommandError(400, "Bad parameter value")
    try:
        session.subscribe(event, socket, expire, within=management.within)
    except OutOfReachError as error:
        raise forbidden(error.reason) from None
    except ScriptError:
        raise CommandError(400, "Bad parameter value") from None
    return "OK"


@command("events_list", "evi:list")
def events_list(management: Management, given: Arguments) -> dict[str, Any]:
    """List the events that are published, with their ids: of the core, of event routes, of loaded modules, and those
    whose names scripts give to raise_event() and subscribe_event()."""
    return {"Events": [{"name": name, "id": i} for i, name in enumerate(published(management.session))]}


@command("subscribers_list", "evi:subscribers", "", "event", "event socket")
def subscribers_list(management: Management, given: Arguments) -> dict[str, Any]:
    """List who has subscribed to which event: to all, to one, or tell of one subscriber of one event."""
    session = management.session
    names = published(session)
    if "event" not in given:
        listed = [_described(i, name, session.subscribers(name)) for i, name in enumerate(names)]
        return {"Events": [event for event in listed if event]}
    name = given.text("event")
    if name not in names:
        raise CommandError(404, "Event not published")
    found = session.subscribers(name)
    if "socket" not in given:
        return {"Event": _described(names.index(name), name, found)}
    socket = given.text("socket")
    wanted = next((s for s in found if s.socket == socket and not socket.startswith("route:")), None)
    if wanted is None:
        raise CommandError(404, "Subscriber does not exist")
    return {"Event": {"name": name, "id": names.index(name), "Subscriber": _subscriber(wanted)}}


def _described(number: int, name: str, subscribers: list[SubscriberInfo]) -> dict[str, Any]:
    if not subscribers:
        return {}
    return {"name": name, "id": number, "Subscribers": [_subscriber(s) for s in subscribers]}


def _subscriber(subscriber: SubscriberInfo) -> dict[str, Any]:
    if subscriber.expire is None:
        return {"socket": subscriber.socket, "expire": "never"}
    ttl = subscriber.ttl
    return {"socket": subscriber.socket, "expire": subscriber.expire, "ttl": ttl if ttl and ttl > 0 else "expired"}


@command("raise_event", "evi:raise", "event", "event params", array="params", is_quick=True)
def raise_event(management: Management, given: Arguments) -> str:
    """Raise an event. `OK` says that it is queued; its routes run afterwards.

    `params` is an array of texts and numbers, which become texts without names, or a text that holds a JSON object:
    its numbers become integers, its texts texts, and all else becomes its JSON text.
    """
    event = given.text("event")
    if not event:  # which a session would not even look up
        raise _unheard(management, event)
    try:
        management.raise_event(event, _event_params(given.value("params")) if "params" in given else None)
    except (UnknownEventError, GivenError):  # an empty name is one that nobody has subscribed
        raise _unheard(management, event) from None
    except ParameterError:
        raise CommandError(400, "Bad Params") from None
    except CommandError as error:
        # the server looks at the event first
        if error.code == 400 and event not in management.session.events():
            raise _unheard(management, event) from None
        raise
    return "OK"


def forbidden(reason: str) -> CommandError:
    """What this door's clients may not do."""
    return CommandError(403, "Forbidden", reason)


def _unheard(management: Management, event: str) -> CommandError:
    """Why an event that nobody has subscribed cannot be raised."""
    if event in published(management.session):
        return CommandError(480, "Temporarily Unavailable")
    return CommandError(404, "Event not registered")


def _event_params(value: Any) -> GivenParams:
    """The parameters of an event, as `Session.submit` takes them. Raises CommandError."""
    if isinstance(value, list):
        texts = [as_text(item) for item in value]
        if None in texts:
            raise CommandError(400, "Bad Params")
        return texts
    text = as_text(value)
    if text is None:
        raise CommandError(400, "No Params")
    try:
        members, _ = parse_json(text)
        if isinstance(members, Object):
            return Object([(name, _plain(item)) for name, item in members.pairs]) if members else EMPTY_OBJECT
    except (ValueError, RecursionError):  # no JSON, or nested too deeply to be written again
        pass
    raise CommandError(400, "Bad Params")


def _plain(value: Any) -> Any:
    """A member's text or number; all else as its JSON text, in which a server prints 1.5 as `1.500000`."""
    return value if isinstance(value, str) or is_number(value) else printed(_node(value))


def _node(value: Any) -> Any:
    if isinstance(value, Object):
        return Members([name, _node(item)] for name, item in value.pairs)
    return [_node(item) for item in value] if isinstance(value, list) else value


@command("evi_flat_rotate", "event_flatstore:rotate", "path_to_file", exporter="event_flatstore")
def evi_flat_rotate(management: Management, given: Arguments) -> str:
    """Close the file of a `flatstore:` subscription, and open it anew with the next event.

    403 where the door does not let its clients write that file.
    """
    path, within = given.text("path_to_file"), management.within
    if within is not None and not reaches(os.fsencode(path), within):
        raise forbidden(f"{path} is out of reach: {described(within)}")
    if not management.session.rotate_flatstore(path):
        raise CommandError(400, "File not found")
    return "OK"
