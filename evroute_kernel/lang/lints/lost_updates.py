"""What is read, and then written, in steps between which another process can do the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject, Use
from evroute_kernel.records import dataclass

TAKE: Final = frozenset({"get_static_lock", "get_dynamic_lock"})
GIVE_BACK: Final = frozenset({"release_static_lock", "release_dynamic_lock"})
_FETCH: Final = frozenset({"cache_fetch", "cache_counter_fetch"})
_STORE: Final = frozenset({"cache_store", "cache_remove"})
_PLAIN: Final = ("=", ":=")
#: they run when nothing else does
_ALONE: Final = frozenset({"startup_route", "scratch"})

#: a shared variable as it is written, or a key of the cache
Shared = str
#: what a value rests on: what was read, and while which lock was held (0: none)
Basis = dict[Shared, int]


@dataclass(frozen=True, slots=True)
class _Update:
    """Something shared is written, and what is written, or whether, rests on what was read of it before."""

    what: Shared
    place: nodes.Node
    kind: str


_KINDS: Final = {
    "compound": "{what} is read and then written here, in two steps, and its value decides something",
    "value": "{what} is written here, and what is written rests on what was read of it before",
    "condition": "{what} is written here because of what was read of it before",
}


@rule(
    "lost-update",
    "a shared variable, or a key of the cache, is read and then written, without a lock",
    severity="info",
    fires=(
        "$var(n) = $shv(calls);\n$var(n) = $var(n) + 1;\n$shv(calls) = $var(n);",
        "$shv(calls) = $shv(calls) + 1;",
        '$shv(calls) += 1;\nif ($shv(calls) > 10)\n    xlog("too many\\n");',
        "if ($shv(calls) < 1)\n    $shv(calls) = 1;",
        "if ($shv(calls) >= 1)\n    exit;\n$shv(calls) = 1;",
        'if (cache_fetch("local", "$param(ip)", $var(n)))\n    cache_store("local", "$param(ip)", "$var(n)x");',
        # the lock has been given back in between
        'get_static_lock("a");\n$var(n) = $shv(calls);\nrelease_static_lock("a");\n'
        'get_static_lock("a");\n$shv(calls) = $var(n) + 1;\nrelease_static_lock("a");',
    ),
    quiet=(
        'get_static_lock("calls");\n$var(n) = $shv(calls);\n$shv(calls) = $var(n) + 1;\nrelease_static_lock("calls");',
        'get_dynamic_lock("$param(ip)");\nif ($shv(calls) < 1)\n    $shv(calls) = 1;\n'
        'release_dynamic_lock("$param(ip)");',
        'cache_add("local", "calls", 1, 0, $var(n));\nif ($var(n) > 10)\n    xlog("too many\\n");',
        # a counter that decides nothing
        '$shv(calls) += 1;\nxlog("call $shv(calls)\\n");',
        "$shv(last) = $param(time);",
        """
        event_route[E_PIKE_BLOCKED] {
            get_static_lock("calls");
            route(count);
            release_static_lock("calls");
        }
        route[count] {
            $shv(calls) = $shv(calls) + 1;
        }
        """,
        "startup_route {\n    $shv(starts) = $shv(starts) + 1;\n}",
    ),
)
def lost_update(subject: Subject) -> Iterator[Finding]:
    """A server handles events in several processes. Between reading a shared variable and writing it another one can do
    the same: both begin with the same value, and one of the two changes is lost, or both are let in where there was
    room for one. `+=` is two steps too, so of two counts one can be lost, if rarely; it is told here where the count
    decides something. get_static_lock() and get_dynamic_lock() keep the others out, cache_add() does it in one step.
    `%race E_A E_B` runs events in every order that matters and shows what they come to."""
    named = frozenset(block.name for block in subject.blocks if block.called and _takes_lock(block))
    freed = frozenset(block.name for block in subject.blocks if block.called and _gives_back(block)) - named
    for block in subject.blocks:
        if block.kind in _ALONE or not _shares(block) or (block.called and _may_be_guarded(subject, block)):
            continue
        told: set[Shared] = set()
        for update in _Reader(block, named, freed).updates():
            if update.what not in told:  # once for each: a route that counts does so at several places
                told.add(update.what)
                message = _KINDS[update.kind].format(what=update.what) + ": another process can do the same in between"
                yield Finding(message, update.place.span, _hint(block))


def _hint(block: Block) -> str:
    race = f"%race {block.name} {block.name}" if block.kind == "event_route" else "%race EVENT EVENT"
    return f'{race} shows what comes of it; get_static_lock("name") before, and release_static_lock("name") behind'


def _takes_lock(block: Block) -> bool:
    return bool(block.functions & TAKE)


def _gives_back(block: Block) -> bool:
    return bool(block.functions & GIVE_BACK)


def _shares(block: Block) -> bool:
    return bool(block.functions & _STORE) or any(spec.declaration.name == "shv" for spec in block.variables)


def _may_be_guarded(subject: Subject, block: Block) -> bool:
    """Whether a route may be called by one that holds a lock, as far as is known: one whose callers are not known is
    taken to be."""
    seen: set[int] = set()
    todo = [block]
    while todo:
        called = todo.pop()
        calls = subject.calls_of(called.name)
        if not calls or not subject.all_calls_known(called):
            return True
        for caller, _ in calls:
            if _takes_lock(caller):
                return True
            if caller.called and id(caller) not in seen:
                seen.add(id(caller))
                todo.append(caller)
    return False


class _Reader:
    """Goes through a block in the order of its text, and keeps what each variable rests on."""

    def __init__(self, block: Block, takers: frozenset[str], givers: frozenset[str]) -> None:
        self._takers, self._givers = takers, givers
        self._statements = block.statements
        self._uses: dict[int, list[Use]] = {}
        for use in block.uses:
            if use.role == "read":
                self._uses.setdefault(id(use.node), []).append(use)
        self._targets = {id(use.node): use for use in block.written if not use.nested}
        self._basis: dict[str, Basis] = {}
        #: how often a lock was taken, while one is held; 0 while none is
        self._held = self._taken = 0
        self._deciding = frozenset(self._decide(block))

    def _decide(self, block: Block) -> Iterator[Shared]:
        """The shared variables that conditions read."""
        tests: list[nodes.Node] = [branch.test for branch in block.of(nodes.If)]
        tests += [loop.test for loop in block.of(nodes.While)]
        tests += [switch.subject for switch in block.of(nodes.Switch)]
        for test in tests:
            for use in self._reads(test):
                if use.spec.declaration.name == "shv":
                    yield _name(use)

    def updates(self) -> Iterator[_Update]:
        yield from self._body(self._statements, {})

    def _body(self, statements: Iterable[nodes.Statement], control: Basis) -> Iterator[_Update]:
        control = dict(control)
        for statement in statements:
            yield from self._statement(statement, control)
            if isinstance(statement, nodes.If) and _ends(statement):
                control.update(self._read(statement.test))

    def _statement(self, statement: nodes.Statement, control: Basis) -> Iterator[_Update]:
        if isinstance(statement, nodes.Assign):
            yield from self._assign(statement, control)
        elif isinstance(statement, nodes.Call):
            yield from self._call(statement, control)
        elif isinstance(statement, nodes.RouteCall) and isinstance(statement.target, nodes.Name):
            self._lock(statement.target.text in self._takers, statement.target.text in self._givers)
        elif isinstance(statement, nodes.If):
            yield from self._test(statement.test, control)
            inner = {**control, **self._read(statement.test)}
            yield from self._branches([statement.then, statement.orelse], inner)
        elif isinstance(statement, nodes.While):
            yield from self._test(statement.test, control)
            yield from self._branches([statement.body, ()], {**control, **self._read(statement.test)})
        elif isinstance(statement, nodes.ForEach):
            yield from self._branches([statement.body, ()], control)
        elif isinstance(statement, nodes.Switch):
            inner = {**control, **self._read(statement.subject)}
            yield from self._branches([*(case.body for case in statement.cases), statement.default or ()], inner)

    def _branches(self, bodies: Iterable[Iterable[nodes.Statement]], control: Basis) -> Iterator[_Update]:
        """Each of several bodies begins alike; a lock that is held behind one of them counts as held."""
        held, after = self._held, []
        for body in bodies:
            self._held = held
            yield from self._body(body, control)
            after.append(self._held)
        self._held = max(after, default=held)

    def _test(self, test: nodes.Node, control: Basis) -> Iterator[_Update]:
        """What a condition does besides: calls in it."""
        for node in test.walk():
            if isinstance(node, nodes.Action):
                yield from self._body(node.statements, control)

    def _assign(self, statement: nodes.Assign, control: Basis) -> Iterator[_Update]:
        target = self._targets.get(id(statement.target))
        basis = self._read(statement.value)
        if target is None:
            return
        name = _name(target)
        if target.spec.declaration.name != "shv":
            kept = {} if statement.op in _PLAIN else self._basis.get(name, {})
            self._basis[name] = {**kept, **basis}
        elif statement.op not in _PLAIN:
            if not self._held and name in self._deciding:
                yield _Update(name, statement, "compound")
        elif not self._is_guarded(name, basis):
            yield _Update(name, statement, "value")
        elif not self._is_guarded(name, control):
            yield _Update(name, statement, "condition")

    def _call(self, call: nodes.Call, control: Basis) -> Iterator[_Update]:
        self._lock(call.name in TAKE, call.name in GIVE_BACK)
        key = _key(call)
        outputs = [self._targets[id(a)] for a in call.arguments if id(a) in self._targets]
        if call.name in _STORE and key is not None:
            basis = {name: held for a in call.arguments[2:] if a is not None for name, held in self._read(a).items()}
            if not self._is_guarded(key, basis):
                yield _Update(key, call, "value")
            elif not self._is_guarded(key, control):
                yield _Update(key, call, "condition")
        for output in outputs:
            self._basis[_name(output)] = {key: self._held} if call.name in _FETCH and key is not None else {}

    def _lock(self, takes: bool, gives: bool) -> None:
        if takes:
            self._taken += 1
            self._held = self._taken
        elif gives:
            self._held = 0

    def _is_guarded(self, what: Shared, basis: Basis) -> bool:
        """Whether what was read of something cannot have changed since."""
        return what not in basis or (basis[what] != 0 and basis[what] == self._held)

    def _read(self, node: nodes.Node) -> Basis:
        """What a value rests on."""
        found: Basis = {}
        for use in self._reads(node):
            name = _name(use)
            if use.spec.declaration.name == "shv":
                found[name] = self._held
            else:
                found.update(self._basis.get(name, {}))
        for call in node.walk():
            if isinstance(call, nodes.Call) and call.name in _FETCH and (key := _key(call)) is not None:
                found[key] = self._held
        return found

    def _reads(self, node: nodes.Node) -> Iterator[Use]:
        return (use for part in node.walk() for use in self._uses.get(id(part), ()))


def _ends(statement: nodes.If) -> bool:
    """Whether one branch goes no further, so that what follows rests on the condition."""
    enders = (nodes.Exit, nodes.Drop, nodes.Return, nodes.Break)
    return any(body and isinstance(body[-1], enders) for body in (statement.then, statement.orelse))


def _name(use: Use) -> str:
    """The variable without index and transformations."""
    return f"${use.spec.declaration.name}({use.name})" if use.name is not None else use.spec.text


def _key(call: nodes.Call) -> Shared | None:
    """What a function of the cache works on."""
    texts = [_text(argument) for argument in call.arguments[:2]]
    return None if None in texts or len(texts) < 2 else f"key {texts[1]!r} of the cache {texts[0]!r}"


def _text(argument: nodes.Node | None) -> str | None:
    if isinstance(argument, nodes.String):
        return argument.value
    return argument.text if isinstance(argument, nodes.Variable) else None
