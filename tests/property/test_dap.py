"""Whatever a client of the Debug Adapter Protocol sends is answered: any command, any arguments, in any order.

`EVROUTE_SCRIPTS=20000` tries 2,000 conversations, new ones each time.
"""

from __future__ import annotations

import io
import json
import os
import queue
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evroute_kernel import Session
from evroute_kernel.engine.dap.attached import Attached, Debugged
from evroute_kernel.engine.dap.conversation import Conversation, Publish
from evroute_kernel.engine.dap.launch import ATTACH, LAUNCH, Launch
from evroute_kernel.engine.dap.requests import Arguments, Refused
from evroute_kernel.engine.dap.stream import Stream

DEADLINE: Final = 30.0
EXAMPLES: Final = max(100, int(os.environ.get("EVROUTE_SCRIPTS", "300")) // 10)
COMMANDS: Final = (
    *("initialize", "launch", "attach", "configurationDone", "setBreakpoints", "setExceptionBreakpoints", "threads"),
    *("stackTrace", "scopes", "variables", "setVariable", "evaluate", "pause", "continue", "next", "stepIn", "stepOut"),
    *("terminate", "restart", "cancel", "source", "modules", "nonsense", ""),
)
ARGUMENTS: Final = (
    *("source", "path", "breakpoints", "line", "condition", "hitCondition", "logMessage", "filters", "threadId"),
    *("frameId", "variablesReference", "name", "value", "expression", "context", "start", "count", "startFrame"),
    *("levels", "linesStartAt1", "terminateDebuggee", "arguments", *LAUNCH, *ATTACH),
)
LEAVES: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 3, -1, 2**31, 2**63, 10**30]),
    st.floats(),
    st.sampled_from(
        ["", "x.cfg", "/x.cfg", "$var(n)", "$var(n) = 1;", "$var(", "1 == 1", "{$var(n)}", "\ud800", "\0", "E_X"]
    ),
    st.text(max_size=6),
)
VALUES: Final = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ARGUMENTS), inner, max_size=4),
    max_leaves=8,
)
REQUESTS: Final = st.fixed_dictionaries(
    {"seq": st.integers(0, 9), "type": st.just("request"), "command": st.sampled_from(COMMANDS)},
    optional={"arguments": st.dictionaries(st.sampled_from(ARGUMENTS), VALUES, max_size=5)},
)
MESSAGES: Final = st.lists(
    st.one_of(REQUESTS, REQUESTS, REQUESTS, VALUES.filter(lambda it: it is not None)), max_size=8
)


class Host:
    """Whose session is debugged."""

    def joined(self, debugged: Debugged, publish: Publish) -> None:
        pass

    def left(self, debugged: Debugged, *, is_lost: bool) -> None:
        debugged.close()

    def end(self) -> None:
        pass


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(workers=1) as opened:
        opened.load('event_route[E_X] {\n    $var(n) = 1;\n    xlog("$var(n)\\n");\n}\n', "x.cfg")
        yield opened


def hold(session: Session, messages: list[Any]) -> list[dict[str, Any]]:
    """What a client gets that sends these."""

    def attach(arguments: Arguments, client: Arguments, publish: Publish) -> Attached:
        return Attached(Debugged(session), Host(), publish)

    def launch(arguments: Arguments, client: Arguments, publish: Publish) -> Attached:
        Launch.of(arguments)
        raise Refused("nothing is launched here")

    data = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(each), each) for each in map(encoded, messages))
    written = io.BytesIO()
    Conversation(Stream(io.BytesIO(data), written), {"attach": attach, "launch": launch}).hold()
    reading, found = Stream(io.BytesIO(written.getvalue()), io.BytesIO()), list[dict[str, Any]]()
    while (message := reading.read()) is not None:
        found.append(message)
    return found


def encoded(message: Any) -> bytes:
    return json.dumps(message).encode()


@settings(
    max_examples=EXAMPLES,
    derandomize="EVROUTE_SCRIPTS" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(messages=MESSAGES, is_attached=st.booleans())
@pytest.mark.timeout(1200)
def test_each_message_is_answered(session: Session, messages: list[Any], is_attached: bool) -> None:
    first = [{"seq": i, "type": "request", "command": each} for i, each in enumerate(("initialize", "attach"))]
    sent = [*(first if is_attached else ()), *messages]
    responses = [each for each in hold(session, sent) if each["type"] == "response"]
    assert len(responses) == len(sent)
    for message, response in zip(sent, responses, strict=True):
        command = message.get("command") if isinstance(message, dict) else ""
        assert response["command"] == (command if isinstance(command, str) else "")
        assert response["success"] or response["message"]
        assert response["success"] is (response.get("message") is None)


# -- where a run stands still -----------------------------------------------------------------------------------------

#: mostly what there is: the one worker, frame and scope
NUMBERS: Final = st.sampled_from([1, 1, 1, 2, 0, -1, 2**63, True, "1", None])
NAMES: Final = st.sampled_from(
    ["$var(n)", "$rc", "event", "$param(ip)", "$avp(l)", "0", "[0]", "", "\ud800", "$shv(\0)"]
)
TEXTS: Final = st.one_of(
    st.sampled_from(["1", "$var(n)", "exit();", "$var(n) = 5;", '"x', "{", "\0", "\ud800"]), st.text()
)
STANDING: Final = st.lists(
    st.fixed_dictionaries(
        {
            "seq": st.integers(0, 9),
            "command": st.sampled_from(
                [
                    *("stackTrace", "scopes", "variables", "variables", "setVariable", "setVariable", "evaluate"),
                    *("evaluate", "setBreakpoints", "pause", "next", "stepIn", "stepOut", "threads"),
                ]
            ),
            "arguments": st.fixed_dictionaries(
                {"threadId": NUMBERS, "frameId": NUMBERS, "variablesReference": NUMBERS, "name": NAMES},
                optional={
                    "value": TEXTS,
                    "expression": TEXTS,
                    "context": st.sampled_from(["hover", "repl", "watch", 5]),
                    "start": NUMBERS,
                    "count": NUMBERS,
                    "source": st.just({"path": "x.cfg"}),
                    "breakpoints": st.lists(
                        st.fixed_dictionaries(
                            {"line": NUMBERS},
                            optional={"condition": TEXTS, "hitCondition": TEXTS, "logMessage": TEXTS},
                        ),
                        max_size=3,
                    ),
                },
            ),
        }
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=max(40, EXAMPLES // 4),
    derandomize="EVROUTE_SCRIPTS" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(messages=STANDING)
@pytest.mark.timeout(1200)
def test_whatever_is_asked_of_a_run_that_stands_still_it_ends(session: Session, messages: list[Any]) -> None:
    events: queue.Queue[dict[str, Any]] = queue.Queue()
    debugged = Debugged(session)
    debugged.publish = events.put
    debugged.adapter.handle("setBreakpoints", {"source": {"path": "x.cfg"}, "breakpoints": [{"line": 3}]})
    run = session.submit("E_X", {"ip": "192.0.2.1"})
    while events.get(timeout=DEADLINE)["event"] != "stopped":
        pass
    debugged.adapter.handle("stackTrace", {"threadId": 1})
    for message in messages:
        response = debugged.adapter.request(message)
        assert response["command"] == message["command"]
        json.dumps(response).encode()
    debugged.close()
    assert run.result(DEADLINE).ok
