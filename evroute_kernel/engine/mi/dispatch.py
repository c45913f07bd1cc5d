"""From a message to its reply: find the command, bind its arguments, run it."""

from __future__ import annotations

import logging
from typing import Any, Final

from evroute_kernel.engine.mi import commands as _commands  # noqa: F401 - fills the table
from evroute_kernel.engine.mi.arguments import match
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.naming import find
from evroute_kernel.engine.mi.protocol import (
    SERVER_ERROR,
    CommandError,
    Params,
    Request,
    RequestError,
    as_request,
    error_reply,
    read_request,
    result_reply,
)
from evroute_kernel.engine.workers.supervisor import SupervisorFailed
from evroute_kernel.runtime.shared import SharedMemoryFull

_log = logging.getLogger(__name__)

#: what is said of a request that ends a real server; observed by datagram and by FIFO file
DEADLY: Final = "a request without a method, or several in an array, ends an OpenSIPS 4.0.1 with a segmentation fault"


def execute(management: Management, method: str, params: Params = None) -> Any:
    """Run a command by any of its names; its result, as JSON has it. Raises CommandError."""
    found = find(management.session, method)
    try:
        return found.run(management, match(found.recipes, params))
    except (SharedMemoryFull, SupervisorFailed) as error:
        raise CommandError(SERVER_ERROR, "Server error", str(error)) from error


def answer(management: Management, message: bytes) -> bytes | None:
    """The reply to a message; None for a notification, which gets none. Raises nothing."""
    try:
        request = read_request(message)
    except RequestError as error:
        return _refused(management, error)
    return perform(management, request)


def answer_parsed(management: Management, value: Any) -> bytes | None:
    """The reply to a message that is parsed already. Raises nothing."""
    try:
        request = as_request(value)
    except RequestError as error:
        return _refused(management, error)
    return perform(management, request)


def _refused(management: Management, error: RequestError) -> bytes:
    """The reply to what is no request. A 4.0.1 looks up the method of whatever comes by datagram or FIFO file, and dies
    where there is none: that is said to the client, and once to whoever opened the door."""
    if error.lacks_method and management.session.version == "4.0":
        management.tell_once(DEADLY)
        error = RequestError(error.code, error.message, error.identity, data=DEADLY)
    return error_reply(error, error.identity)


def read(message: bytes) -> Request | bytes:
    """The request that a message holds, or else the reply to what is none. Over HTTP, where no server dies of it."""
    try:
        return read_request(message)
    except RequestError as error:
        return error_reply(error, error.identity)


def is_quick(management: Management, request: Request) -> bool:
    """Whether a request can be performed where others wait meanwhile."""
    try:
        return find(management.session, request.method).is_quick
    except CommandError:
        return True


def perform(management: Management, request: Request) -> bytes | None:
    """The reply to a request; None for a notification. Raises nothing."""
    if management.session.version == "3.6":
        return _reply(management, request)
    with management.profile.of(request.method):
        return _reply(management, request)


def _reply(management: Management, request: Request) -> bytes | None:
    identity = request.identity
    try:
        reply = result_reply(execute(management, request.method, request.params), identity)
    except CommandError as error:
        reply = error_reply(error, identity)
    except Exception as error:  # a fault of a command must not end the door
        _log.exception("MI command %s failed", request.method)
        reply = error_reply(CommandError(SERVER_ERROR, "Server error", f"{type(error).__name__}: {error}"), identity)
    return None if request.is_notification else reply
