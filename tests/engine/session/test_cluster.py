"""Nodes of a cluster: sessions that send each other messages."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import wait
from time import monotonic
from typing import Any

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.cluster.member import NodeDownError
from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.engine.mi.dispatch import answer
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.session.cluster import Cluster, UnknownNodeError

DEADLINE = 20
HEAR = 'event_route[E_CLUSTERER_REQ_RECEIVED] { xlog("got [$param(msg)] of $param(src_id)"); }\n'
ANSWER = 'event_route[E_CLUSTERER_REQ_RECEIVED] { cluster_send_rpl(1, $param(src_id), "yes", $param(tag)); }\n'
STATES = 'event_route[E_CLUSTERER_NODE_STATE_CHANGED] { xlog("$param(node_id) is $param(new_state)"); }\n'
SEND = 'event_route[E_GO] { cluster_send_req(1, 2, "hello", $shv(t)); xlog("rc $rc"); }\n'


@pytest.fixture
def cluster() -> Iterator[Cluster[Session]]:
    with Session.cluster(["a", "b"], workers=1) as opened:
        yield opened


def texts(session: Session) -> list[str]:
    return [record.text for record in session.log if not record.diagnostic]


def diagnostics(session: Session) -> list[str]:
    return [record.text for record in session.log if record.diagnostic]


def mi(session: Session, method: str, **params: Any) -> Any:
    """The result, or the error, when all that came of it has ended."""
    raised: list[Any] = []
    management = Management(session, watch=raised.append)
    request = {"jsonrpc": "2.0", "method": method, "id": 1, "params": params}
    reply = json.loads(answer(management, json.dumps(request).encode()) or b"")
    assert not wait(raised, DEADLINE).not_done
    return reply.get("result", reply.get("error"))


# -- messages -------------------------------------------------------------------------------------------------------


def test_a_run_tells_what_it_led_to_elsewhere(cluster: Cluster[Session]) -> None:
    cluster["b"].load(ANSWER)
    cluster["a"].load(
        SEND + 'event_route[E_CLUSTERER_RPL_RECEIVED] { if ($param(tag) == $shv(t)) xlog("$param(msg)"); }'
    )
    run = cluster["a"].raise_event("E_GO")
    assert run.ok
    asked, answered = run.messages
    assert (asked.sender, asked.receiver, asked.event, asked.msg) == ("a", "b", "E_CLUSTERER_REQ_RECEIVED", "hello")
    assert (answered.sender, answered.receiver, answered.msg) == ("b", "a", "yes")
    assert re.fullmatch("1-1-[A-Za-y1-6]{24}", asked.tag)
    assert asked.tag == answered.tag
    assert answered.run is not None
    assert [record.text for record in answered.run.log] == ["yes"]
    assert [(node, record.text) for node, record in cluster.log] == [("a", "rc 1"), ("a", "yes")]
    assert [message.msg for message in cluster.messages] == ["hello", "yes"]


def test_what_fails_elsewhere_is_not_well(cluster: Cluster[Session]) -> None:
    cluster["b"].load("event_route[E_CLUSTERER_REQ_RECEIVED] { while (1) { $var(i) = 1; } }", name="b.cfg")
    cluster["b"].settings["max_while_loops"] = 2**31 - 1
    cluster["a"].load(SEND)
    run = cluster["a"].raise_event("E_GO", timeout=0.5)
    assert run.error is not None
    assert run.error.cause == "timed out"
    (message,) = run.messages
    assert message.run is not None
    assert message.run.error is not None
    assert message.run.error.cause == "timed out"


def test_each_node_has_its_own_memory(cluster: Cluster[Session]) -> None:
    for name in cluster:
        cluster[name].load(
            'loadmodule "cachedb_local.so"\n'
            f'event_route[E_SET] {{ $shv(x) = "{name}"; cache_store("local", "k", "{name}"); }}'
            'event_route[E_SHOW] { cache_fetch("local", "k", $var(v)); xlog("$shv(x) $var(v)"); }'
        )
    cluster["a"].raise_event("E_SET")
    assert [cluster[name].raise_event("E_SHOW").log[0].text for name in cluster] == ["a a", "0 <null>"]


def test_a_message_that_no_route_handles(cluster: Cluster[Session]) -> None:
    cluster["a"].load(SEND)
    run = cluster["a"].raise_event("E_GO")
    assert run.ok
    assert [record.text for record in run.log] == ["rc 1"]
    assert run.messages[0].run is None


def test_without_a_cluster_all_is_a_stub() -> None:
    with Session(workers=1) as session:
        session.load(
            'loadmodule "clusterer.so"\nevent_route[E_GO] { cluster_send_req(1, 2, "x"); xlog("rc $rc");'
            ' $cluster.sh_tag(vip/1) = "x"; xlog("$cluster.sh_tag(vip/1)"); }'
        )
        run = session.raise_event("E_GO")
        assert [record.text for record in run.log if not record.diagnostic] == ["rc -1", "x"]
        assert [call.name for call in session.stub_calls] == ["cluster_send_req"]
        assert mi(session, "cluster_list_shtags")["message"] == "Method not found"


def test_nodes_that_ask_each_other_for_ever_have_an_end(cluster: Cluster[Session]) -> None:
    for name, other in (("a", 2), ("b", 1)):
        cluster[name].load(f'event_route[E_CLUSTERER_REQ_RECEIVED] {{ cluster_send_req(1, {other}, "again"); }}\n')
    cluster["a"].load(SEND)
    run = cluster["a"].submit("E_GO", timeout=1).result(DEADLINE)
    assert run.error is not None
    assert "messages of it still went from node to node" in run.error.message


def test_an_interrupt_ends_what_runs_elsewhere(cluster: Cluster[Session]) -> None:
    cluster["b"].load(HEAR.replace("{ xlog", "{ $shv(on) = 1; sleep(60); xlog"))
    cluster["a"].load(SEND)
    future = cluster["a"].submit("E_GO", origin="mine")
    while not cluster["b"].shared.get("shv", "on"):
        assert not future.done()
    assert cluster["a"].interrupt("another") == 0
    assert cluster["a"].interrupt("mine") >= 1  # its own route may have ended
    run = future.result(DEADLINE)
    assert run.messages[0].run is not None
    assert run.messages[0].run.error is not None
    assert run.messages[0].run.error.cause == "interrupted"


def test_a_worker_that_dies_costs_its_run(cluster: Cluster[Session]) -> None:
    cluster["b"].load(HEAR.replace("{ xlog", '{ if ($param(msg) == "die") { $shv(on) = $pp; sleep(60); } xlog'))
    cluster["a"].load('event_route[E_GO] { cluster_send_req(1, 2, "die"); cluster_send_req(1, 2, "live"); }')
    future = cluster["a"].submit("E_GO")
    while not (process := cluster["b"].shared.get("shv", "on")):
        assert not future.done()
    os.kill(int(process), signal.SIGKILL)
    run = future.result(DEADLINE)
    died, lived = run.messages
    assert died.run is not None
    assert died.run.error is not None
    assert died.run.error.cause == "worker died"
    assert lived.run is not None
    assert [record.text for record in lived.run.log] == ["got [live] of 1"]


# -- codes ----------------------------------------------------------------------------------------------------------


def test_broadcast_says_down_only_if_all_are() -> None:
    with Session.cluster(["a", "b", "c"], workers=1) as cluster:
        cluster["a"].load('event_route[E_GO] { cluster_broadcast_req(1, "x"); xlog("$rc"); }')
        cluster["c"].load(HEAR)
        codes = []
        for stopped in ("", "b", "c"):
            if stopped:
                cluster.stop(stopped)
            codes.append(cluster["a"].raise_event("E_GO").log[0].text)
        assert codes == ["1", "1", "-2"]
        assert texts(cluster["c"]) == ["got [x] of 1"] * 2


def test_what_is_disabled_and_what_vanishes(cluster: Cluster[Session]) -> None:
    """Observed on 3.6.8 and 4.0.1: each node has its own view of who is disabled."""
    cluster["a"].load(SEND + HEAR + STATES)
    cluster["b"].load(HEAR + STATES + SEND.replace("1, 2", "1, 1"))
    assert mi(cluster["a"], "clusterer_set_status", cluster_id=1, node_id=2, status=0) == "OK"
    assert [cluster[name].raise_event("E_GO").log[-1].text for name in cluster] == ["rc 1", "rc 1"]
    assert mi(cluster["a"], "clusterer_set_status", cluster_id=1, node_id=2, status=1) == "OK"
    assert mi(cluster["a"], "clusterer_set_status", cluster_id=1, status=0) == "OK"
    assert [cluster[name].raise_event("E_GO").log[-1].text for name in cluster] == ["rc -1", "rc 1"]
    assert mi(cluster["a"], "clusterer_set_status", cluster_id=1, status=1) == "OK"
    assert texts(cluster["a"]) == ["2 is 0", "rc 1", "2 is 1", "2 is 0", "rc -1", "2 is 1"]
    assert texts(cluster["b"]) == ["rc 1", "rc 1"]


def test_a_tag_that_is_none(cluster: Cluster[Session]) -> None:
    cluster["a"].load(
        'event_route[E_GO] { cluster_send_rpl(1, 2, "m", $var(no)); xlog("$rc");'
        ' $var(n) = 5; cluster_send_rpl(1, 2, "m", $var(n)); xlog("$rc"); }'
    )
    run = cluster["a"].raise_event("E_GO")
    assert [record.text for record in run.log if not record.diagnostic] == ["-1", "1"]
    assert [message.tag for message in run.messages] == ["5"]
    assert "the tag is empty" in diagnostics(cluster["a"])[0]


def test_addresses(cluster: Cluster[Session]) -> None:
    """Observed on 3.6.8 and 4.0.1."""
    calls = ['1, "10.0.0.2"', '1, "127.0.0.1", "bin"', '1, "10.0.0.1", "SIP"', '9, "10.0.0.1"', '1, "10.0.0.1", "xx"']
    cluster["a"].load("event_route[E_GO] {" + "".join(f'cluster_check_addr({c}); xlog("$rc");' for c in calls) + "}")
    cluster["a"].raise_event("E_GO")
    assert texts(cluster["a"]) == ["1", "1", "-1", "-1", "-1"]
    assert len(diagnostics(cluster["a"])) == 2


# -- nodes that come and go -----------------------------------------------------------------------------------------


def test_a_node_that_is_stopped(cluster: Cluster[Session]) -> None:
    cluster["a"].load(SEND + STATES)
    cluster["b"].load(HEAR + STATES + 'startup_route { xlog("starts"); }\nevent_route[E_SET] { $shv(x) = 1; }')
    cluster["b"].raise_event("E_SET")
    (run,) = cluster.stop("b")
    assert [record.text for record in run.log] == ["2 is 0"]
    assert cluster["b"].shared.get("shv", "x") is None
    assert [record.text for record in cluster["a"].raise_event("E_GO").log] == ["rc -2"]
    with pytest.raises(NodeDownError, match="the node b is stopped"):
        cluster["b"].raise_event("E_SET")
    cluster["b"].load('timer_route[t, 1] { xlog("t"); }', name="timer")
    for use in (
        lambda: cluster["b"].run_timer("t"),
        lambda: cluster["b"].submit_batch("E_SET", [None]),
        lambda: cluster["b"].gather().raise_event("E_SET", None),
    ):
        with pytest.raises(NodeDownError):
            use()
    assert cluster.stop("b") == []
    runs = cluster.start("b")
    assert sorted(record.text for run in runs for record in run.log) == ["1 is 1", "2 is 1", "starts"]
    assert cluster.start("b") == []
    assert [record.text for record in cluster["a"].raise_event("E_GO").log] == ["rc 1"]


def test_a_node_that_is_removed_while_messages_fly(cluster: Cluster[Session]) -> None:
    cluster["b"].load(HEAR.replace("{ xlog", "{ $shv(on) = 1; sleep(60); xlog"))
    cluster["a"].load(SEND + STATES)
    future = cluster["a"].submit("E_GO")
    while not cluster["b"].shared.get("shv", "on"):
        assert not future.done()
    cluster.remove("b")
    run = future.result(DEADLINE)
    assert run.messages[0].run is not None
    assert not run.messages[0].run.ok
    assert "b" not in cluster
    assert texts(cluster["a"]) == ["rc 1", "2 is 0"]
    run = cluster["a"].raise_event("E_GO")
    assert [record.text for record in run.log if not record.diagnostic] == ["rc -3"]
    assert "there is no node 2 in cluster 1" in run.log[0].text


def test_a_session_that_is_closed_is_down(cluster: Cluster[Session]) -> None:
    cluster["a"].load(SEND)
    cluster["b"].close()
    assert [record.text for record in cluster["a"].raise_event("E_GO").log] == ["rc -2"]


def test_a_node_keeps_its_place_after_a_reset(cluster: Cluster[Session]) -> None:
    cluster["a"].load(SEND)
    cluster["b"].reset()
    cluster["b"].load(HEAR)
    cluster["a"].raise_event("E_GO")
    assert texts(cluster["b"]) == ["got [hello] of 1"]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([], "at least"),
        ("ab", "a list of names"),
        (["a", "a"], "two nodes a"),
        ([1], "is a text"),
        (["a b"], "no name of a node"),
        ({"a": 1, "b": 1}, "the node a has the number 1 already"),
        ({"a": 0}, "the number of a node"),
        ({"a": 2**31}, "at most"),
    ],
)
def test_nodes_that_cannot_be(nodes: Any, message: str) -> None:
    with pytest.raises(GivenError, match=message):
        Session.cluster(nodes, workers=1)


def test_an_unknown_node(cluster: Cluster[Session]) -> None:
    for use in (cluster.__getitem__, cluster.stop, cluster.start, cluster.remove):
        with pytest.raises(UnknownNodeError, match="there is no node c"):
            use("c")
    with pytest.raises(UnknownNodeError, match="the nodes are a, b"):
        cluster["zzzz"]


def test_numbers_of_ones_own() -> None:
    with Session.cluster({"a": 7, "b": 3}, cluster_id=5, workers=1) as cluster:
        cluster["b"].load(HEAR)
        cluster["a"].load('event_route[E_GO] { cluster_send_req(5, 3, "x", $var(t)); xlog("$var(t)"); }')
        assert cluster["a"].raise_event("E_GO").log[0].text.startswith("5-7-")
        assert texts(cluster["b"]) == ["got [x] of 7"]
        assert dict(cluster.ids) == {"a": 7, "b": 3}


# -- sharing tags, management ---------------------------------------------------------------------------------------

TAGS = 'event_route[E_CLUSTERER_SHARING_TAG_CHANGED] { xlog("$param(name) $param(state): $param(reason)"); }\n'


def test_a_sharing_tag_moves(cluster: Cluster[Session]) -> None:
    show = 'event_route[E_SHOW] { xlog("$cluster.sh_tag(vip/1)"); if ($cluster.sh_tag(vip/1) == 1) xlog("one"); }\n'
    for name, state in (("a", "active"), ("b", "backup")):
        cluster[name].load(f'modparam("clusterer", "sharing_tag", "vip/1={state}")\n' + TAGS + show)
    cluster["b"].load('event_route[E_TAKE] { $cluster.sh_tag(vip/1) = "active"; }', name="take")
    cluster["a"].raise_event("E_SHOW")
    run = cluster["b"].raise_event("E_TAKE")
    assert [message.receiver for message in run.messages] == ["a"]
    cluster["a"].raise_event("E_SHOW")
    assert texts(cluster["a"]) == ["active", "one", "vip backup: cluster broadcast from 2", "backup"]
    assert texts(cluster["b"]) == ["vip active: script variable"]
    assert mi(cluster["a"], "clusterer_shtag_set_active", tag="vip/1") == "OK"
    assert texts(cluster["b"])[-1] == "vip backup: cluster broadcast from 1"
    assert mi(cluster["a"], "clusterer_list_shtags") == [{"Tag": "vip", "Cluster": 1, "State": "active"}]


def test_what_a_sharing_tag_cannot_be(cluster: Cluster[Session]) -> None:
    """Observed on 3.6.8 and 4.0.1."""
    cluster["a"].load(
        TAGS + "event_route[E_GO] { $cluster.sh_tag(new/1) = 0; $cluster.sh_tag(new/1) = NULL;"
        ' $cluster.sh_tag(new/1) = "foo"; $var(n) = 1; $cluster.sh_tag(new/1) = $var(n); $cluster.sh_tag(new/7) = 1;'
        ' xlog("$cluster.sh_tag(new/1) $cluster.sh_tag(new/7)"); }'
    )
    cluster["a"].raise_event("E_GO")
    assert texts(cluster["a"]) == ["backup active"]
    levels = [record.level for record in cluster["a"].log if record.diagnostic]
    assert levels[:4] == ["WARNING", "ERROR", "ERROR", "ERROR"]


def test_commands_for_other_nodes(cluster: Cluster[Session]) -> None:
    for name in cluster:
        cluster[name].load('event_route[E_X] { xlog("$param(1)"); }')
    assert mi(cluster["a"], "cluster_broadcast_mi", cluster_id=1, cmd_name="raise_event", cmd_params=["E_X"]) == "OK"
    sent = mi(cluster["a"], "cluster_send_mi", cluster_id=1, destination=2, cmd_name="raise_event", cmd_params=["E_X"])
    assert sent == "OK"
    assert [len(texts(cluster[name])) for name in cluster] == [1, 2]


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("clusterer_set_status", {"cluster_id": 7, "status": 0}, (404, "Cluster id not found")),
        ("clusterer_set_status", {"cluster_id": 1, "node_id": 9, "status": 0}, (404, "Node id not found")),
        ("clusterer_set_status", {"cluster_id": 1, "status": 3}, (400, "Bad value for 'status'")),
        ("clusterer_set_status", {"cluster_id": 0, "status": 1}, (400, "Bad value for 'cluster_id'")),
        (
            "cluster_send_mi",
            {"cluster_id": 1, "destination": 1, "cmd_name": "ps"},
            (400, "Local node specified as destination"),
        ),
        ("cluster_send_mi", {"cluster_id": 1, "destination": 9, "cmd_name": "ps"}, (400, "Send error")),
        ("cluster_broadcast_mi", {"cluster_id": 1, "cmd_name": "nonsense"}, (400, "Command to be run not found")),
        ("clusterer_shtag_set_active", {"tag": "x"}, (400, "Bad tag format <name/cluster_id>")),
        ("clusterer_shtag_set_active", {"tag": "x/a"}, (400, "Bad cluster ID in tag")),
        ("clusterer_shtag_set_active", {"tag": "x/7"}, (404, "Cluster ID not found")),
        ("clusterer_remove_node", {"cluster_id": 1, "node_id": 9}, (400, "Unknown node id")),
        ("clusterer_reload", {}, (400, "Non-DB mode")),
    ],
)
def test_commands_that_are_refused(
    cluster: Cluster[Session], method: str, params: dict[str, Any], error: tuple[int, str]
) -> None:
    """Codes and words of a 3.6.8."""
    reply = mi(cluster["a"], method, **params)
    assert (reply["code"], reply["message"]) == error


def test_nodes_are_listed(cluster: Cluster[Session]) -> None:
    (listed,) = mi(cluster["a"], "clusterer_list")["Clusters"]
    (node,) = listed["Nodes"]
    assert (node["node_id"], node["link_state"], node["state"]) == (2, "Up", "enabled")
    topology = mi(cluster["a"], "clusterer_list_topology")["Clusters"][0]["Nodes"]
    assert topology == [{"node_id": 1, "Neighbours": [2]}, {"node_id": 2, "Neighbours": [1]}]
    cluster.stop("b")
    assert mi(cluster["a"], "clusterer_list")["Clusters"][0]["Nodes"][0]["link_state"] == "Probe"
    assert mi(cluster["a"], "clusterer_remove_node", cluster_id=1, node_id=2) == "OK"
    assert mi(cluster["a"], "clusterer_list")["Clusters"][0]["Nodes"] == []


def test_a_number_that_no_node_has_is_told(cluster: Cluster[Session]) -> None:
    (found,) = cluster["a"].load('event_route[E_X] { cluster_send_req(1, 3, "x"); }')
    assert (found.code, found.hint) == ("cluster-unknown-node", "there are 1, 2")
    cluster.add("c")
    assert not cluster["a"].load('event_route[E_Y] { cluster_send_req(1, 3, "x"); }').diagnostics


@pytest.mark.parametrize(("version", "order"), [("3.6", ["rc 1", "got [x] of 1"]), ("4.0", ["got [x] of 1", "rc 1"])])
def test_a_message_to_the_node_itself(version: str, order: list[str]) -> None:
    """As the event that raise_event() raises: a 4.0 runs its route at once. Observed on 3.6.8 and 4.0.1."""
    with Session.cluster(["a"], workers=1, version=version) as cluster:
        cluster["a"].load(HEAR + 'event_route[E_GO] { cluster_send_req(1, 1, "x"); xlog("rc $rc"); }')
        assert cluster["a"].raise_event("E_GO").ok
        assert texts(cluster["a"]) == order


def test_many_events_that_send(cluster: Cluster[Session]) -> None:
    """Nobody waits for what the messages of a batch lead to."""
    cluster["b"].load("event_route[E_CLUSTERER_REQ_RECEIVED] { $shv(n) += 1; }")
    cluster["a"].load('event_route[E_GO] { cluster_send_req(1, 2, "x"); if ($rc < 0) xlog("failed"); }')
    result = cluster["a"].submit_batch("E_GO", [None] * 2000).result(DEADLINE)
    assert (result.events, result.log) == (2000, ())
    waited = monotonic()
    while cluster["b"].shared.get("shv", "n") != 2000:
        assert monotonic() < waited + DEADLINE


def test_what_runs_of_a_text(cluster: Cluster[Session]) -> None:
    text = 'loadmodule "proto_bin.so"\nloadmodule "clusterer.so"\nevent_route[E_X] { cluster_send_req(1, 2, "x"); }'
    assert [found.how for found in cluster["a"].what_runs(text).names] == ["simulated"]
    cluster["b"].leave()
    assert [found.how for found in cluster["b"].what_runs(text).names] == ["stubbed"]
