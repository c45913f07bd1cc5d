"""Programs whose event routes raise events, for a 4.0, which runs them inside the statement.

They do so nested, in loops and in called routes, with AVPs, parameters and other ends around them.

A 4.0 dies of the third such event of a run; most programs stay below that, some do not.
"""

from __future__ import annotations

from random import Random
from typing import Final

from fidelity.programs import ASYNC, PLAIN, QUEUE, Frame, Program, Raise
from fidelity.statements import DEPTH, Body

#: a server whose log lines raise an event that has a route: the first one after an event inside kills it
LOGGED: Final = Frame(
    settings=f"log_event_enabled=yes\n{QUEUE}", routes="event_route[E_CORE_LOG] { $shv(logged) += 1; }"
)
#: what a route reads around the events that it raises
WATCHED: Final = (
    "$rc", "$return(0)", "$return(1)", "$route", "$route.name", "$route.type", "$(route[*])", "$(route[0])", "$ru",
    "$rU", "$du", "$ru_q", "$param(1)", "$param(2)", "$param(ip)", "$param(n)", "$param(nosuch)", "$err.info",
    "$msg.is_request", "$xlog_level",
)  # fmt: skip
ENDS: Final = (
    "exit;", "drop;", "return;", "return(0);", "return(-1);", "return(7);", 'return(1, "r", 7);',
    'assert($rc == "never", "no");',
)  # fmt: skip
#: how many routes with events of their own a program has at most, beside the first
MOST: Final = 4
#: raises of one route, and how often it has so many; two are as many as a server bears, if nothing else counts
RAISES: Final = ((0, 25), (1, 42), (2, 23), (3, 6), (4, 4))


class Inner(Body):
    """Writes the body of a route that raises events."""

    #: raises that are still to be written
    raises = 0
    #: whether they may stand in loops
    may_loop = False
    #: how many raises have no parameters
    bare = 0.35
    #: how many have parameters, but no names
    nameless = 0.2

    def statement(self, depth: int) -> list[str]:
        kind = self.random.random()
        if kind < 0.2 and self.raises and self.events and (self.may_loop or not self._loops):
            self.raises -= 1
            return self._raise()
        if kind < 0.38:
            return [self.watch()]
        if kind < 0.5:
            return [self.avps()]
        return super().statement(depth)

    def rest(self) -> list[str]:
        """What is still to be raised."""
        found: list[str] = []
        while self.raises and self.events:
            self.raises -= 1
            found += self._raise()
        return found

    def watch(self) -> str:
        """A line of the log about what a raise changes."""
        n = self.name
        own = [f"$avp({letter}{n})" for letter in "ab"] + [f"$var({letter}{n})" for letter in "ab"]
        own += [f"$(avp(a{n})[*])", f"$json(j{n}/a)", f"$shv(a{n})"]
        read = " ".join(f"[{self.pick((*own, *WATCHED, *WATCHED))}]" for _ in range(self.random.randint(2, 4)))
        return f'xlog("{self.pick("uvwxyz")} {read}\\n");'

    def avps(self) -> str:
        n, letter = self.name, self.pick("ab")
        return self.pick(
            (
                f"$avp({letter}{n}) = {self.operand()};", f"$avp({letter}{n}) = {self.literal()};",
                f"$avp({letter}{n}) += 1;", f"$avp({letter}{n}) := NULL;", f"$avp({letter}{n}) = NULL;",
                f"$var({letter}{n}) = {self.number()};", f"$var({letter}{n}) += 1;", f"$ru = \"sip:{letter}{n}@h\";",
                f"$shv({letter}{n}) += 1;", f"$json(j{n}/{letter}) = {self.number()};",
            )
        )  # fmt: skip

    # -- raising ------------------------------------------------------------------------------------------------------

    def _raise(self) -> list[str]:
        self.seen.add("raise in raise")
        before, call = self._called()
        kind = self.random.random()
        if self.may_loop and kind < 0.5:
            return [*before, *self._looping(call)]
        if kind < 0.1:
            return [*before, f'if ({call}) xlog("raised $rc\\n");', self.watch()]
        if kind < 0.2:
            return [f"if ({self.comparison()}) {{", *before, f"{call};", "}", self.watch()]
        return [*before, f"{call};", self.watch()]

    def _looping(self, call: str) -> list[str]:
        self.seen.add("raise in a loop")
        n = self.name
        counter = f"$var(l{n})" if self.chance(0.3) else f"$var(l{n}_{self.random.randrange(10**4)})"
        most = self.pick("1223")
        return self.pick(
            (
                [f"{counter} = 0;", f"while ({counter} < {most}) {{", f"{counter} += 1;", f"{call};", "}"],
                [f"{counter} = 0;", f"while ({call} && {counter} < {most}) {{", f"{counter} += 1;", "}", self.watch()],
                [f"for ($var(i{n}) in $(avp(a{n})[*])) {{", f'xlog("item [$var(i{n})]\\n");', f"{call};", "}"],
                [f"for ($var(i{n}) in $(json(j{n}/b)[*])) {{", f'xlog("item [$var(i{n})]\\n");', f"{call};", "}"],
            )
        )  # fmt: skip

    def _called(self) -> tuple[list[str], str]:
        """Statements that make the parameters, and the call without a semicolon."""
        event, n, kind = self.pick(self.events), f"{self.name}_{self.random.randrange(1000)}", self.random.random()
        if self.chance(0.05):
            event = f"E_NOBODY{self.name}"
        if kind < self.bare:
            return [], f'raise_event("{event}")'
        values = [self.pick((self.literal(), self.operand(), self.number())) for _ in range(self.random.randint(1, 3))]
        before = [f"$avp(rv{n}) = {value};" for value in values]
        if kind < self.bare + self.nameless:
            self.seen.add("parameters without names")
            return before, f'raise_event("{event}", $avp(rv{n}))'
        self.seen.add("parameters with names")
        before += [f'$avp(rn{n}) = "{self.pick(("ip", "n", "text", "n2"))}";' for _ in values]
        return before, f'raise_event("{event}", $avp(rn{n}), $avp(rv{n}))'


def inner_events(random: Random, name: str) -> Program:
    """An event route that raises events, whose routes may raise others, and so on."""
    seen: set[str] = set()
    (frame,) = random.choices((PLAIN, ASYNC, LOGGED), (90, 8, 2))
    count = random.randint(1, MOST)
    events = [f"E_I{name}_{number}" for number in range(count + 1)]
    texts, called = _called_routes(random, name, events[1:], seen)
    for number in reversed(range(count + 1)):
        head, below = f"event_route[{events[number]}]", tuple(events[number + 1 :])
        if below:
            texts.append(_route(random, name, head, called, below, seen, is_first=not number))
        else:  # the routes raise this one
            itself = "" if frame is ASYNC else _itself(random, events[number])
            texts.append(_route(random, name, head, (), (), seen, itself=itself))
    raised: list[Raise] = [(events[0], {"ip": "10.0.0.1", "n": 5, "text": "x"} if random.random() < 0.7 else None)]
    if random.random() < 0.25:
        seen.add("several routes for an event")
        texts.append(_subscribing(random, name, events, seen))
        raised.insert(0, (f"E_S{name}", None))
    if random.random() < 0.2:
        raised.append((random.choice(events), ["1", "two"]))
    if frame is ASYNC:
        texts.append(_resuming(random, name, events, seen))
        raised.append((f"E_L{name}", None))
    constructs = ("events inside events", *sorted(seen), *(("E_CORE_LOG",) if frame is LOGGED else ()))
    quiet = 0.06 if frame is ASYNC else 0.0
    return Program(name, "\n".join(texts), tuple(raised), frame, constructs, quiet=quiet)


def _resuming(random: Random, name: str, events: list[str], seen: set[str]) -> str:
    """A route that raises events which wait, since it resumes; and an event that launches it."""
    seen.add("raise in a resume route")
    queued = "".join(
        f'raise_event("{event}"); xlog("queued $rc [$avp(a{name})]\\n");\n' for event in random.choices(events, k=3)
    )
    return f"""route[z{name}] {{
$avp(a{name}) = 5;
{queued}}}
event_route[E_L{name}] {{ launch(usleep(1000), z{name}); }}"""


def _itself(random: Random, event: str) -> str:
    """A statement with which the last one may raise itself, once: a hundred levels, and no more."""
    return f'raise_event("{event}");' if random.random() < 0.08 else ""


def _called_routes(random: Random, name: str, events: list[str], seen: set[str]) -> tuple[list[str], tuple[str, ...]]:
    """Routes that raise, and that others call."""
    texts: list[str] = []
    called: tuple[str, ...] = ()
    for number in range(random.choice((0, 0, 1, 1, 2))):
        texts.append(_route(random, name, f"route[r{name}_{number}]", called, tuple(events[-1:]), seen, is_called=True))
        called = (*called, f"r{name}_{number}")
    return texts, called


def _route(
    random: Random, name: str, head: str, called: tuple[str, ...], events: tuple[str, ...], seen: set[str],
    *, is_first: bool = False, is_called: bool = False, itself: str = "",
) -> str:  # fmt: skip
    body = Inner(random, name)
    body.routes, body.events, body.is_called = called, events, is_called
    numbers, weights = zip(*RAISES, strict=True)
    body.raises = max(int(is_first), random.choices(numbers, weights)[0])
    body.may_loop = random.random() < 0.12
    found = body.block(DEPTH - 1, 1, 4)
    found += [*body.rest(), *filter(None, [itself])]
    found += [body.pick(ENDS)] if body.chance(0.2) else [body.watch(), *(body.end() if is_called else [])]
    seen |= body.seen
    return "\n".join([f"{head} {{", *found, "}"])


def _subscribing(random: Random, name: str, events: list[str], seen: set[str]) -> str:
    """A second route for one of the events; and an event that subscribes it."""
    subscribed = random.choice(events[1:])
    more = _route(random, name, f"event_route[E_M{name}]", (), (), seen)
    return f"""{more}
event_route[E_S{name}] {{
subscribe_event("{subscribed}", "route:E_M{name}"); xlog("subscribed $rc\\n");
}}"""
