"""Runs that wait in this process, for an event or a time, and how they go on.

Observed on OpenSIPS 3.6 and 4.0. async() in a route of notify_on_event() makes a transaction of the message, and leaves
the run; the first event that its filter lets through, or the clock, takes it up again in the same process, with the
parameters of the event in front of the AVPs that it had. In any other route the run goes on at once, and the server
dies of the event or the clock: here the run ends with an error that shows where it began to wait. In 4.0
wait_for_event() is a function too, in which the process waits and does nothing else.

The supervisor knows of all that wait, and says who goes on (`engine.workers.waits`); what a run had is held here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from evroute_kernel.runtime.context import Context, LinkedRoute, Process
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.deferred import Launched
from evroute_kernel.runtime.values import Value
from evroute_kernel.runtime.waits import BLOCKED, DOOMED, HELD, Filters, RequestContext
from evroute_kernel.runtime.watching.notices import GOES_ON, LEAVES, RETURNS, WAITS
from evroute_kernel.worker.blackbox import SLOT, STATEMENT, TOP, BlackBox
from evroute_kernel.worker.messages import (
    Answer,
    Message,
    Params,
    Remarked,
    TransactionAsked,
    TransactionEnded,
    WaitAsked,
    WaitGivenUp,
)
from evroute_kernel.worker.notifying.subscriptions import Entry

_DOOMED: Final = (
    "the wait for {event} that began here ends, and that kills the server: wait_for_event() in launch(), or in async() "
    "anywhere but in the route of a SIP request, leaves behind a run that is gone. Subscribe a route with "
    "notify_on_event() and wait in that"
)
_NO_ROUTE: Final = "there is no route[{route}] that could go on, and that kills the server: define it"
_HANGS: Final = (
    "wait_for_event() in startup_route waits for ever, and with it the server: no timer runs yet. Wait in another route"
)
_TAKEN: Final = "nothing comes of this async(): another run waits, or has ended less than {seconds} s ago"
_TAKEN_HINT: Final = (
    "all routes of notify_on_event() have the same message, so that the server takes the second for a retransmission"
)
_LATE: Final = "no event came in time, so that wait_for_event() returned -2"
_LATE_HINT: Final = "a server returns 1 then now and again: test what the event brings, such as $avp(name), not $rc"


class Held:
    """A run that waits. `words`: why the server dies when it is taken up."""

    __slots__ = ("context", "place", "route", "words")

    def __init__(self, context: Context, route: str, place: tuple[int, int, int], words: str = "") -> None:
        self.context, self.route, self.place, self.words = context, route, place, words


class Talk(Protocol):
    """How the supervisor is spoken to: the child."""

    def ask(self, message: Callable[[int], Message]) -> Answer:
        """Send a request, and wait for its answer."""

    def send(self, message: Message) -> None:
        """Send what needs no answer."""

    def woken(self, number: int) -> Answer:
        """Wait until the wait of this number is over."""

    def learn(self, entry: Entry) -> None:
        """Something waits for an event."""


class RunsThatWait:
    """Those of this process: `runtime.waits.Waiting`. `run_plainly`: runs a top route as the version has it."""

    def __init__(self, process: Process, blackbox: BlackBox, talk: Talk) -> None:
        self._process = process
        self._place = blackbox.place
        self._talk = talk
        self._held: dict[int, Held] = {}
        #: what comes of a wait that begins now, which route goes on, and the number of the one that has begun
        self._manner = BLOCKED
        self._route = ""
        self._number = 0
        #: with which request a wait was begun last
        self._request = 0
        process.waiting = self

    # -- a wait begins ------------------------------------------------------------------------------------------------

    def suspend(self, context: RequestContext, call: Callable[[], int], route: str) -> bool:
        """async() in a request: make the call, which may hold the run; whether the route is to go on at once."""
        if not context.has_transaction:
            answer = self._talk.ask(TransactionAsked)
            if not answer.ok:
                self._remark(_TAKEN.format(seconds=answer.lines[0]), _TAKEN_HINT)
                return False
            context.has_transaction = True
        if route not in self._process.routes:
            context.error(f"there is no route[{route}] to go on with: async() waits where it stands")
            raise ScriptCrash(_NO_ROUTE.format(route=route))
        code, number = self._call(call, HELD, route)
        self._process.rc = code
        if not number:
            return True
        self._held[number] = Held(context, route, self._where())
        context.is_held = True
        self._process.notice(LEAVES, number)
        return False

    def outside(self, context: Context, call: Callable[[], int]) -> int:
        """async() or launch() where no request is: what waits is doomed."""
        return self._call(call, DOOMED, "")[0]

    def _call(self, call: Callable[[], int], manner: str, route: str) -> tuple[int, int]:
        """Make a call; its code, and the number of the wait that it has begun, 0 for none."""
        self._manner, self._route, self._number = manner, route, 0
        try:
            return call(), self._number
        finally:
            self._manner = BLOCKED

    def for_event(self, context: Context, event: str, filters: Filters, timeout: int) -> int:
        """wait_for_event(): its code."""
        manner = self._manner
        if manner is BLOCKED and self._process.slots[self._place[TOP]].kind == "startup_route":
            raise ScriptCrash(_HANGS)
        answer = self._wait(event, filters, timeout)
        if not answer.ok:
            context.error(f"wait_for_event: {answer.lines[0]}")
            context.error("wait_for_event: nothing is waited for")
            return -1
        number, name, last = int(answer.lines[0]), answer.lines[1], int(answer.lines[2])
        self._talk.learn((number, name, filters, self._route, last, self._process.number))
        if manner is BLOCKED:
            return self._block(context, number, name)
        if manner is DOOMED:
            self._held[number] = Held(context, "", self._where(), _DOOMED.format(event=name))
        self._number = number
        return 1

    def for_seconds(self, seconds: float) -> bool:
        """A function is to sleep: whether async() sees to that."""
        if self._manner is not HELD:
            return False
        self._number = int(self._wait(None, (), seconds).lines[0])
        return True

    def _wait(self, event: str | None, filters: Filters, timeout: float) -> Answer:
        slot, statement = self._place[SLOT], self._place[STATEMENT]
        manner, route = self._manner, self._route

        def asked(request: int) -> WaitAsked:
            self._request = request
            return WaitAsked(event, filters, timeout, manner, route, slot, statement, request)

        try:
            return self._talk.ask(asked)
        except BaseException:  # an interrupt: it has begun all the same
            self._talk.send(WaitGivenUp(self._request))
            raise

    def _block(self, context: Context, number: int, event: str) -> int:
        """The process waits."""
        try:
            self._process.notice(WAITS, event)
            answer = self._talk.woken(number)
        except BaseException:  # an interrupt
            self._talk.send(WaitGivenUp(self._request))
            raise
        finally:
            self._process.notice(GOES_ON, event)
        if not answer.ok:
            self._remark(_LATE, _LATE_HINT)
            return -2
        _put_in_front(context, answer.params)
        return 1

    def _where(self) -> tuple[int, int, int]:
        place = self._place
        return place[SLOT], place[STATEMENT], place[TOP]

    def _remark(self, text: str, hint: str) -> None:
        self._talk.send(Remarked(text, hint, self._place[SLOT], self._place[STATEMENT]))

    # -- a run goes on ------------------------------------------------------------------------------------------------

    def resume(self, given: Context, run: Callable[[Process, LinkedRoute, Context], int]) -> int:
        """Take up the run whose number is the first parameter, with the others in front of its AVPs."""
        (_, number), *params = given.params
        held = self._held.pop(int(number or 0), None)
        if held is None:
            given.error(f"the run that waited for {given.event} is lost: its process has died")
            return 1
        if held.words:
            place = self._place
            place[SLOT], place[STATEMENT], place[TOP] = held.place
            raise ScriptCrash(held.words)
        self._process.notice(RETURNS, int(number or 0))
        context = RequestContext(self._process, given.event)
        context.scopes = [Launched((None,))]
        context.avps, context.message, context.has_transaction = held.context.avps, held.context.message, True
        _put_in_front(context, tuple(params))
        return self._go_on(held.route, context, run)

    def _go_on(self, name: str, context: RequestContext, run: Callable[[Process, LinkedRoute, Context], int]) -> int:
        found = self._process.routes.get(name)
        if found is None:
            context.error(f"route[{name}], which was to go on, does not exist any more")
            self._talk.send(TransactionEnded())
            return 1
        self._place[TOP] = found.slot
        self._process.rc = 1
        return self.run(self._process, self._process.slots[found.slot], context, run)

    def run(
        self,
        process: Process,
        route: LinkedRoute,
        context: RequestContext,
        run: Callable[[Process, LinkedRoute, Context], int],
    ) -> int:
        """Run the route of a request; what it had of the server is given back unless another run goes on with it."""
        try:
            return run(process, route, context)
        finally:
            if context.has_transaction and not context.is_held:
                self._talk.send(TransactionEnded())


def _put_in_front(context: Context, params: Params) -> None:
    """What an event brings is found before what was there."""
    avps: dict[str, list[Value]] = context.avps
    for name, value in params:
        if name is not None:
            avps.setdefault(name, []).append(value)
