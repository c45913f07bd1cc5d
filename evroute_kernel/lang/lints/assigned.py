"""Variables that hold nothing, or what an earlier event has left in them, where a script computes with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject, Use, name_of
from evroute_kernel.records import dataclass

_PLAIN: Final = ("=", ":=")
#: `$var(x)` in a text that tells a function or a module which variable to write
_MENTION: Final = re.compile(r"\$\(?(?P<variable>var|avp)\((?P<name>[^()$]+)")

#: ("var", "count")
Named = tuple[str, str]


def _named(use: Use) -> Named | None:
    """Which variable a use means; None when its name is computed."""
    return (use.spec.declaration.name, use.name) if use.name is not None else None


@rule(
    "null-arithmetic",
    "`+=` and its like on a variable that never gets a first value",
    fires=(
        '$var(blocks) += 1;\nxlog("block $var(blocks)\\n");',
        "$avp(score) += 5;",
        "$var(total) = NULL;\n$var(total) -= 1;",
    ),
    quiet=(
        "$var(blocks) = 0;\n$var(blocks) += 1;",
        "$shv(blocks) += 1;",
        "$var(blocks) = $var(blocks) + 1;",
        'if (cache_counter_fetch("local", "n", $var(n)))\n    $var(n) += 1;',
    ),
)
def null_arithmetic(subject: Subject) -> Iterator[Finding]:
    """A `$var` is null until something is assigned to it, a `$avp` is null when an event begins. With a null the
    compound operators log an error and assign nothing, so such a counter stays null for ever. `$shv` begins with 0."""
    counting = [block for block in subject.blocks if block.once(_counted)]
    given, computed = _given(subject, {name for block in counting for name, _ in block.once(_counted)})
    for block in counting:
        for name, use in block.once(_counted):
            if name in given or name[0] in computed:
                continue
            plain = f"${name[0]}({name[1]})"
            hint = f"count in $shv({name[1]}), which begins with 0, or first: if ({plain} == NULL) {plain} = 0;"
            message = f"{plain} is null: nothing assigns it a first value, so this only logs an error"
            yield Finding(message, use.span, hint)


def _counted(block: Block) -> list[tuple[Named, Use]]:
    """The variables that only `+=` and its like write there."""
    compound = _compound(block)
    uses = [u for u in block.written if id(u.node) in compound and u.role == "write" and u.spec.index is None]
    return [(name, u) for name, u in zip(map(_named, uses), uses, strict=True) if name and name[0] in ("var", "avp")]


def _compound(block: Block) -> set[int]:
    """The targets of `+=` and its like; what divides by 0 is the matter of `crashes-server`."""
    compound = (n for n in block.of(nodes.Assign) if n.op not in _PLAIN)
    return {id(n.target) for n in compound if not (isinstance(n.value, nodes.Number) and n.value.value == 0)}


def _given(subject: Subject, named: set[Named]) -> tuple[set[Named], set[str]]:
    """Those of some variables that something may give a value, and those of which some are written under unknown
    names."""
    given = named & subject.once(_mentioned)
    computed = {variable for variable, name in subject.hidden_variables if not name}
    for block in subject.blocks if named else ():
        given_here, computed_here = block.once(_given_in)
        given |= named & given_here
        computed |= computed_here
    return given, computed


def _given_in(block: Block) -> tuple[set[Named], set[str]]:
    """The same of what one block writes itself."""
    # targets of assignments that need a value to be there already, or that take it away
    empty = {id(a.target) for a in block.of(nodes.Assign) if a.op not in _PLAIN or isinstance(a.value, nodes.Null)}
    # each variable once, however often it is written
    specs = {use.spec for use in block.written if id(use.node) not in empty}
    named = [(name_of(spec), spec.declaration.name) for spec in specs]
    return {(k, name) for name, k in named if name is not None}, {k for name, k in named if name is None}


def _mentioned(subject: Subject) -> set[Named]:
    """The variables that stand in what is handed to functions and modules, any of which may tell them to write one; and
    in what is hidden."""
    found = {name for text in set(_texts(subject)) for name in _mentions(text)}
    return found.union(*(block.once(_handed_over) for block in subject.blocks))


def _handed_over(block: Block) -> set[Named]:
    arguments = [argument for call in block.of(nodes.Call) for argument in call.arguments]
    texts = {a.value for a in arguments if isinstance(a, nodes.String)}
    texts |= {a.text for a in arguments if isinstance(a, nodes.Variable)}
    return {name for text in texts for name in _mentions(text)}


def _texts(subject: Subject) -> Iterator[str]:
    for item in subject.script.items:
        if isinstance(item, nodes.ModParam) and isinstance(item.value, str):
            yield item.value
    yield from subject.hidden


# -- what an earlier event has left ----------------------------------------------------------------------------------


@rule(
    "left-over",
    "a `$var` that only one branch assigns keeps what an earlier event has left in it",
    severity="info",
    fires=(
        """
        event_route[E_ACC_CDR] {
            if ($param(sip_code) == "200")
                $var(verdict) = "answered";
            xlog("$param(callid): $var(verdict)\\n");
        }
        """,
        """
        event_route[E_DISPATCHER_STATUS] {
            switch ($param(status)) {
                case "inactive":
                    $var(alarm) = 1;
                    break;
            }
            if ($var(alarm) == 1)
                xlog("L_ERR", "$param(address) is gone\\n");
        }
        """,
    ),
    quiet=(
        """
        event_route[E_ACC_CDR] {
            $var(verdict) = "failed";
            if ($param(sip_code) == "200")
                $var(verdict) = "answered";
            xlog("$param(callid): $var(verdict)\\n");
        }
        """,
        """
        event_route[E_ACC_CDR] {
            if ($param(sip_code) == "200")
                $var(verdict) = "answered";
            else
                exit;
            xlog("$param(callid): $var(verdict)\\n");
        }
        """,
        """
        event_route[E_PIKE_BLOCKED] {
            if ($var(first) == NULL)
                $var(first) = $param(ip);
            xlog("the first was $var(first)\\n");
        }
        """,
    ),
)
def left_over(subject: Subject) -> Iterator[Finding]:
    """`$var` belongs to the process and not to the event: where no branch assigns it, it holds the value of the last
    event that the same process has handled. Variables that a script reads before it assigns them, or that other routes
    assign too, are taken to be meant so."""
    owners = _sole_owners(subject)
    for block in subject.blocks:
        if block.kind == "scratch" or not owners.get(id(block)):
            continue
        flow = _Flow(block, owners[id(block)])
        flow.run(block.statements, _State())
        for name, use in flow.found.items():
            if name not in flow.kept:
                message = f"$var({name}) is assigned in some cases only: in others it keeps an earlier event's value"
                yield Finding(message, use.span, f"assign it before the branch: $var({name}) = NULL;")


def _sole_owners(subject: Subject) -> dict[int, set[str]]:
    """For each block the names of `$var` that plain assignments of its own alone give a value."""
    writers: dict[str, set[int]] = {}
    shared = {name for kind, name in subject.once(_mentioned) if kind == "var"}
    for block in subject.blocks:
        written, kept = block.once(_written_names)
        shared |= kept
        for name in written:
            writers.setdefault(name, set()).add(id(block))
    owners: dict[int, set[str]] = {}
    for name, blocks in writers.items():
        if len(blocks) == 1 and name not in shared:
            owners.setdefault(blocks.pop(), set()).add(name)
    return owners


def _written_names(block: Block) -> tuple[set[str], set[str]]:
    """The names of `$var` that a block writes, and those of them that carry something on."""
    compound = _compound(block)
    uses = [use for use in block.written if use.spec.declaration.name == "var" and use.name is not None]
    kept = {str(use.name) for use in uses if id(use.node) in compound or use.role == "output"}
    return {str(use.name) for use in uses}, kept


def _mentions(text: str) -> list[Named]:
    return [(m["variable"], m["name"]) for m in _MENTION.finditer(text)]


@dataclass(slots=True)
class _State:
    """What is known at one place of a block, beyond what was known where its branch began (`parent`).

    `sure`: variables that every way here has assigned; `maybe`: those that some have, with the conditions of these
    ways. `ended`: no way leads here.
    """

    parent: _State | None = None
    sure: set[str] = field(default_factory=set)
    maybe: dict[str, set[nodes.Node]] = field(default_factory=dict)
    ended: bool = False

    def _before(self) -> Iterator[_State]:
        state: _State | None = self
        while state is not None:
            yield state
            state = state.parent

    def is_sure(self, name: str) -> bool:
        return any(name in state.sure for state in self._before())

    def conditions(self, name: str) -> set[nodes.Node]:
        """Those under which some way here has assigned a variable; empty when none has."""
        return set().union(*(state.maybe.get(name, ()) for state in self._before()))

    @property
    def is_dead(self) -> bool:
        return any(state.ended for state in self._before())

    def join(self, branches: Sequence[_State], condition: nodes.Node) -> None:
        """Go on after branches that began here, of which one has been taken."""
        alive = [branch for branch in branches if not branch.ended]
        if not alive:
            self.ended = True
            return
        sure = set.intersection(*(branch.sure for branch in alive))
        self.sure |= sure
        for branch in alive:
            for name in (branch.sure | branch.maybe.keys()) - sure:
                self.maybe.setdefault(name, set()).update(branch.maybe.get(name, ()), {condition})


class _Flow:
    """Goes through a block in the order of its statements. `found`: name -> its first doubtful reading; `kept`: names
    that are read before the block assigns them, for they carry something from event to event."""

    def __init__(self, block: Block, names: set[str]) -> None:
        self.found: dict[str, Use] = {}
        self.kept: set[str] = set()
        self._uses: dict[int, list[Use]] = {}
        self._guards: list[nodes.Node] = []
        for use in block.uses:
            if use.spec.declaration.name == "var" and use.name in names:
                self._uses.setdefault(id(use.node), []).append(use)

    def run(self, statements: Sequence[nodes.Statement], state: _State) -> _State:
        for statement in statements:
            self._statement(statement, state)
        return state

    def _statement(self, statement: nodes.Statement, state: _State) -> None:
        if isinstance(statement, nodes.If):
            self._look(statement.test, state)
            self._guards.append(statement.test)
            then = self.run(statement.then, _State(state))
            self._guards.pop()
            state.join([then, self.run(statement.orelse, _State(state))], statement.test)
        elif isinstance(statement, nodes.Switch):
            self._switch(statement, state)
        elif isinstance(statement, (nodes.While, nodes.ForEach)):
            self._loop(statement, state)
        else:
            self._look(statement, state)
            state.ended |= isinstance(statement, (nodes.Exit, nodes.Drop, nodes.Return))

    def _loop(self, statement: nodes.While | nodes.ForEach, state: _State) -> None:
        """A loop is taken to run at least once: to say otherwise of every loop would be noise."""
        for head in (statement.test,) if isinstance(statement, nodes.While) else _heads(statement):
            self._look(head, state)
        had_ended = state.ended
        self.run(statement.body, state)
        state.ended = had_ended

    def _switch(self, statement: nodes.Switch, state: _State) -> None:
        self._look(statement.subject, state)
        ways = []
        for body in (case.body for case in statement.cases):
            after = self.run(body, _State(state))
            # a case without break runs into the next one, and is no way out of its own
            if after.ended or (body and isinstance(body[-1], nodes.Break)):
                ways.append(after)
        state.join([*ways, self.run(statement.default or (), _State(state))], statement.subject)

    def _look(self, node: nodes.Node, state: _State) -> None:
        """The readings, then the assignments of a statement or condition that has no branches."""
        assigned = []
        for inner in node.walk():
            for use in self._uses.get(id(inner), ()):
                if use.role == "write":
                    assigned.append(str(use.name))
                else:
                    self._read(str(use.name), use, state)
        state.sure.update(assigned)

    def _read(self, name: str, use: Use, state: _State) -> None:
        if name in self.found or name in self.kept or state.is_sure(name) or state.is_dead:
            return
        conditions = state.conditions(name)
        if not conditions:
            self.kept.add(name)
        elif conditions.isdisjoint(self._guards):
            self.found[name] = use


def _heads(loop: nodes.ForEach) -> tuple[nodes.Node, ...]:
    return loop.collection, loop.iterator
