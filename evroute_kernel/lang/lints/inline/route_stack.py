"""The size of the route stack along the ways through a script, as OpenSIPS 4.0.1 counts it.

An event route begins with 1; a called route has one more while it runs. Each event that is raised from within, and
that k event routes serve, takes k and never gives it back. To raise an event or call a route at -1 kills the server;
below -1 other memory is written over, which kills it only at times (seen on 4.0.1). A line that is logged after such an
event kills it too where E_CORE_LOG has a route.

What is not certain is an interval. Loops may go round as often as they like; a way through a branch is as good as any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.inline.subscribers import COMPUTED, UNSERVED, Served, event_routes, raised, subscribers
from evroute_kernel.lang.lints.inline.ways import BEGINNING, DEADLY, LEAST, Death, Place, Ways, either
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.records import dataclass

#: blocks in blocks, routes in routes and events in events that are followed, all together
_DEEPEST: Final = 120
#: the size up to which routes of inner events are looked into: in a larger one it takes more raises than people write
_LARGEST: Final = 8


@dataclass(slots=True)
class Walk:
    """Ways through the routes of one script. `log_kills`: E_CORE_LOG has a route, and so text after an event from
    within kills; `log_surely`: it is sure that such text is logged."""

    subject: Subject
    log_kills: bool = False
    log_surely: bool = False
    sends: frozenset[int] = frozenset()
    #: the events that event routes may raise; None is one whose name is known only when the script runs
    inner: set[str | None] = field(default_factory=set)
    served: Mapping[str, Served] = field(default_factory=dict)
    _routes: dict[str, Block] = field(default_factory=dict)
    _started: dict[tuple[str, Place], Ways] = field(default_factory=dict)
    _called: dict[tuple[str, Place], Ways] = field(default_factory=dict)
    _raising: set[int] = field(default_factory=set)
    _running: set[str] = field(default_factory=set)
    _loops: int = 0
    _depth: int = 0

    def __post_init__(self) -> None:
        self.served = self.subject.once(subscribers)
        self._routes = {block.name: block for block in event_routes(self.subject)}
        self._raising = self._all_raising()

    def event_route(self, name: str, place: Place = BEGINNING) -> Ways:
        """The ways through an event route; by default one that a worker's queue has started."""
        key = (name, place)
        if key not in self._started:
            if name in self._running:  # events that raise each other
                return Ways(place, ends=True)
            self._running.add(name)
            around, self._loops = self._loops, 0
            self._started[key] = self.through(self._routes[name].statements, place)
            self._loops = around
            self._running.remove(name)
        return self._started[key]

    def may_raise(self, block: Block) -> bool:
        """Whether it, or a route that it calls, raises events."""
        return id(block) in self._raising

    def _all_raising(self) -> set[int]:
        raising = [b for b in self.subject.blocks if any(call.name == "raise_event" for call in b.of(nodes.Call))]
        found = set(map(id, raising))
        while raising:
            block = raising.pop()
            for caller, _ in self.subject.calls_of(block.name) if block.called else ():
                if id(caller) not in found:
                    found.add(id(caller))
                    raising.append(caller)
        return found

    def _target(self, call: nodes.RouteCall) -> Block | None:
        return self.subject.routes.get(call.target.text) if isinstance(call.target, nodes.Name) else None

    # -- statements ---------------------------------------------------------------------------------------------------

    def through(self, statements: Iterable[nodes.Node], place: Place | None) -> Ways:
        """The ways through statements, one after another."""
        ways = Ways(place)
        if self._depth > _DEEPEST:
            return Ways(place, ends=True)
        self._depth += 1
        for node in statements:
            if ways.on is None:
                break
            kind = node.__class__
            step = getattr(self, _STEPS[kind])(node, ways.on) if kind in _STEPS else Ways(ways.on, ends=True)
            ways.on = step.on
            ways.take(step)
        self._depth -= 1
        return ways

    def _assign(self, node: nodes.Assign, place: Place) -> Ways:
        ways = Ways(place)
        if node.value.__class__ not in _PLAIN:
            for part in node.value.walk():
                if isinstance(part, nodes.Action):
                    self._perhaps(ways, self._test(part, either(place, ways.on) or place))
        return ways

    def _perhaps(self, ways: Ways, more: Ways) -> None:
        """Go on with something that may be left out."""
        ways.ends = ways.ends or more.ends
        ways.possible = ways.possible or more.possible or (more.fatal[0] if more.fatal else None)
        ways.returned = either(ways.returned, more.returned)
        ways.on = either(ways.on, either(more.on, more.broken))

    def _call(self, node: nodes.Call, place: Place) -> Ways:
        if node.name == "raise_event":
            return self._raise(node, place)
        function = self.subject.library.functions.get(node.name)
        # one that does not run here may end the script
        return Ways(place, ends=function is None or function.behaviour is None or function.stub)

    def _raise(self, node: nodes.Call, place: Place) -> Ways:
        name = raised(node)
        served = COMPUTED if name is None else self.served.get(name, UNSERVED)
        if not served.most:
            return Ways(place)
        least = served.least if id(node) in self.sends else 0
        why = (
            f"nothing serves {name} yet" if served.later else "in a loop" if self._loops else "on one of the ways here"
        )
        death = Death(node, why)
        if place.least >= DEADLY and place.most <= least + DEADLY - 1:
            return Ways(None, fatal=(death,))
        self.inner.add(name)
        is_certain = place.least > DEADLY  # below it other memory is written over, and anything may happen
        if is_certain and least == served.most == 1 and name in self._routes and place.most < _LARGEST:
            inside = self.event_route(name, Place(place.least, place.most).moved(1))
            if inside.is_fatal:
                return Ways(None, fatal=inside.fatal)
        may = place.least <= served.most + DEADLY - 1
        after = Place(
            max(LEAST, place.least - served.most),
            max(LEAST, place.most - least),
            seen=True,
            surely=place.surely or least > 0,
        )
        return Ways(after, ends=not is_certain, possible=death if may else None)

    def _route(self, node: nodes.RouteCall, place: Place) -> Ways:
        block = self._target(node)
        if block is None or not block.statements:
            return Ways(place, ends=True)
        death = Death(node, "in a loop" if self._loops else "on one of the ways here")
        if place.least == place.most == DEADLY:
            return Ways(None, fatal=(death,))
        key = (block.name, place)
        if key not in self._called:
            self._called[key] = Ways(Place(LEAST, place.most, True), ends=True)  # for those that call each other
            around, self._loops = self._loops, 0
            self._called[key] = self._through_route(block, place)
            self._loops = around
        ways = self._called[key]
        may = place.least <= DEADLY
        ends = ways.ends or place.least < DEADLY
        return Ways(ways.on, ends=ends, fatal=ways.fatal, possible=death if may else ways.possible)

    def _through_route(self, block: Block, place: Place) -> Ways:
        ways = self.through(block.statements, place.moved(1))
        end = either(either(ways.on, ways.returned), ways.broken)
        return Ways(end and end.moved(-1), ends=ways.ends, fatal=ways.fatal, possible=ways.possible)

    def _log(self, node: nodes.Node, place: Place) -> Ways:
        if not (self.log_kills and place.seen):
            return Ways(place)
        death = Death(node, "E_CORE_LOG has a route")
        is_sure = self.log_surely and place.surely and not (isinstance(node, nodes.XLog) and _is_computed(node))
        return Ways(None, fatal=(death,)) if is_sure else Ways(place, possible=death)

    def _debug(self, node: nodes.XDbg, place: Place) -> Ways:
        return Ways(place)

    def _return(self, node: nodes.Return, place: Place) -> Ways:
        # 0 ends everything
        is_plain = node.code is None or (isinstance(node.code, nodes.Number) and node.code.value != 0)
        return Ways(None, returned=place, ends=not is_plain)

    def _exit(self, node: nodes.Exit | nodes.Drop, place: Place) -> Ways:
        return Ways(None, ends=True)

    def _break(self, node: nodes.Break, place: Place) -> Ways:
        return Ways(None, broken=place)

    def _launch(self, node: nodes.Launch, place: Place) -> Ways:
        return Ways(place)

    # -- what holds statements ----------------------------------------------------------------------------------------

    def _if(self, node: nodes.If, place: Place) -> Ways:
        ways = self._test(node.test, place)
        at = ways.on
        if at is not None:
            then, other = self.through(node.then, at), self.through(node.orelse, at)
            ways.take(then)
            ways.take(other)
            ways.on = either(then.on, other.on)
        return ways

    def _while(self, node: nodes.While, place: Place) -> Ways:
        ways = self._test(node.test, place)
        return ways if ways.on is None else self._loop(ways, node.body, node.test)

    def _for_each(self, node: nodes.ForEach, place: Place) -> Ways:
        return self._loop(Ways(place), node.body)

    def _loop(self, ways: Ways, body: tuple[nodes.Statement, ...], test: nodes.Node | None = None) -> Ways:
        """Nothing, or any number of times."""
        at = ways.on
        assert at is not None
        if self._lowers(body if test is None else (test, *body)):
            at = Place(LEAST, at.most, True, at.surely)
        self._loops += 1
        ways.on = at
        self._perhaps(ways, self.through(body, at))
        if test is not None:
            self._perhaps(ways, self._test(test, at))
        self._loops -= 1
        return ways

    def _lowers(self, again: tuple[nodes.Node, ...]) -> bool:
        """Whether events may be raised in what is repeated."""
        for statement in again:
            for node in statement.walk():
                if isinstance(node, nodes.Call) and node.name == "raise_event":
                    return True
                if isinstance(node, nodes.RouteCall) and (called := self._target(node)) and self.may_raise(called):
                    return True
        return False

    def _switch(self, node: nodes.Switch, place: Place) -> Ways:
        """A case goes on in the next one unless it breaks."""
        ways, on = Ways(place), None
        for body in (*(case.body for case in node.cases), node.default):
            if body is not None:
                step = self.through(body, either(place, on))
                on = step.on
                ways.take(step)
        ways.on = either(either(on, ways.broken), place if node.default is None else None)
        ways.broken = None
        return ways

    # -- conditions ---------------------------------------------------------------------------------------------------

    def _test(self, node: nodes.Node | None, place: Place) -> Ways:
        if isinstance(node, (nodes.Not, nodes.Group)):
            return self._test(node.operand, place)
        if isinstance(node, nodes.BoolOp):
            return self._either_way(node, place)
        if isinstance(node, nodes.Action):
            ways = self.through(node.statements, place)
            # a code of 0 ends everything
            ways.ends = ways.ends or not all(isinstance(s, nodes.Call) for s in node.statements[-1:])
            return ways
        return Ways(place)

    def _either_way(self, node: nodes.BoolOp, place: Place) -> Ways:
        """The right side is looked at only if the left one has not decided."""
        rights: list[nodes.Node] = []
        left: nodes.Node = node
        while isinstance(left, nodes.BoolOp):
            rights.append(left.right)
            left = left.left
        ways = self._test(left, place)
        for right in reversed(rights):
            if ways.on is not None:
                self._perhaps(ways, self._test(right, ways.on))
        return ways


def _is_computed(node: nodes.XLog) -> bool:
    """Whether it is not sure that a line is logged, by its level."""
    return node.level is not None and node.level.value not in ("L_ALERT", "L_CRIT", "L_ERR", "L_WARN", "L_NOTICE")


#: values without statements in them, the commonest
_PLAIN: Final = frozenset({nodes.Variable, nodes.String, nodes.Number, nodes.Null})
_STEPS: Final[dict[type[nodes.Node], str]] = {
    nodes.Assign: "_assign",
    nodes.Call: "_call",
    nodes.RouteCall: "_route",
    nodes.XLog: "_log",
    nodes.Log: "_log",
    nodes.XDbg: "_debug",
    nodes.Return: "_return",
    nodes.Exit: "_exit",
    nodes.Drop: "_exit",
    nodes.Break: "_break",
    nodes.Launch: "_launch",
    nodes.If: "_if",
    nodes.While: "_while",
    nodes.ForEach: "_for_each",
    nodes.Switch: "_switch",
}
