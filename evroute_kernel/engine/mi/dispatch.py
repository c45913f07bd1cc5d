"""From a message to its reply: find the command, bind its arguments, run it."""

from __future__ import annotations

import logging
from typing import Any

from evroute_kernel.engine.mi import commands as _commands  # noqa: F401 - fills the table
from evroute_kernel.engine.mi.arguments import match
from evroute_kernel.engine.mi.declaration import find
from evroute_kernel.engine.mi.management import Management
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


def execute(management: Management, method: str, params: Params = None) -> Any:
    """Run a command by any of its names; its result, as JSON has it. Raises CommandError."""
    found = find(method)
    try:
        return found.run(management, match(found.recipes, params))
    except (SharedMemoryFull, SupervisorFailed) as error:
        raise CommandError(SERVER_ERROR, "Server error", str(error)) from error


def answer(management: Management, message: bytes) -> bytes | None:
    """The reply to a message; None for a notification, which gets none. Raises nothing."""
    request = read(message)
    return request if isinstance(request, bytes) else perform(management, request)


def answer_parsed(management: Management, value: Any) -> bytes | None:
    """The reply to a message that is parsed already. Raises nothing."""
    try:
        request = as_request(value)
    except RequestError as error:
        return error_reply(error, error.identity)
    return perform(management, request)


def read(message: bytes) -> Request | bytes:
    """The request that a message holds, or else the reply to what is none."""
    try:
        return read_request(message)
    except RequestError as error:
        return error_reply(error, error.identity)


def is_quick(request: Request) -> bool:
    """Whether a request can be performed where others wait meanwhile."""
    try:
        return find(request.method).is_quick
    except CommandError:
        return True


def perform(management: Management, request: Request) -> bytes | None:
    """The reply to a request; None for a notification. Raises nothing."""
    identity = request.identity
    try:
        reply = result_reply(execute(management, request.method, request.params), identity)
    except CommandError as error:
        reply = error_reply(error, identity)
    except Exception as error:  # a fault of a command must not end the door
        _log.exception("MI command %s failed", request.method)
        reply = error_reply(CommandError(SERVER_ERROR, "Server error", f"{type(error).__name__}: {error}"), identity)
    return None if request.is_notification else reply
