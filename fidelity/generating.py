"""Programs by seed and number: always the same ones. Each kind is about one construct; bodies hold all the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Final, Literal

from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from fidelity.expressions import TEXTS
from fidelity.inline import inner_events
from fidelity.programs import ASYNC, PLAIN, QUEUE, Frame, Program, Raise
from fidelity.running import TIMER_DONE
from fidelity.statements import DEPTH, Body
from fidelity.subscriptions import subscriptions

#: what programs are about: all kinds but those with subscriptions, or these alone
About = Literal["everything", "subscriptions"]

ERROR: Final = Frame(
    settings=QUEUE,
    routes='error_route { xlog("error $err.class $err.level $err.rcode [$err.rreason] [$ru] $rc $route.type\\n"); }',
)
STARTUP: Final = Frame(
    settings=QUEUE,
    routes="""startup_route {
    $shv(started) = 7; $var(started) = "here"; $avp(started) = 5; $json(started) := "{\\"a\\":1}";
    cache_store("local", "started", "cached $rc"); update_stat("started", 3);
    xlog("startup $route.type $(route[*]) $param(1) $ru $rc\\n");
}""",
)
INCLUDES: Final = Frame(
    settings=QUEUE,
    files=(
        ("shared.cfg", 'route[included] { xlog("included [$param(1)] $rc $(route[*])\\n"); return(3); }\n'),
        ("more.cfg", 'import_file "shared.cfg"\nroute[deeper] { route(included, $param(1)); return(-2); }\n'),
    ),
    routes='include_file "more.cfg"',
)
WORKERS: Final = Frame(workers=3)


def programs(
    seed: int, start: int, count: int, version: ServerVersion = DEFAULT_VERSION, about: About = "everything"
) -> list[Program]:
    make = program if about == "everything" else _subscriptions
    return [make(seed, number, version) for number in range(start, start + count)]


def _subscriptions(seed: int, number: int, version: ServerVersion) -> Program:
    return subscriptions(Random(f"{seed}/{version}/subscriptions/{number}"), str(number))


def program(seed: int, number: int, version: ServerVersion = DEFAULT_VERSION) -> Program:
    """One of those that a seed makes for a version: those for 4.0 are half of them about events inside events."""
    if version == DEFAULT_VERSION:
        random = Random(f"{seed}/program/{number}")
    else:
        random = Random(f"{seed}/{version}/program/{number}")
        if random.random() < 0.5:
            return inner_events(random, str(number))
    kind = random.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
    return KINDS[kind][1](random, str(number))


# -- pieces -----------------------------------------------------------------------------------------------------------


def lines(found: list[str]) -> str:
    return "\n".join(found)


def parameters(random: Random) -> Any:
    """What an event is raised with: mostly names and values."""
    kind = random.random()
    text = random.choice(TEXTS).replace('\\"', '"')
    if kind < 0.7:
        return {"ip": random.choice(("10.0.0.1", "::1", "")), "n": random.choice((0, 5, -3, 42)), "text": text}
    return [text, "5", "x"] if kind < 0.9 else None


def raises(random: Random, event: str) -> tuple[Raise, ...]:
    return tuple((event, parameters(random)) for _ in range(random.choice((1, 1, 2))))


def route(random: Random, name: str, called: str, routes: tuple[str, ...], seen: set[str]) -> str:
    body = Body(random, name)
    body.routes, body.is_called = routes, True
    text = lines([f"route[{called}] {{", *body.block(DEPTH - 1, 1, 4), *body.end(), "}"])
    seen |= body.seen
    return text


def event_route(
    random: Random, name: str, event: str, routes: tuple[str, ...], seen: set[str], events: tuple[str, ...] = ()
) -> str:
    body = Body(random, name)
    body.routes, body.events = routes, events
    text = lines([f"event_route[{event}] {{", *body.block(DEPTH, 2, 7), body.log(), "}"])
    seen |= body.seen
    return text


# -- kinds ------------------------------------------------------------------------------------------------------------


def plain(random: Random, name: str, kind: str = "event routes", frame: Frame = PLAIN) -> Program:
    """An event route, with routes that it calls, and perhaps an event that it raises."""
    seen: set[str] = set()
    texts: list[str] = []
    called: tuple[str, ...] = ()
    for number in range(random.choice((0, 1, 1, 2))):
        texts.append(route(random, name, f"r{name}_{number}", called, seen))
        called = (*called, f"r{name}_{number}")
    events: tuple[str, ...] = ()
    if random.random() < 0.3:
        events = (f"E_N{name}",)
        texts.append(event_route(random, name, events[0], called, seen))
    main = event_route(random, name, f"E_P{name}", called, seen, events)
    return Program(
        name, lines([*texts, main]), raises(random, f"E_P{name}"), frame, (kind, *sorted(seen)),
        rounds=3 if events else 1,
    )  # fmt: skip


def startup(random: Random, name: str) -> Program:
    """What a startup route left, as events find it."""
    made = plain(random, name, "startup routes", STARTUP)
    tell = f"""event_route[E_S{name}] {{
xlog("[$shv(started)] [$var(started)] [$avp(started)] [$json(started)] $stat(started)\\n");
cache_fetch("local", "started", $var(f{name})); xlog("$rc [$var(f{name})]\\n");
}}"""
    return replace(made, script=f"{made.script}\n{tell}", raises=(*made.raises, (f"E_S{name}", None)))


def error(random: Random, name: str) -> Program:
    """What cannot be parsed runs the error route."""
    made = plain(random, name, "error routes", ERROR)
    broken = random.choice(('"sip:"', '"x"', '"sip:a@b:port"', '"sip:a@"', '""', '"sip:h;=x"'))
    read = random.choice(("$rU", "$rd", "$rp", "$(ru{uri.host})", "$rP"))
    tell = f"""event_route[E_R{name}] {{
$ru = {broken}; xlog("set $rc\\n"); $var(a{name}) = {read}; xlog("[$var(a{name})] $rc\\n");
if ({read} == NULL) xlog("null\\n"); route(rr{name}); xlog("end $rc\\n");
}}
route[rr{name}] {{ xlog("in [{read}]\\n"); return(2); }}"""
    return replace(made, script=f"{made.script}\n{tell}", raises=(*made.raises, (f"E_R{name}", None)))


def timer(random: Random, name: str) -> Program:
    """A timer route that runs once, in whatever process: it reads and writes nothing that others do.

    Under 4.0 `$ru_q` is another one in the first run of a process.
    """
    body = Body(random, f"t{name}")
    inner = [line.replace("$ru_q", "$ru") for line in body.block(1, 2, 5)]
    text = lines(
        [
            f"timer_route[t{name}, 1] {{", f"if ($shv(done{name}) == 0) {{", f"$shv(done{name}) = 1;",
            'xlog("timer $route.type $(route[*]) [$param(1)] [$ru]\\n");', *inner,
            f'xlog("{TIMER_DONE}t{name}\\n");', "}", "}",
        ]
    )  # fmt: skip
    made = plain(random, name, "timer routes", TIMER)
    return replace(made, script=f"{made.script}\n{text}", timers=(f"t{name}",))


TIMER: Final = Frame(settings=f"{QUEUE} # timers")


def asynchronous(random: Random, name: str) -> Program:
    """`async` and `launch`, and the route that resumes."""
    seen: set[str] = set()
    resumed = route(random, name, f"z{name}", (), seen)
    body = Body(random, name)
    start = random.choice(("async", "async", "launch"))
    time = random.choice(("1", "1000", f"$var(u{name})"))
    text = f', "{random.choice(("x", f"t $var(a{name})"))}"' if start == "launch" and random.random() < 0.6 else ""
    call = f"{start}(usleep({time}), z{name}{text});"
    nested = [f"if ({body.comparison()}) {{", call, "}"] if random.random() < 0.3 else [call]
    parts = [
        f"event_route[E_P{name}] {{",
        *body.block(2, 1, 3),
        *nested,
        *body.block(1, 1, 3),
        'xlog("end [$rc]\\n");',
        "}",
    ]
    seen |= body.seen
    return Program(
        name,
        lines([resumed, *parts]),
        raises(random, f"E_P{name}")[:1],
        ASYNC,
        (f"{start}()", *sorted(seen)),
        quiet=0.06,
    )


def includes(random: Random, name: str) -> Program:
    """Routes that stand in other files."""
    made = plain(random, name, "includes", INCLUDES)
    letter = random.choice("abc")
    tell = lines(
        [
            f'event_route[E_I{name}] {{ route(deeper, "{letter}"); xlog("$rc\\n");',
            'route(included); xlog("$rc\\n"); }',
        ]
    )
    return replace(made, script=f"{made.script}\n{tell}", raises=(*made.raises, (f"E_I{name}", None)))


def workers(random: Random, name: str) -> Program:
    """Counts that several workers make at once come out whole."""
    count = random.randint(3, 12)
    how = random.choice(
        (
            f'get_static_lock("K{name}"); $shv(n{name}) = $shv(n{name}) + 1; release_static_lock("K{name}");',
            f'cache_add("local", "w{name}", $param(n), 0);', f'update_stat("w{name}", 2);',
            f'get_static_lock("K{name}"); $shv(n{name}) = $shv(n{name}) + $param(n); release_static_lock("K{name}");',
            f'cache_store("local", "w{name}$param(n)", "$param(n)");',
        )
    )  # fmt: skip
    script = f"""event_route[E_P{name}] {{ {how} xlog("one $param(n)\\n"); }}
event_route[E_R{name}] {{
cache_fetch("local", "w{name}", $var(x{name})); cache_fetch("local", "w{name}1", $var(y{name}));
xlog("in all $shv(n{name}) [$var(x{name})] [$var(y{name})] [$stat(w{name})]\\n");
}}"""
    raised = tuple((f"E_P{name}", {"n": n % 3}) for n in range(count))
    return Program(name, script, raised, WORKERS, ("several workers",), unordered=True, report=f"E_R{name}", quiet=0.25)


#: kind -> how often, who makes it
KINDS: Final[dict[str, tuple[int, Callable[[Random, str], Program]]]] = {
    "plain": (58, plain),
    "startup": (8, startup),
    "error": (8, error),
    "timer": (6, timer),
    "async": (8, asynchronous),
    "includes": (8, includes),
    "workers": (4, workers),
}
