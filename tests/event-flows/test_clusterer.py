"""Messages between nodes: every program recorded on two or three servers of a 3.6.8, and of a 4.0.1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.session.cluster import Cluster
from evroute_kernel.runtime.versions import VERSIONS
from support.flows import FLOWS
from support.recorded import Case, Outcome, add_errors, ask, differences

PROGRAMS: dict[str, dict[str, Any]] = {
    found["name"]: found for found in json.loads((FLOWS / "clusterer.json").read_text(encoding="utf-8"))
}
#: the list of modules that the recorded servers had beside those of every node
LOADED = 'loadmodule "tm.so"\nloadmodule "event_routing.so"\n'


@pytest.fixture(scope="module", params=VERSIONS)
def used_clusters(request: pytest.FixtureRequest) -> Iterator[dict[int, Cluster[Session]]]:
    """One of two nodes and one of three."""
    with (
        Session.cluster(["1", "2"], workers=1, version=request.param) as two,
        Session.cluster(["1", "2", "3"], workers=1, version=request.param) as three,
    ):
        yield {2: two, 3: three}


def cases(program: dict[str, Any], version: str) -> dict[str, Case]:
    """What each node of a program did."""
    expect = program["expect40" if version == "4.0" else "expect"]
    asked = tuple((step[2], step[3] if len(step) > 3 else None) for step in program["steps"] if step[0] == "mi")
    first = min(expect["nodes"])
    return {
        node: Case(
            "clusterer",
            program["name"],
            program["scripts"][node],
            (),
            LOADED + program.get("globals", ""),
            {"accepted": True, **found, **({"mi": expect["mi"]} if node == first and "mi" in expect else {})},
            version,
            asked if node == first else (),
        )
        for node, found in expect["nodes"].items()
    }


def run_program(program: dict[str, Any], nodes: dict[str, Case], cluster: Cluster[Session]) -> dict[str, Outcome]:
    """Load the scripts and do the steps; those who are not among the nodes are down."""
    outcomes = {node: Outcome() for node in nodes}
    first = outcomes[min(nodes)]
    for node, case in nodes.items():
        cluster[node].load(case.settings, name="globals")
        cluster[node].load(case.script, name="case.cfg")
    for kind, *given in program["steps"]:
        if kind == "raise":
            node, event, *params = given
            run = cluster[str(node)].raise_event(event, *params)
            add_errors(outcomes[str(node)], run)
            assert run.ok, run.messages
        elif kind == "mi":
            node, method, *params = given
            ask(cluster[str(node)], method, *(params or [None]), first)
        else:
            assert kind == "wait"  # until nodes have seen each other, which takes no time here
    for node, outcome in outcomes.items():
        for record in cluster[node].log:
            outcome.record(record.level, record.text, record.diagnostic)
    return outcomes


@pytest.mark.parametrize("name", PROGRAMS)
def test_logs_what_the_servers_logged(name: str, used_clusters: dict[int, Cluster[Session]]) -> None:
    program = PROGRAMS[name]
    cluster = used_clusters[program["nodes"]]
    running = {str(node) for node in program.get("start", range(1, program["nodes"] + 1))}
    for node in cluster:
        cluster.stop(node)
        cluster[node].reset()
    for node in sorted(running):
        cluster.start(node)
    nodes = cases(program, cluster["1"].version)
    assert set(nodes) == running
    outcomes = run_program(program, nodes, cluster)
    found = {node: differences(case, outcomes[node]) for node, case in nodes.items()}
    assert not any(found.values()), found
