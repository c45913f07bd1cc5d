"""What a real OpenSIPS 4.0.1 answered, in the order of its requests, byte for byte.

Left out: commands that are not served here, and what a reply tells of the server itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.mi.dispatch import DEADLY, answer, answer_parsed
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.naming import find, served
from evroute_kernel.engine.mi.protocol import CommandError, parse_json
from evroute_kernel.engine.session.session import Session

RECORDED = json.loads((Path(__file__).parent / "recorded-4.0.json").read_text())
MODULES = [name for name in RECORDED["modules"] if f'loadmodule "{name}.so"' not in RECORDED["script"]]
#: the recording server had a route of its own
OWN_ROUTE = "event_route[E_ORACLE_DONE] { exit; }\n"
SCRIPT = "\n".join([*(f'loadmodule "{name}.so"' for name in MODULES), RECORDED["script"]])
SCRIPT = SCRIPT.replace("event_route[", f"{OWN_ROUTE}event_route[", 1)

#: what tells of the server itself: its times, command line, folder and processes
OF_ITSELF = frozenset({"core:uptime", "core:version", "core:arg", "core:pwd", "core:ps", "core:log_level"})
#: that of statistics tells what the server counts itself, unless some are asked for
COUNTED = frozenset({"statistics:list"})


@pytest.fixture(scope="module")
def management() -> Iterator[Management]:
    with Session(workers=1, version="4.0") as session:
        session.load(SCRIPT, name="case.cfg")
        yield Management(session)


def is_served(management: Management, name: str) -> bool:
    """Whether a name is that of a command here, or of nothing, or of several."""
    try:
        find(management.session, name)
    except CommandError as error:
        return not (error.data or "").endswith("is not served here")
    return True


def can_be_compared(management: Management, request: dict[str, Any]) -> bool:
    method, params = request["method"], request.get("params")
    if not is_served(management, method):
        return False
    try:
        full_name = find(management.session, method).full_name
    except CommandError:
        return True
    if full_name in ("core:which", "core:help") and params:  # they tell of another command
        (name, *_) = params.values() if isinstance(params, dict) else params
        return is_served(management, str(name))
    return full_name not in OF_ITSELF and (full_name not in COUNTED or params is not None)


def comparable(request: dict[str, Any], reply: str) -> str:
    """A reply without what differs from run to run; of lists what is served here, of processes the first, of help no
    words, for they are our own."""
    reply = re.sub(r'"(PID|ttl)":\d+', r'"\1":0', reply)
    found = json.loads(reply)
    result = found.get("result")
    if isinstance(result, list) and request["method"].endswith("which") and isinstance(result[0], str):
        listed = [command.full_name for command in served("4.0")]
        found["result"] = [name for name in result if name in listed]
    elif isinstance(result, dict) and "Processes" in result:
        del result["Processes"][1:]
    elif isinstance(result, dict) and "Help" in result:
        result["Help"] = ""
    else:
        return reply
    return json.dumps(found, separators=(",", ":"))


def test_replies_are_those_of_the_server(management: Management) -> None:
    compared, different = 0, []
    for text, reply in RECORDED["requests"]:
        request = json.loads(text)
        if not can_be_compared(management, request):
            continue
        here = (answer(management, text.encode()) or b"").decode()
        compared += 1
        if comparable(request, here) != comparable(request, reply):
            different.append((text, reply, here))
    assert different == []
    assert compared > 220


def test_what_is_not_served_is_told_by_its_full_name(management: Management) -> None:
    error = json.loads(answer(management, b'{"jsonrpc":"2.0","method":"t_uac_dlg","id":1}') or b"")["error"]
    assert error == {"code": -32601, "message": "Method not found", "data": "tm:uac_dlg is not served here"}


@pytest.mark.parametrize(("door", "message", "reply", "is_crash"), RECORDED["raw"])
def test_raw_requests(management: Management, door: str, message: str, reply: str | None, is_crash: bool) -> None:
    """What ends the server is answered with an error that says so; what is no JSON with one, by every door."""
    if message == "not json":
        reply = '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}'
    here = answered(management, door, message)
    if is_crash:
        error = json.loads(here or "")["error"]
        assert error == {"code": -32600, "message": "Invalid Request", "data": DEADLY}
    elif '"method":"version"' in message or "core:version" in message:  # its words are our own
        assert without_version(here) == without_version(reply)
    else:
        assert here == reply


def answered(management: Management, door: str, message: str) -> str | None:
    """The reply by way of a door: FIFO files take JSON apart themselves."""
    if door == "fifo" and message != "not json":
        reply = answer_parsed(management, parse_json(message)[0])
    else:
        reply = answer(management, message.encode())
    return None if reply is None else reply.decode()


def without_version(reply: str | None) -> str | None:
    return reply and re.sub(r"OpenSIPS \(4\.0[^ ]*", "OpenSIPS", reply)


def test_the_one_who_opened_a_door_is_told_once() -> None:
    told: list[str] = []
    with Session(workers=1, version="4.0") as session:
        management = Management(session, tell=told.append)
        for message in (b"[]", b'{"jsonrpc":"2.0","id":1}', b"[]"):
            answer(management, message)
    assert told == [DEADLY]


def test_under_3_6_nothing_is_said() -> None:
    told: list[str] = []
    with Session(workers=1) as session:
        reply = answer(Management(session, tell=told.append), b"[]")
    assert reply == b'{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}'
    assert told == []
