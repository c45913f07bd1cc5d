"""What is decided about raises, tasks and workers, tried without a process: stimuli in, instructions out."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, TypeVar

import pytest

from evroute_kernel.engine.results.runs import Cause
from evroute_kernel.engine.state.settings import Limits
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers import instructions as order
from evroute_kernel.engine.workers import stimuli as told
from evroute_kernel.engine.workers.batches import Batch, Chunk
from evroute_kernel.engine.workers.blocks import Block
from evroute_kernel.engine.workers.decisions import GRACE, Decisions
from evroute_kernel.engine.workers.flows import Delivery, RaisedEvents
from evroute_kernel.engine.workers.no_worker import Complaint
from evroute_kernel.engine.workers.portions import Portion, Replay
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.task import TRIES
from evroute_kernel.engine.workers.worker import END_DEADLINE, START_DEADLINE, State, Worker
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.source import Source
from evroute_kernel.worker.messages import BatchFinished, EventsWaiting, PortionFinished, RouteFailed, RunFinished
from evroute_kernel.worker.spool import pack, unpack

T = TypeVar("T")
TIMEOUT = 10.0
SLOTS = (0,)


@dataclass
class Remains:
    """What a worker's spool says, as if it had been left by a process."""

    run: int = 0
    state: int = 0
    dropped: int = 0
    is_untouched: bool = True
    waiting: bytes = b""
    done: list[tuple[str, int]] = field(default_factory=list)

    def ended(self) -> Iterator[tuple[str, int]]:
        return iter(self.done)

    def rest(self) -> bytes:
        return self.waiting


@dataclass
class Seen:
    """What is seen of a worker's process from outside."""

    place: list[int] = field(default_factory=lambda: [-1, 0, 0, 0])
    clock: list[float] = field(default_factory=lambda: [0.0])
    spool: Any = field(default_factory=Remains)


class House:
    """Decisions, and workers that do what they are told: nothing, until the test says what has become of it."""

    def __init__(self, limit: int = 1) -> None:
        self.limit = limit
        self.now = 100.0
        self.world = World(Limits())
        text = Source("a.cfg", "event_route[E_A] { exit; }")
        self.world.define(compile_script(text, self.world.environment()), None)
        self.decisions = Decisions(self.world, lambda: self.limit)
        self.workers: dict[int, Worker] = {}
        self.instructions: list[order.Instruction] = []

    def tell(self, stimulus: told.Stimulus, complaint: Complaint | None = None) -> None:
        """Tell what has happened, and all that happened at once."""
        for what in (stimulus, told.Turn(complaint)):
            self.instructions += self.decisions.handle(what, self.now)

    def turn(self, complaint: Complaint | None = None) -> None:
        self.instructions += self.decisions.handle(told.Turn(complaint), self.now)

    def pop(self, wanted: type[T]) -> list[T]:
        """The instructions of a class since the last time; the others stay."""
        found = [each for each in self.instructions if isinstance(each, wanted)]
        self.instructions = [each for each in self.instructions if not isinstance(each, wanted)]
        return found

    def join(self, number: int = 1, *, boots: bool = True) -> Worker:
        worker = self.workers[number] = Worker(number, Seen(), self.now)
        self.tell(told.Joined(worker))
        if boots:
            worker.booted(self.now)
            self.turn()
        return worker

    def submit(self, event: str = "E_A", number: int | None = None, **more: Any) -> Raise:
        raised = Raise(event, None, TIMEOUT, 100, **more)
        self.tell(told.Submitted(raised, (Delivery(raised, event, (), SLOTS, number),)))
        return raised

    def given(self) -> list[tuple[int, str]]:
        """Which worker was given which event."""
        return [(give.worker.number, give.task.event) for give in self.pop(order.Give)]

    def settled(self) -> list[Raise]:
        return [settle.raised for settle in self.pop(order.Settle)]

    def finish(self, worker: Worker, **ran: int) -> None:
        """Its run has ended, and these events were run so often."""
        runs = {(event, 0): count for event, count in (ran or {"E_A": 1}).items()}
        self.tell(told.Heard(worker, RunFinished(worker.run, 0, (), runs)))

    def fail(self, worker: Worker, cause: str) -> None:
        self.tell(told.Heard(worker, RouteFailed(worker.run, cause, "", "", 0, 3, 0)))

    def die(self, worker: Worker, status: int = -9) -> None:
        """It is gone, and it is known how."""
        worker.expect_end(self.now)
        worker.status = status
        del self.workers[worker.number]
        self.tell(told.Lost(worker))

    def runs(self, worker: Worker, at: int = 3, *waiting: str) -> None:
        """Its process has begun the first event, and is at a statement; these wait behind."""
        trace: Any = worker.trace
        trace.place[0], trace.clock[0] = at, self.now
        event = worker.task.event if worker.task is not None else ""
        entries = b"".join(pack(each, (), SLOTS) for each in (event, *waiting))
        trace.spool = Remains(worker.run, 1, 0, False, entries)


@pytest.fixture
def house() -> House:
    """With a worker that is idle."""
    made = House()
    made.join()
    made.instructions.clear()
    return made


def causes(raised: Raise) -> list[Cause]:
    return [error.cause for error in raised.errors]


# -- handing out ------------------------------------------------------------------------------------------------------


def test_one_worker_is_kept_warm() -> None:
    house = House(limit=4)
    house.turn()
    assert [start.number for start in house.pop(order.StartWorker)] == [1]


def test_a_raise_is_given_to_the_lowest_idle_worker_and_settled_at_its_end(house: House) -> None:
    house.limit = 2
    house.join(2)
    first, second = house.submit("E_A"), house.submit("E_B")
    assert house.given() == [(1, "E_A"), (2, "E_B")]
    house.finish(house.workers[2], E_B=1)
    assert house.settled() == [second]
    house.finish(house.workers[1])
    assert house.settled() == [first]
    assert (first.routes, dict(first.ran)) == (1, {("E_A", "event_route[E_A]"): 1})


def test_as_many_workers_are_started_as_tasks_wait_up_to_the_limit(house: House) -> None:
    house.limit = 3
    for _ in range(9):
        house.submit()
    assert {start.number for start in house.pop(order.StartWorker)} == {2, 3}


def test_a_task_that_is_bound_waits_for_its_worker(house: House) -> None:
    house.submit("E_A", number=2)
    assert house.given() == []
    assert [start.number for start in house.pop(order.StartWorker)] == [2]
    house.join(2)
    assert house.given() == [(2, "E_A")]


def test_a_surplus_worker_does_what_is_bound_to_it_and_is_ended(house: House) -> None:
    house.limit = 2
    second = house.join(2)
    house.submit("E_A", number=2)
    house.limit = 1
    house.submit("E_B", number=2)
    house.finish(second)
    assert house.given() == [(2, "E_A"), (2, "E_B")]
    house.finish(second, E_B=1)
    assert [kill.worker for kill in house.pop(order.Kill)] == [second]
    assert second.state is State.ENDING
    house.submit()
    assert house.given() == [(1, "E_A")]


def test_a_worker_is_told_that_others_wait(house: House) -> None:
    house.submit("E_A")
    assert house.pop(order.MarkWanted) == []
    house.submit("E_B")
    assert [mark.is_wanted for mark in house.pop(order.MarkWanted)][-1]


def test_when_no_worker_can_be_started_what_waits_fails() -> None:
    house = House()
    raised = house.submit()
    complaint = Complaint("no room", "make some")
    house.turn(complaint)
    assert house.settled() == [raised]
    assert (causes(raised), raised.errors[0].hint) == (["no worker"], "make some")
    house.submit()
    assert house.pop(order.Forgive)


def test_of_a_block_that_no_worker_can_run_the_events_are_counted() -> None:
    house = House()
    block = Block("E_A", None, TIMEOUT, 100, source=iter(()), slots=SLOTS, events=5)
    house.tell(told.Submitted(block, (block.task([()] * 5),)))
    house.turn(Complaint("no room", "make some"))
    assert [error.message for error in block.errors] == ["no worker could be started: no room; 5 events were not run"]


def test_while_a_worker_lives_what_waits_waits_for_it(house: House) -> None:
    house.submit()
    waiting = house.submit("E_B")
    house.turn(Complaint("no room", ""))
    assert house.settled() == []
    house.finish(house.workers[1])
    assert waiting.ended is None
    assert house.given()[-1] == (1, "E_B")


# -- interrupts and time ----------------------------------------------------------------------------------------------


def test_an_interrupt_drops_what_waits_and_strikes_what_runs(house: House) -> None:
    running, waiting = house.submit("E_A"), house.submit("E_B")
    worker = house.workers[1]
    house.tell(told.Ended((running, waiting), "interrupted"))
    assert [strike.worker for strike in house.pop(order.Interrupt)] == [worker]
    assert (worker.state, worker.deadline) == (State.INTERRUPTED, house.now + GRACE)
    assert house.settled() == [waiting]
    house.tell(told.Ended((running,), "interrupted"))
    assert house.pop(order.Interrupt) == [], "once is enough"
    house.fail(worker, "interrupted")
    house.finish(worker)
    assert house.settled() == [running]
    assert causes(running) == ["interrupted"]
    assert worker.state is State.IDLE


def test_a_raise_that_takes_too_long(house: House) -> None:
    raised, worker = house.submit(), house.workers[1]
    assert worker.deadline == house.now + TIMEOUT
    house.now += TIMEOUT
    house.tell(told.Overdue(worker))
    assert [strike.worker for strike in house.pop(order.Interrupt)] == [worker]
    house.fail(worker, "interrupted")
    house.finish(worker)
    assert house.settled() == [raised]
    assert causes(raised) == ["timed out"]


def test_a_raise_that_nobody_has_time_for(house: House) -> None:
    house.submit()
    waiting = house.submit("E_B", called=house.now)
    assert house.decisions.patience(house.now) == TIMEOUT
    house.now += TIMEOUT + 1
    house.turn()
    assert house.settled() == [waiting]
    assert "waited 10 s for a worker" in waiting.errors[0].message
    assert house.pop(order.Interrupt) == [], "the other one has its own time"


def test_nobodys_time_counts_before_there_is_a_worker() -> None:
    house = House()
    raised = house.submit(called=house.now)
    house.now += TIMEOUT + 1
    house.turn()
    assert house.settled() == []
    house.join()
    assert house.given() == [(1, "E_A")]
    assert raised.deadline == house.now + TIMEOUT


def test_each_event_of_a_batch_has_its_time(house: House) -> None:
    worker = house.workers[1]
    batch = batch_of(3)
    house.tell(told.Submitted(batch, (Chunk(batch, batch.next_lists()),)))
    house.runs(worker)
    seen: Any = worker.trace
    house.now += TIMEOUT
    seen.clock[0] = house.now - 1.0
    house.tell(told.Overdue(worker))
    assert house.pop(order.Interrupt) == []
    assert worker.deadline == house.now - 1.0 + TIMEOUT
    house.now += TIMEOUT
    house.tell(told.Overdue(worker))
    assert len(house.pop(order.Interrupt)) == 1
    assert batch.ended is None
    house.fail(worker, "interrupted")
    house.tell(told.Heard(worker, BatchFinished(worker.run, 1, 0)))
    assert causes(batch) == ["timed out"]
    assert house.given()[-1] == (1, "E_A"), "the others of it go on"


# -- workers that die, in each state ----------------------------------------------------------------------------------


def test_one_that_dies_while_it_starts_is_replaced(house: House) -> None:
    house.submit("E_A", number=2)
    starting = house.join(2, boots=False)
    assert (starting.state, starting.deadline) == (State.STARTING, house.now + START_DEADLINE)
    house.pop(order.StartWorker)
    house.die(starting)
    assert [start.number for start in house.pop(order.StartWorker)] == [2]
    assert house.settled() == []


def test_one_that_dies_idle_costs_nothing(house: House) -> None:
    house.die(house.workers[1])
    assert {start.number for start in house.pop(order.StartWorker)} == {1}
    house.submit()
    house.join()
    assert house.given() == [(1, "E_A")]


def test_one_that_dies_before_it_has_begun_costs_nothing_but_not_for_ever(house: House) -> None:
    raised = house.submit()
    for _ in range(TRIES):
        house.die(house.workers[1])
        house.join()
    assert house.given() == [(1, "E_A")] * (TRIES + 1)
    assert raised.errors == []
    house.die(house.workers[1])
    assert house.settled() == [raised]
    assert causes(raised) == ["worker died"]


def test_one_that_dies_while_it_runs_costs_the_route_that_it_was_running(house: House) -> None:
    raised, worker = house.submit(), house.workers[1]
    house.runs(worker, 3, "E_B", "E_C")
    house.die(worker)
    assert causes(raised) == ["worker died"]
    house.pop(order.Give)
    house.join()
    [give] = house.pop(order.Give)
    assert isinstance(give.task, RaisedEvents)
    assert [entry[0] for _, entry in unpack(give.task.data or b"")] == ["E_B", "E_C"]
    house.finish(house.workers[1], E_B=1, E_C=1)
    assert house.settled() == [raised]
    assert raised.routes == 3


def test_one_that_dies_between_two_events_costs_nothing(house: House) -> None:
    raised, worker = house.submit(), house.workers[1]
    seen: Any = worker.trace
    seen.spool = Remains(worker.run, 0, 2, False, pack("E_B", (), SLOTS), [("E_A", 0), ("E_C", 0)])
    house.die(worker)
    house.join()
    house.finish(house.workers[1], E_B=1)
    assert house.settled() == [raised]
    assert (raised.errors, raised.routes, raised.dropped_events) == ([], 3, 2)


@pytest.mark.parametrize("waiting", [(), ("E_B",)])
def test_one_that_dies_when_the_routes_of_an_event_have_just_ended(house: House, waiting: tuple[str, ...]) -> None:
    """The event is not the first of what remains, though the spool still holds it; no worker has to begin it."""
    raised, worker = house.submit(), house.workers[1]
    house.runs(worker, -1, *waiting)
    seen: Any = worker.trace
    seen.spool.state, seen.spool.done = 2, [("E_A", 0)]
    house.die(worker)
    for _ in waiting:
        for _ in range(TRIES + 1):
            house.join()
            house.die(house.workers[1])
    assert house.settled() == [raised]
    assert [error.event for error in raised.errors] == list(waiting)


def test_one_that_dies_interrupted_ends_with_the_cause_of_the_interrupt(house: House) -> None:
    raised, worker = house.submit(), house.workers[1]
    house.runs(worker, 3, "E_B")
    house.tell(told.Ended((raised,), "timed out"))
    house.die(worker)
    assert house.settled() == [raised]
    assert causes(raised) == ["timed out"]
    house.join()
    assert house.given() == [(1, "E_A")], "what it had raised is dropped"


def test_one_that_is_out_of_memory_gets_nothing_more(house: House) -> None:
    raised, worker = house.submit(), house.workers[1]
    house.runs(worker)
    house.fail(worker, "out of memory")
    assert (worker.state, worker.deadline) == (State.ENDING, house.now + END_DEADLINE)
    house.finish(worker)
    assert house.settled() == [raised]
    house.submit("E_B")
    assert house.given() == [(1, "E_A")]
    house.die(worker, status=3)
    house.join()
    assert house.given() == [(1, "E_B")]
    assert causes(raised) == ["out of memory"]


def test_one_that_is_ending_and_dies_costs_no_raise(house: House) -> None:
    worker = house.workers[1]
    house.limit = 0
    house.turn()
    assert worker.state is State.ENDING
    house.limit = 1
    house.die(worker)
    assert house.settled() == []


def test_a_fault_of_ours_about_a_worker_costs_its_raise(house: House) -> None:
    raised, worker = house.submit(), house.workers[1]
    worker.fault = IndexError("list index out of range")
    house.die(worker)
    assert house.settled() == [raised]
    assert causes(raised) == ["internal error"]


def test_a_fault_while_something_is_given_costs_that_and_nothing_else(house: House) -> None:
    broken = Raise("E_A", None, TIMEOUT, 100)
    task = Delivery(broken, "E_A", (), SLOTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Delivery, "started", lambda *_: 1 // 0)
        house.tell(told.Submitted(broken, (task,)))
    assert house.settled() == [broken]
    assert causes(broken) == ["internal error"]
    assert [give_up.worker for give_up in house.pop(order.GiveUp)] == [house.workers[1]]
    house.die(house.workers[1])
    house.join()
    house.submit("E_B")
    assert house.given() == [(1, "E_B")]


# -- what routes raise ------------------------------------------------------------------------------------------------


def leave(house: House, worker: Worker, count: int) -> None:
    """Its run ends, and events wait in it."""
    house.runs(worker, 3, *["E_R"] * count)
    house.tell(told.Heard(worker, EventsWaiting(count, 0, SLOTS, {})))
    seen: Any = worker.trace
    seen.spool.state, seen.spool.waiting = 0, pack("E_R", (), SLOTS) * count
    house.finish(worker)


def test_what_waits_in_a_worker_goes_on_there_at_once(house: House) -> None:
    raised, worker = house.submit(), house.workers[1]
    leave(house, worker, 5)
    [_, give] = house.pop(order.Give)
    assert (give.worker, give.task.data, give.kept) == (worker, None, None)
    assert house.settled() == []
    house.finish(worker, E_R=5)
    assert house.settled() == [raised]
    assert raised.routes == 6


def test_who_came_before_is_let_through_and_the_events_are_taken_meanwhile(house: House) -> None:
    house.submit()
    worker = house.workers[1]
    house.submit("E_OTHER")
    leave(house, worker, 2)
    [_, other] = house.pop(order.Give)
    assert (other.task.event, isinstance(other.kept, RaisedEvents)) == ("E_OTHER", True)
    other.kept.take(worker.spool)  # as whoever carries it out does
    house.finish(worker, E_OTHER=1)
    [rest] = house.pop(order.Give)
    assert (rest.task, rest.task.data) == (other.kept, pack("E_R", (), SLOTS) * 2)


def test_what_waits_in_a_worker_that_dies_goes_on_in_the_next(house: House) -> None:
    raised, worker = house.submit(), house.workers[1]
    house.runs(worker, 3, "E_R")
    house.tell(told.Heard(worker, EventsWaiting(1, 0, SLOTS, {})))
    seen: Any = worker.trace
    seen.spool = Remains(worker.run, 0, 0, False, pack("E_R", (), SLOTS), [("E_A", 0)])
    house.die(worker)
    house.join()
    house.finish(house.workers[1], E_R=1)
    assert house.settled() == [raised]
    assert (raised.errors, raised.routes) == ([], 2)


def test_a_raise_that_has_ended_leaves_nothing_waiting(house: House) -> None:
    raised, worker = house.submit(), house.workers[1]
    house.tell(told.Ended((raised,), "interrupted"))
    leave(house, worker, 5)
    assert house.settled() == [raised]
    assert house.given() == [(1, "E_A")]


# -- many events ------------------------------------------------------------------------------------------------------


def batch_of(count: int) -> Batch:
    return Batch("E_A", None, TIMEOUT, 100, source=iter([()] * count), slots=SLOTS, size=2)


def test_a_batch_gives_up_a_list_that_no_worker_lives_to_begin(house: House) -> None:
    batch = batch_of(2)
    house.tell(told.Submitted(batch, (Chunk(batch, batch.next_lists()),)))
    for _ in range(2 * (TRIES + 1)):
        house.die(house.workers[1])
        house.join()
    assert house.settled() == [batch]
    assert causes(batch) == ["worker died"] * 2
    assert batch.done == 2


def test_a_batch_goes_chunk_by_chunk_and_the_next_is_prepared(house: House) -> None:
    batch, worker = batch_of(3), house.workers[1]
    house.tell(told.Submitted(batch, (Chunk(batch, batch.next_lists()),)))
    assert [prepare.batch for prepare in house.pop(order.Prepare)] == [batch]
    house.tell(told.Heard(worker, BatchFinished(worker.run, 2, 0)))
    house.tell(told.Heard(worker, BatchFinished(worker.run, 1, 0)))
    assert house.settled() == [batch]
    assert batch.done == 3


def test_a_batch_whose_worker_dies_goes_on_behind_the_event_that_it_struck(house: House) -> None:
    batch, worker = batch_of(4), house.workers[1]
    batch.size = 4
    house.tell(told.Submitted(batch, (Chunk(batch, batch.next_lists()),)))
    house.runs(worker)
    seen: Any = worker.trace
    seen.place[2], seen.spool = 1, Remains(worker.run)
    house.pop(order.Give)
    house.die(worker)
    house.join()
    [give] = house.pop(order.Give)
    assert len(give.task.lists) == 2
    assert (batch.done, causes(batch)) == (2, ["worker died"])


def replay_of(workers: int = 1) -> Replay:
    return Replay("", None, TIMEOUT, 0, workers=workers, open=1)


def portion_of(replay: Replay, line: int) -> Portion:
    return Portion(replay, line, entries=[(line, "E_A", ())])


def test_a_replay_hands_out_as_many_portions_as_it_has_workers(house: House) -> None:
    replay, worker = replay_of(), house.workers[1]
    house.tell(told.Submitted(replay, ()))
    for line in (1, 2, 3):
        house.tell(told.Fed(replay, portion_of(replay, line)))
    assert len(house.pop(order.Give)) == 1
    assert len(house.pop(order.LetFeed)) == 1
    assert len(house.pop(order.Announce)) == 1
    house.tell(told.AllFed(replay, None))
    for line in (1, 2, 3):
        end = PortionFinished(worker.run, 1, line, True, 0, {}, {"E_A": 1}, 0, (), {})
        house.tell(told.Heard(worker, end))
    assert house.settled() == [replay]
    assert replay.last_line == 3


def test_a_replay_that_is_interrupted_takes_no_more(house: House) -> None:
    replay, worker = replay_of(), house.workers[1]
    house.tell(told.Submitted(replay, ()))
    house.tell(told.Fed(replay, portion_of(replay, 1)))
    house.tell(told.Ended((replay,), "interrupted"))
    assert [stop.replay for stop in house.pop(order.StopFeeding)] == [replay]
    assert len(house.pop(order.Interrupt)) == 1
    house.tell(told.Heard(worker, PortionFinished(worker.run, 1, 1, True, 0, {}, {}, 0, (), {})))
    assert house.settled() == [replay]


def test_a_source_that_fails_is_the_callers(house: House) -> None:
    replay = replay_of()
    house.tell(told.Submitted(replay, ()))
    error = OSError("gone")
    house.tell(told.AllFed(replay, error))
    assert [(reject.raised, reject.error) for reject in house.pop(order.Reject)] == [(replay, error)]
    assert house.settled() == []


# -- ends -------------------------------------------------------------------------------------------------------------


def test_a_full_queue_is_worked_off_in_order_or_dropped_as_a_whole(house: House) -> None:
    raises = [house.submit(f"E_{n}") for n in range(5000)]
    worker = house.workers[1]
    for n in range(2500):
        house.finish(worker, **{f"E_{n}": 1})
    assert house.given() == [(1, f"E_{n}") for n in range(2501)]
    house.settled()
    house.tell(told.Ended(tuple(raises), "interrupted"))
    assert house.settled() == raises[2501:]
    house.finish(worker)
    assert house.settled() == [raises[2500]]


def test_closing_ends_all_and_later_raises_at_once(house: House) -> None:
    running, waiting = house.submit("E_A"), house.submit("E_B")
    house.tell(told.Closed())
    assert set(house.settled()) == {running, waiting}
    late = house.submit("E_C")
    assert house.settled() == [late]
    assert [each.ended for each in (running, waiting, late)] == ["closed"] * 3
    house.die(house.workers[1])
    assert house.pop(order.StartWorker) == []


def test_a_restart_ends_every_run_and_every_worker(house: House) -> None:
    house.limit = 2
    house.join(2)
    running, other = house.submit("E_A"), house.submit("E_B")
    house.tell(told.Restarted())
    assert [kill.worker.number for kill in house.pop(order.Kill)] == [1, 2]
    for worker in tuple(house.workers.values()):
        house.die(worker)
    assert set(house.settled()) == {running, other}
    assert 1 in [start.number for start in house.pop(order.StartWorker)]


def test_nothing_that_is_decided_waits_or_holds_a_result(house: House) -> None:
    """The futures of raises belong to whoever carries out: no decision touches one."""
    raised: Raise = house.submit()
    assert isinstance(raised.future, Future)
    house.finish(house.workers[1])
    assert not raised.future.done()
    assert raised.due == inf


PURE = [
    "batches",
    "deadlines",
    "decisions",
    "flows",
    "instructions",
    "portion_schedule",
    "queue",
    "stimuli",
    "task",
    "worker",
]


@pytest.mark.parametrize("name", PURE)
def test_no_decision_can_reach_a_process_a_descriptor_a_thread_or_a_clock(name: str) -> None:
    module = importlib.import_module(f"evroute_kernel.engine.workers.{name}")
    tree = ast.parse(Path(module.__file__ or "").read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not imported & {"os", "selectors", "signal", "socket", "subprocess", "threading", "time", "logging"}
    assert not {
        each for each in imported if each.endswith((".pool", ".process", ".loop", ".launcher", ".supervisor"))
    } - {"evroute_kernel.worker.process"}
