"""Programs whose routes subscribe routes to events with notify_on_event(): filters, expiry, raises inside raises.

An event's routes raise only events that come after it, and a route that is notified of an event likewise: so all ends.
An event without parameters that reaches a subscription kills a server, as does an integer among the filters; most
programs do neither, some do.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

from fidelity.expressions import TEXTS
from fidelity.inline import Inner
from fidelity.programs import PAUSE, QUEUE, Frame, Program, Raise
from fidelity.statements import DEPTH

ROUTING: Final = Frame(settings=f'loadmodule "event_routing.so"\n{QUEUE}')
#: the server says at each subscription that there is no transaction
WITH_TM: Final = Frame(settings=f'loadmodule "tm.so"\nloadmodule "event_routing.so"\n{QUEUE}')
#: names of parameters, and how filters spell them
KEYS: Final = ("ip", "n", "text", "ip", "n", "text", "IP", "Text", "nosuch", "n2", "", "n ", " ip")
#: patterns as a script writes them
PATTERNS: Final = (
    "*", "10.*", "10.0.0.?", "10.0.0.1", "?", "??", "*1", "*.*", "[0-9]*", "[!0-9]*", "[a-c]*", "[[:digit:]]", "[^a]*",
    "[[:alpha:]]*", "5", "42", "0", "-3", "18446744073709551613", "1844*", "", "a*c", "abc", "ABC", "[", "[]a]*", "[a",
    "a=b", "*=*", "sip:*", "::1", "?*", "**", "*[.:]*", "[.-:]*", "[a-]*", "[!]a]*", "\\\\*", "\\\\1*", "[\\\\a]*",
    "\\\\",
)  # fmt: skip
#: seconds a subscription lasts: those that a run never outlives, and those that a pause does
LONG: Final = ("60", "3600", "100000")
SHORT: Final = "1"
#: what is waited for short ones to expire
EXPIRED: Final = 2.3
#: silence after which all that an event has led to has been done
SETTLED: Final = 0.1


class Notifier(Inner):
    """Writes the body of a route that subscribes and raises. `notified`: events it may subscribe to, with the routes
    for each."""

    notified: tuple[tuple[str, tuple[str, ...]], ...] = ()
    #: subscriptions that are still to be written
    subscriptions = 0
    #: how long they last
    lasting: tuple[str, ...] = LONG
    #: whether it may do what kills a server
    is_deadly = False

    def statement(self, depth: int) -> list[str]:
        kind = self.random.random()
        if kind < 0.25 and self.subscriptions and self.notified and (not self._loops or self.chance(0.15)):
            self.subscriptions -= 1
            return self._subscribe()
        if kind < 0.35:
            return [self.parameter_log()]
        return super().statement(depth)

    def raising(self) -> list[str]:
        """Those that are counted, with parameters, stand elsewhere."""
        return [self.parameter_log()]

    def rest(self) -> list[str]:
        found: list[str] = []
        while self.subscriptions and self.notified:
            self.subscriptions -= 1
            found += self._subscribe()
        return found + super().rest()

    def parameter_log(self) -> str:
        """A line of the log about what a notified route finds."""
        names = [self.pick(("ip", "n", "text", "n2", "nosuch")) for _ in range(2)]
        read = self.pick((f"$avp({names[0]})", f"$(avp({names[0]})[*])", f"$(avp({names[0]})[1])"))
        return f'xlog("{self.pick("uvw")} [{read}] [$avp({names[1]})] [$param({names[0]})] {self._watched()}\\n");'

    def _watched(self) -> str:
        return self.pick(("$rc", "$route", "$route.type", "$(route[*])", "$return(0)", "$param(1)", "$ru", "$rm $cs"))

    # -- subscribing --------------------------------------------------------------------------------------------------

    def _subscribe(self) -> list[str]:
        self.seen.add("notify_on_event()")
        event, routes = self.pick(self.notified)
        avp = f"$avp({self.pick('fg')}{self.name})"
        before = self._filters(avp)
        before, event = self._event(before, event)
        route = self.pick(routes)
        given = f'"{route}"'
        if self.chance(0.1):
            self.seen.add("a route in a variable")
            before.append(f'$var(r{self.name}) = "{self.pick((route, route, "nosuch"))}";')
            given = f"$var(r{self.name})"
        before, lasting = self._timeout(before)
        call = f"notify_on_event({event}, {avp}, {given}, {lasting})"
        kind = self.random.random()
        if kind < 0.1:
            return [*before, f'if ({call}) xlog("subscribed $rc\\n"); else xlog("not subscribed $rc\\n");']
        if kind < 0.18:
            self.seen.add("subscriptions in a loop")
            counter = f"$var(s{self.name}_{self.random.randrange(10**4)})"
            return [*before, f"{counter} = 0;", f"while ({counter} < 2) {{", f"{counter} += 1;", f"{call};", "}"]
        if kind < 0.26:
            return [*before, f"if ({self.comparison()}) {{", f"{call};", "}"]
        return [*before, f"{call};", *(['xlog("rc $rc\\n");'] if self.chance(0.7) else [])]

    def _event(self, before: list[str], event: str) -> tuple[list[str], str]:
        kind = self.random.random()
        if kind < 0.88:
            return before, f'"{event}"'
        self.seen.add("an event in a variable")
        if kind < 0.9:
            event = self.pick((f"E_NONE{self.name}", event.lower(), ""))
        return [*before, f'$var(v{self.name}) = "{event}";'], f"$var(v{self.name})"

    def _timeout(self, before: list[str]) -> tuple[list[str], str]:
        kind = self.random.random()
        if kind < 0.85:
            return before, self.pick(self.lasting)
        if kind < 0.93:
            return [*before, f"$var(t{self.name}) = {self.pick(self.lasting)};"], f"$var(t{self.name})"
        self.seen.add("odd timeouts")
        return before, self.pick(("2147483647", f"$var(u{self.name})", "$avp(ip)"))

    def _filters(self, avp: str) -> list[str]:
        found = [f"{avp} = NULL;"] if self.chance(0.55) else []
        for _ in range(self.pick((0, 1, 1, 1, 2))):
            self.seen.add("filters")
            found.append(f"{avp} = {self._filter()};")
        if self.is_deadly and self.chance(0.2):
            found.append(f"{avp} = 5;")
        if self.chance(0.05):
            found.append(f'$({avp[1:]}[0]) = "{self.pick(KEYS)}={self.pick(PATTERNS)}";')
        return found

    def _filter(self) -> str:
        kind, key = self.random.random(), self.pick(KEYS)
        if kind < 0.6:
            return f'"{key}={self.pick(PATTERNS)}"'
        if kind < 0.75:
            value = self.pick(("10.0.0.1", "5", "-3", *TEXTS))
            return f'"{key}={value}"'
        if kind < 0.93:
            self.seen.add("filters with variables")
            variable = self.pick(("$param(ip)", "$avp(ip)", "$param(n)", f"$var(a{self.name})", "$param(1)", "$rU"))
            return self.pick((f'"{key}=" + {variable}', f'"{key}={variable}*"', f'"$param(nosuch){key}={variable}"'))
        return self.pick(('"nothing"', f'"{key}"', '"="', '"=x"', f'"{key}=="'))


def subscriptions(random: Random, name: str) -> Program:
    """Events that are raised with parameters, one that subscribes first, routes that are notified."""
    return _Maker(random, name).program()


class _Maker:
    """Puts one program together."""

    def __init__(self, random: Random, name: str) -> None:
        self.random, self.name = random, name
        self.seen: set[str] = set()
        count = random.choice((1, 2, 2, 3))
        self.events = [f"E_N{name}_{number}" for number in range(count)]
        #: routes that are notified of an event, by its number
        self.routes = [
            tuple(f"g{name}_{number}_{which}" for which in range(random.choice((1, 1, 2)))) for number in range(count)
        ]
        self.is_short = random.random() < 0.08
        self.is_deadly = random.random() < 0.05

    def program(self) -> Program:
        texts, called = self._called()
        texts.append(self._route(f"route[last{self.name}]", (), [], len(self.events), is_called=True))
        for number in reversed(range(len(self.events))):
            # those that may raise the last event are not called by what it leads to
            may_call = called if number + 1 < len(self.events) else (f"last{self.name}",)
            texts += [self._notified(number, route, may_call) for route in self.routes[number]]
            if self.random.random() < 0.75:
                texts.append(self._event_route(number, may_call))
            else:
                self.seen.add("events without a route")
        texts.append(self._subscriber(called))
        # what makes events known that have no route
        known = "".join(f'raise_event("{event}", $avp(no), $avp(no)); ' for event in self.events)
        texts.append(f"route[known{self.name}] {{\n{known}\n}}")
        frame = self.random.choices((ROUTING, WITH_TM), (70, 30))[0]
        raised = self._raises()
        constructs = ("subscriptions", *sorted(self.seen), *(("tm",) if frame is WITH_TM else ()))
        return Program(self.name, "\n".join(texts), raised, frame, constructs, quiet=SETTLED, settles=True)

    # -- routes -------------------------------------------------------------------------------------------------------

    def _called(self) -> tuple[list[str], tuple[str, ...]]:
        """Routes that others call, which may subscribe."""
        texts: list[str] = []
        called: tuple[str, ...] = ()
        for number in range(self.random.choice((0, 0, 1, 1, 2))):
            name = f"r{self.name}_{number}"
            texts.append(self._route(f"route[{name}]", called, self.events[-1:], len(self.events) - 1, is_called=True))
            called = (*called, name)
        return texts, called

    def _notified(self, number: int, route: str, called: tuple[str, ...]) -> str:
        return self._route(f"route[{route}]", called, self.events[number + 1 :], number + 1, calls=self._rarely())

    def _event_route(self, number: int, called: tuple[str, ...]) -> str:
        subscribes = number if self.random.random() < 0.2 else len(self.events)
        if subscribes == number:
            self.seen.add("subscriptions to the event that runs")
        return self._route(
            f"event_route[{self.events[number]}]", called, self.events[number + 1 :], subscribes, calls=self._rarely()
        )

    def _subscriber(self, called: tuple[str, ...]) -> str:
        return self._route(f"event_route[E_S{self.name}]", called, [], 0, calls=self.random.randint(1, 4))

    def _rarely(self) -> int:
        return self.random.choices((0, 1, 2), (75, 20, 5))[0]

    def _route(
        self, head: str, called: tuple[str, ...], events: list[str], subscribes: int, *, calls: int = 0,
        is_called: bool = False,
    ) -> str:  # fmt: skip
        """`subscribes`: the number of the first event that it may subscribe to."""
        body = Notifier(self.random, self.name)
        body.routes, body.events, body.is_called = called, tuple(events), is_called
        body.notified = tuple(zip(self.events[subscribes:], self.routes[subscribes:], strict=True))
        body.subscriptions = self.random.choice((0, 1)) if is_called else calls
        body.lasting = (SHORT, SHORT, *LONG) if self.is_short else LONG
        body.is_deadly, body.bare, body.nameless = self.is_deadly, 0.1 * self.is_deadly, 0.1 * self.is_deadly
        body.raises = self.random.choices((0, 1, 2), (45, 40, 15))[0] if not is_called else self._rarely()
        found = body.block(DEPTH - 1, 1, 4)
        found += body.rest()
        if body.chance(0.2):
            found += body.end()
        else:
            found += [body.parameter_log(), *(body.end() if is_called else [])]
        self.seen |= body.seen
        return "\n".join([f"{head} {{", *found, "}"])

    # -- raising ------------------------------------------------------------------------------------------------------

    def _raises(self) -> tuple[Raise, ...]:
        subscribe: Raise = (f"E_S{self.name}", self._parameters())
        found = [subscribe]
        for _ in range(self.random.choice((1, 2, 2, 3))):
            found.append((self.random.choice(self.events), self._parameters()))
            if self.random.random() < 0.12:
                found.append(subscribe)
        if self.is_short:
            self.seen.add("expiry")
            found.append((PAUSE, EXPIRED))
            found.append((self.random.choice(self.events), self._parameters()))
        return tuple(found)

    def _parameters(self) -> Any:
        kind = self.random.random()
        if self.is_deadly and kind < 0.3:
            return None if kind < 0.15 else []
        if kind < 0.08:
            return [self.random.choice(TEXTS).replace('\\"', '"'), "5"]
        values = {
            "ip": self.random.choice(("10.0.0.1", "10.0.0.15", "::1", "", "a.b", "*")),
            "n": self.random.choice((0, 5, -3, 42, "5", "-3", 2**31)),
            "text": self.random.choice(TEXTS).replace('\\"', '"'),
            "IP": "second",
            "n2": "x",
        }
        names = self.random.sample(list(values), self.random.randint(1, 4))
        return {key: values[key] for key in names}
