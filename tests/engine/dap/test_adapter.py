"""The Debug Adapter Protocol, with real workers behind it."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.dap.adapter import Adapter

DEADLINE = 30.0
SCRIPT = """event_route[E_X] {
    $var(n) = 1;
    $avp(l) = 1;
    $avp(l) = "b";
    $json(doc) := "{\\"a\\": [1, {}]}";
    route(inner, 7);
    xlog("n is $var(n) $avp(l)\\n");
}
route[inner] {
    $var(n) += 1;
}
"""


class Client:
    """What a front end is, in so far as it asks and hears."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.adapter = Adapter(session, self.events.put)
        self.count = 0

    def reply(self, command: str, **arguments: Any) -> dict[str, Any]:
        self.count += 1
        asked = {"type": "request", "seq": self.count, "command": command, "arguments": arguments}
        found = self.adapter.request(asked)
        assert (found["type"], found["request_seq"], found["command"]) == ("response", self.count, command)
        return found

    def ask(self, command: str, **arguments: Any) -> Any:
        found = self.reply(command, **arguments)
        assert found["success"], found
        return found["body"]

    def refusal(self, command: str, **arguments: Any) -> str:
        found = self.reply(command, **arguments)
        assert not found["success"]
        return str(found["message"])

    def next(self, name: str) -> dict[str, Any]:
        while True:
            event = self.events.get(timeout=DEADLINE)
            if event["event"] == name:
                return dict(event["body"])

    def variables(self, frame: int, scope: str) -> dict[str, dict[str, Any]]:
        return self.below(self.scope(frame, scope))

    def scope(self, frame: int, name: str) -> int:
        found = {each["name"]: each["variablesReference"] for each in self.ask("scopes", frameId=frame)["scopes"]}
        return int(found[name])

    def below(self, reference: int) -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in self.ask("variables", variablesReference=reference)["variables"]}


@pytest.fixture
def client() -> Iterator[Client]:
    with Session(workers=2, timeout=DEADLINE) as session:
        session.load(SCRIPT, "x.cfg")
        made = Client(session)
        made.ask("initialize", adapterID="test")
        made.ask("attach")
        yield made
        made.adapter.close()


def stop_at(client: Client, *breakpoints: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    client.ask("setBreakpoints", source={"path": "x.cfg"}, breakpoints=list(breakpoints))
    client.ask("configurationDone")
    run = client.session.submit("E_X", {"ip": "192.0.2.1"})
    return run, client.next("stopped")


def test_a_session_as_a_front_end_has_it(client: Client) -> None:
    run, stopped = stop_at(client, {"line": 6})
    assert stopped == {"reason": "breakpoint", "threadId": 1, "allThreadsStopped": False}
    assert {"id": 1, "name": "worker 1"} in client.ask("threads")["threads"]
    client.ask("stepIn", threadId=1)
    client.next("stopped")
    frames = client.ask("stackTrace", threadId=1)["stackFrames"]
    assert [(frame["name"], frame["line"]) for frame in frames] == [("route[inner]", 10), ("event_route[E_X]", 6)]
    inner, outer = (frame["id"] for frame in frames)
    run_scope = client.variables(inner, "Run")
    assert (run_scope["event"]["value"], run_scope["$param(1)"]["value"]) == ("E_X", "7")
    assert client.variables(outer, "Run")["$param(ip)"]["value"] == "192.0.2.1"
    assert client.variables(inner, "Shared") == {}
    document = client.variables(inner, "Run")["$json(doc)"]
    assert document["value"] == '{"a": [1, {}]}'
    inside = client.below(document["variablesReference"])["a"]
    assert (inside["value"], inside["evaluateName"]) == ("[1, {}]", "$json(doc/a)")
    variables = client.scope(inner, "Run")
    assert client.ask("setVariable", variablesReference=variables, name="$var(n)", value="40 + 1")["value"] == "41"
    values = client.variables(inner, "Run")["$avp(l)"]
    assert values["value"] == '["b", 1]'
    told = client.ask("setVariable", variablesReference=values["variablesReference"], name="[0]", value='"c"')
    assert told["value"] == "c"
    assert client.ask("evaluate", expression="$var(n) + 1", frameId=inner)["result"] == "42"
    client.ask("stepOut", threadId=1)
    client.next("stopped")
    client.ask("next", threadId=1)
    assert [record.text for record in run.result(DEADLINE).log] == ["n is 42 c\n"]


def test_values_are_changed_in_the_tree(client: Client) -> None:
    run, _ = stop_at(client, {"line": 6})
    (frame,) = (each["id"] for each in client.ask("stackTrace", threadId=1)["stackFrames"])
    scope = client.scope(frame, "Run")
    sets: list[tuple[int, str, str, str]] = [
        (scope, "$var(n)", "10.0.0.1", "10.0.0.1"),
        (scope, "$var(n)", '"a" + "b"', "ab"),
        (scope, "$json(doc)", '"{\\"k\\": [1, {\\"x\\": 2}]}"', '{"k": [1, {"x": 2}]}'),
    ]
    for place, name, value, shown in sets:
        assert client.ask("setVariable", variablesReference=place, name=name, value=value)["value"] == shown
    document = client.below(scope)["$json(doc)"]["variablesReference"]
    array = client.below(document)["k"]["variablesReference"]
    assert client.below(array)["[0]"]["evaluateName"] == "$json(doc/k[0])"
    deep = client.below(array)["[1]"]["variablesReference"]
    assert client.ask("setVariable", variablesReference=deep, name="x", value="5")["value"] == "5"
    assert client.below(scope)["$json(doc)"]["value"] == '{"k": [1, {"x": 5}]}'
    assert client.ask("evaluate", expression="$json(doc/k[1]/x)", frameId=frame)["result"] == "5"
    values = client.ask("evaluate", expression="$avp(l)", frameId=frame, context="hover")
    assert (values["result"], client.below(values["variablesReference"])["[1]"]["value"]) == ('["b", 1]', "1")
    assert client.below(scope)["$param(ip)"]["presentationHint"] == {"attributes": ["readOnly"]}
    assert "cannot be set" in client.refusal("setVariable", variablesReference=scope, name="event", value="1")
    assert "several" in client.refusal("setVariable", variablesReference=scope, name="$avp(l)", value="1")
    assert client.refusal("setVariable", variablesReference=scope, name="$var(n)", value="$var(")
    assert client.refusal("evaluate", expression="xlog", frameId=frame, context="hover")
    client.ask("continue", threadId=1)
    assert run.result(DEADLINE).ok
    assert "gone on" in client.refusal("variables", variablesReference=scope)
    assert "no run stands still" in client.refusal("evaluate", expression="$var(n)")


def test_what_cannot_be_granted_is_refused(client: Client) -> None:
    assert client.refusal("restartFrame") == "there is no restartFrame here"
    assert "threadId" in client.refusal("continue")
    assert "does not stand still" in client.refusal("next", threadId=1)
    assert "source" in client.refusal("setBreakpoints")
    assert "line" in client.refusal("setBreakpoints", source={"path": "x"}, breakpoints=[{}])
    assert "frame" in client.refusal("scopes", frameId=9)
    for wrong in (None, [], {}, {"command": 3}, {"command": "threads", "arguments": []}, {"type": "event"}):
        reply = client.adapter.request(wrong)
        assert reply["type"] == "response"
        assert not reply["success"] or wrong == {"command": "threads", "arguments": []}


def test_faults_stand_at_the_breakpoint(client: Client) -> None:
    asked = [{"line": 5, "condition": "$var(n) =="}, {"line": 99}, {"line": 2}]
    placed = client.ask("setBreakpoints", source={"path": "x.cfg"}, breakpoints=asked)["breakpoints"]
    assert [each["verified"] for each in placed] == [False, False, True]
    assert placed[0]["message"]


def test_a_logpoint_is_output_and_disconnecting_lets_all_go_on(client: Client) -> None:
    run, _ = stop_at(client, {"line": 6}, {"line": 3, "logMessage": "n={$var(n)}"})
    client.ask("disconnect")
    assert run.result(DEADLINE).ok
    assert "initialize" in client.refusal("continue", threadId=1)


def test_a_thousand_breakpoints(client: Client) -> None:
    asked = [{"line": 1 + i % 10, "condition": f"$var(n) == {100 + i}"} for i in range(1000)]
    placed = client.ask("setBreakpoints", source={"path": "x.cfg"}, breakpoints=asked)["breakpoints"]
    assert len(placed) == 1000
    assert client.session.raise_event("E_X").ok
