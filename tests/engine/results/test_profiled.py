"""Recordings of profiling events of a 4.0, drawn as a timeline."""

from __future__ import annotations

import json
import socket

from evroute_kernel import Session
from evroute_kernel.engine.results.profiled import profiled

Event = tuple[str, dict[str, object]]


def script(verb: str, name: str, microseconds: int, **more: object) -> Event:
    return "E_PROFILING_SCRIPT", {"sec": 1, "usec": microseconds, "session": 0, "verb": verb, "name": name, **more}


WHOLE = [
    script("start", "E_A", 10),
    script("enter", "E_A", 11),
    script("enter", "first", 20),
    script("exit", "first", 30, status=5),
    script("exit", "E_A", 39),
    script("end", "E_A", 40),
]


def bars(events: list[Event]) -> list[tuple[object, ...]]:
    found = []
    for bar in profiled(events):
        end = None if bar.end is None else bar.end // 1000 - 1_000_000
        found.append((bar.process, bar.kind, bar.name, bar.event, bar.depth, bar.begin // 1000 - 1_000_000, end))
    return found


def test_a_top_route_is_one_bar_with_what_it_calls() -> None:
    assert bars(WHOLE) == [(-1, "run", "E_A", "E_A", 0, 10, 40), (-1, "route", "first", "E_A", 1, 20, 30)]


def test_what_had_begun_before_is_left_out_and_what_goes_on_is_open() -> None:
    assert bars([script("exit", "b", 1), script("end", "b", 2), *WHOLE[:3]]) == [
        (-1, "run", "E_A", "E_A", 0, 10, None),
        (-1, "route", "first", "E_A", 1, 20, None),
    ]


def test_routes_that_end_in_another_order_were_run_by_several_processes() -> None:
    events = [
        script("start", "E_A", 1),
        script("enter", "E_A", 2),
        script("start", "E_B", 3),
        script("enter", "E_B", 4),
        script("exit", "E_A", 5),
        script("end", "E_A", 6),
        script("exit", "E_B", 7),
        script("end", "E_B", 8),
    ]
    assert bars(events) == [(-1, "run", "E_A", "E_A", 0, 1, 6), (-2, "run", "E_B", "E_B", 0, 3, 8)]
    timeline = profiled(events)
    assert [timeline.title(lane) for lane in timeline.lanes] == ["routes (2)", "routes"]


def test_a_route_that_starts_belongs_to_the_process_that_has_begun_a_job() -> None:
    def process(verb: str, name: str, moment: int, pid: int) -> Event:
        return "E_PROFILING_PROC", {"sec": 1, "usec": moment, "session": pid, "verb": verb, "name": name}

    events = [
        process("start", "receiver", 1, 70),
        script("start", "E_A", 2, depth=1),
        process("start", "receiver", 3, 71),
        script("start", "E_B", 4, depth=1),
        script("end", "E_A", 5),
        process("end", "receiver", 6, 70),
        script("end", "E_B", 7),
        process("end", "receiver", 8, 71),
    ]
    assert bars(events) == [
        (70, "run", "receiver", "receiver", 0, 1, 6),
        (70, "run", "E_A", "E_A", 1, 2, 5),
        (71, "run", "receiver", "receiver", 0, 3, 8),
        (71, "run", "E_B", "E_B", 1, 4, 7),
    ]


def test_processes_have_lanes_of_their_own() -> None:
    events: list[Event] = [
        ("E_PROFILING_PROC", {"sec": 1, "usec": n, "session": pid, "verb": verb, "name": "ipc_job"})
        for n, pid, verb in [(1, 70, "enter"), (2, 71, "enter"), (3, 70, "exit"), (5, 71, "exit")]
    ]
    assert bars(events) == [(70, "run", "ipc_job", "ipc_job", 0, 1, 3), (71, "run", "ipc_job", "ipc_job", 0, 2, 5)]


def test_other_events_and_broken_ones_are_passed_over() -> None:
    broken: list[Event] = [("E_OTHER", {}), ("E_PROFILING_SCRIPT", {}), script("what", "x", 1)]
    assert bars([*broken, *WHOLE]) == bars(WHOLE)


def test_what_a_session_tells_as_a_4_0_is_read() -> None:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(20)
    with receiver, Session(workers=1, version="4.0", check=True) as session:
        session.load("event_route[E_X] { route(r); }\nroute[r] { $var(x) = 1; }")
        session.subscribe("E_PROFILING_SCRIPT", f"udp:127.0.0.1:{receiver.getsockname()[1]}")
        session.raise_event("E_X")
        told = [json.loads(receiver.recv(65536)) for _ in range(6)]
    timeline = profiled([(each["method"], each["params"]) for each in told])
    assert [(bar.kind, bar.name, bar.event) for bar in timeline] == [("run", "E_X", "E_X"), ("route", "r", "E_X")]
    assert all(bar.end is not None for bar in timeline)
