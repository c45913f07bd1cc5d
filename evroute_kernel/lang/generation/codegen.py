"""Checked nodes to Python code. The generated function *is* the route's control flow; every operation on values is a
call of a named runtime function (`runtime.operators`, `runtime.statements`), or of a name bound by the linker.

Inside a generated function: `c` is the Context, `p` its Process, `at` the place of the running statement, `r` the code
of the last statement (what the block returns when it ends), `p.rc` is `$rc`. The two differ after an `if` that took no
branch and after a call of an unknown route, as they do on the server.
"""

from __future__ import annotations

import ast
import marshal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

from evroute_kernel.lang import nodes
from evroute_kernel.lang.generation.actions import action_name, server_line
from evroute_kernel.lang.generation.expressions import Expressions, has_text
from evroute_kernel.lang.generation.loops import too_long
from evroute_kernel.lang.generation.nesting import BLOCK_LIMIT, LOOP_LIMIT, NestingError, chain
from evroute_kernel.lang.generation.pythontree import Place
from evroute_kernel.library.behaviour import ALL
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import VariableSpec, parse_variable
from evroute_kernel.runtime.codes import E_BUG
from evroute_kernel.runtime.levels import level_of
from evroute_kernel.source import Span


class RouteGenerator(Expressions):
    """Generates one route. `spans`, `actions`, `lines` describe its statements, `pool` holds what the linker binds."""

    def __init__(self, library: Library) -> None:
        super().__init__(library)
        self.spans: list[Span] = []
        self.actions: list[str] = []
        #: the line of each statement as the server counts it
        self.lines: list[int] = []
        self._blocks = self._loops = 0
        #: whether the function being generated is a block inside an expression
        self._inside = False
        #: whether something before the first statement of the block being generated may have found the message broken
        self._is_after_message = False

    def generate(self, title: str, header: Span, body: tuple[nodes.Statement, ...]) -> bytes:
        """The marshalled code of the route's function."""
        code = compile(self.module(title, header, body), header.source.path, "exec", dont_inherit=True)
        return marshal.dumps(next(k for k in code.co_consts if isinstance(k, CodeType)))

    def module(self, title: str, header: Span, body: tuple[nodes.Statement, ...]) -> ast.Module:
        """The Python tree; `ast.unparse` shows it as text."""
        return ast.Module([self._function(Place(header), title, body)], type_ignores=[])

    def _function(self, place: Place, name: str, body: tuple[nodes.Statement, ...]) -> ast.stmt:
        prologue = [
            place.let(place.attribute("c", "process"), "p"),
            place.let(place.attribute("p", "at"), "at"),
            place.let(place.attribute("p", "var"), "var"),
            place.let(place.constant(1), "r"),
        ]
        return place.function(name, [*prologue, *self._block(body), place.return_(place.name("r"))])

    # -- blocks ---------------------------------------------------------------------------------------------------

    def _block(self, statements: tuple[nodes.Statement, ...]) -> list[ast.stmt]:
        self._blocks += 1
        if self._blocks > BLOCK_LIMIT:
            raise NestingError.of_blocks(statements[0])
        out: list[ast.stmt] = []
        saved = self._is_after_message
        self._is_after_message |= self.touches_message
        for statement in statements:
            out += self._statement(statement)
            self._is_after_message = False
        self._is_after_message = saved
        self._blocks -= 1
        return out

    def _statement(self, node: nodes.Statement) -> list[ast.stmt]:
        place = Place(node.span)
        visit: Callable[[Any, Place], list[ast.stmt]] = getattr(self, f"visit_{type(node).__name__}")
        saved = self.pending, self.touches_message
        self.pending, self.touches_message = [], False
        mark = self._mark(node, place)
        body = visit(node, place)
        # functions made for commands inside this statement's expressions come first
        out = [mark, *self.pending, *body]
        # the server looks after each statement, so the first one of a body tells of what the head of its if has found
        touched = self.touches_message or self._is_after_message
        self.pending, self.touches_message = saved
        if touched:
            out.append(
                place.if_(place.attribute("c", "error_info"), [place.run(place.call("run_error_route", _c(place)))])
            )
        return out

    def _mark(self, node: nodes.Statement, place: Place) -> ast.stmt:
        return place.put("at", 0, self.number(node))

    def number(self, node: nodes.Statement) -> int:
        self.spans.append(node.span)
        self.actions.append(action_name(node))
        self.lines.append(server_line(node))
        return len(self.spans) - 1

    def block_function(self, statements: tuple[nodes.Statement, ...], place: Place) -> str:
        """Statements inside an expression become a function of their own; returns its name."""
        name = self.fresh("block")
        saved = self._inside, self._loops, self.touches_message
        self._inside, self._loops = True, 0
        pending, self.pending = self.pending, []
        function = self._function(place, name, statements)
        self._inside, self._loops, self.touches_message = saved
        self.pending = [*pending, function]
        return name

    def _done(self, place: Place, value: ast.expr) -> list[ast.stmt]:
        """`r = p.rc = value`."""
        return [place.let(value, "r", "p.rc")]

    # -- simple statements ----------------------------------------------------------------------------------------

    def visit_Assign(self, node: nodes.Assign, place: Place) -> list[ast.stmt]:
        spec = parse_variable(node.target.text, self.library)
        self.note(spec)
        with self.watching_actions() as actions:
            value = self.assigned(node.value)
        out = self._done(place, self._store(node, spec, value, place))
        if actions:
            leave = [place.return_(place.name("r"))]
            out.append(place.if_(place.call("settle_assignment", _c(place)), leave))
        return out

    def _store(self, node: nodes.Assign, spec: VariableSpec, value: ast.expr, place: Place) -> ast.expr:
        target = place.constant(node.target.text)
        if node.op in ("=", ":="):
            if spec.declaration.name == "var":
                return place.call("assign_var", _c(place), place.constant(spec.name), value)
            if node.op == "=" and _is_plain_avp(spec):
                return place.call("assign_avp", _c(place), place.constant(spec.name), value, target)
            put = place.name(self.entry("set", node.target.text))
            declared = spec.declaration.behaviour
            wants_text = declared.needs_text or (declared.interprets and node.op == ":=")
            assign = "assign_bare" if wants_text and not has_text(node.value) else "assign"
            return place.call(assign, _c(place), put, place.constant(node.op), value, target)
        get = place.name(self.entry("get", node.target.text))
        put = place.name(self.entry("set", node.target.text))
        rest = get, put, place.constant(node.op), value, target
        if spec.declaration.name == "var":
            general = place.call("assign_var_compound", _c(place), place.constant(spec.name), *rest)
            if (number := _number_added(node)) is None:
                return general
            step = place.call("count_var", place.name("var"), place.constant(spec.name), place.constant(number))
            return place.choose(step, place.constant(1), general)
        if not spec.declaration.behaviour.shared:
            return place.call("assign_compound", _c(place), *rest)
        if node.op in ("+=", "-="):
            add = self.entry("add", node.target.text)
            if (number := _number_added(node)) is not None:  # mostly one step, and then that is all there is to do
                counted = place.call("assign_counted", _c(place), *rest)
                return place.choose(place.call(add, _c(place), place.constant(number)), place.constant(1), counted)
            return place.call("assign_added", _c(place), place.name(add), *rest)
        return place.call("assign_counted", _c(place), *rest)

    def visit_Call(self, node: nodes.Call, place: Place) -> list[ast.stmt]:
        self.touches_message = True
        out = self._done(place, place.call(self.call_entry(node), _c(place)))
        stop = place.if_(place.compare(place.name("r"), ast.Eq(), 0), [place.raise_("EndScript")])
        return [*out, stop, *self._reload(place, node.name == "script_trace")]

    def visit_RouteCall(self, node: nodes.RouteCall, place: Place) -> list[ast.stmt]:
        function, target, arguments = self.route_call(node, place)
        call = place.call(function, _c(place), target, *arguments)
        return [place.let(call, "r"), *self._reload(place, True)]

    def _reload(self, place: Place, needed: bool) -> list[ast.stmt]:
        """script_trace() puts another object in `p.at`."""
        return [place.let(place.attribute("p", "at"), "at")] if needed else []

    def visit_XLog(self, node: nodes.XLog, place: Place) -> list[ast.stmt]:
        expand = place.name(self.format_entry(node.text))
        if node.level is None:
            return self._done(place, place.call("xlog_default", _c(place), expand))
        if node.level.value.startswith("$"):
            level = place.name(self.entry("get", node.level.value))
            return self._done(place, place.call("xlog_dynamic", _c(place), level, expand))
        return self._done(place, place.call("xlog", _c(place), place.constant(level_of(node.level.value)), expand))

    def visit_XDbg(self, node: nodes.XDbg, place: Place) -> list[ast.stmt]:
        expand = place.name(self.format_entry(node.text))
        return self._done(place, place.call("xlog", _c(place), place.constant(4), expand))

    def visit_Log(self, node: nodes.Log, place: Place) -> list[ast.stmt]:
        text = place.constant(node.text.value)
        return self._done(place, place.call("log", _c(place), place.constant(node.level), text))

    def visit_ErrorStatement(self, node: nodes.ErrorStatement, place: Place) -> list[ast.stmt]:
        texts = place.constant(node.first.value), place.constant(node.second.value)
        return self._done(place, place.call("error_statement", _c(place), *texts))

    def visit_Return(self, node: nodes.Return, place: Place) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        values = [self.returned(v) for v in node.values]
        out.append(place.let(place.tuple(*values), "c.returning"))
        code = self.return_code(node, place)
        out += self._done(place, code)
        if self._inside:
            code = place.call("return_inside", _c(place), place.name("r"))
            return [*out, place.return_(code)]
        return [*out, place.return_(place.name("r"))]

    def visit_Exit(self, node: nodes.Exit, place: Place) -> list[ast.stmt]:
        return [place.run(place.call("end_script", _c(place)))]

    def visit_Drop(self, node: nodes.Drop, place: Place) -> list[ast.stmt]:
        return [place.run(place.call("end_script", _c(place), place.constant(E_BUG)))]

    def visit_Break(self, node: nodes.Break, place: Place) -> list[ast.stmt]:
        return [*self._done(place, place.constant(E_BUG)), place.break_()]

    def visit_Assert(self, node: nodes.Assert, place: Place) -> list[ast.stmt]:
        enabled = ast.Attribute(place.attribute("p", "settings"), "enable_asserts", ast.Load(), **place.fields)
        test, settle = self._test(node.condition, place)
        text = place.constant(node.text.value if node.text else None)
        failed = place.if_(
            place.compare(place.name("t"), ast.LtE(), 0), [place.run(place.call("assert_failed", _c(place), text))]
        )
        return [
            place.if_(
                enabled,
                [test, *settle, failed, *self._done(place, place.constant(1))],
                self._done(place, place.constant(E_BUG)),
            )
        ]

    def visit_Async(self, node: nodes.Async, place: Place) -> list[ast.stmt]:
        call = place.name(self.call_entry(node.call, "deferred"))
        return self._done(place, place.call("start_async", _c(place), call, place.constant(node.route.text)))

    def visit_Launch(self, node: nodes.Launch, place: Place) -> list[ast.stmt]:
        route = place.constant(node.route.text if node.route else None)
        text = place.name(self.format_entry(node.text)) if node.text else place.constant(None)
        call = place.name(self.call_entry(node.call, "deferred"))
        return self._done(place, place.call("start_launch", _c(place), call, route, text))

    def visit_Display(self, node: nodes.Display, place: Place) -> list[ast.stmt]:
        """A bare expression at the end of a cell; a bare string is a format."""
        if isinstance(node.expression, nodes.String):
            value = place.call(self.format_entry(node.expression), _c(place))
        else:
            value = self.assigned(node.expression)
        return self._done(place, place.call("show", _c(place), value))

    # -- branches -------------------------------------------------------------------------------------------------

    def _test(self, condition: nodes.Condition, place: Place) -> tuple[ast.stmt, list[ast.stmt]]:
        """`t = condition`, and what must follow it when it held commands."""
        with self.watching_actions() as actions:
            test = place.let(self.condition(condition, 1), "t")
        settle = [place.run(place.call("settle", _c(place)))] if actions else []
        return test, settle

    def _faulty(self, condition: nodes.Condition, place: Place) -> list[ast.stmt]:
        """What is said about a condition without a value."""
        if not self.may_fault(condition):
            return []
        warn = place.run(place.call("condition_failed", _c(place)))
        return [place.if_(place.compare(place.name("t"), ast.Lt(), 0), [warn])]

    def visit_If(self, node: nodes.If, place: Place) -> list[ast.stmt]:
        """A chain of `else if` is built from its end, so that its length costs no recursion."""
        links = list(chain(node))
        self.touches_message |= len(links) > 1  # the tests of a chain are generated after the branches that follow them
        out: list[ast.stmt] = []
        for i, link in enumerate(reversed(links)):
            last = i == 0
            here = place if link is node else Place(link.span)
            # marks and functions of a later link belong into the branch that reaches it
            head = [] if link is node else [self._mark(link, here)]
            orelse = self._branch(link.orelse, here) if last else [*out, here.let(here.name("r"), "p.rc")]
            saved, self.pending = self.pending, []
            test, settle = self._test(link.test, here)
            functions, self.pending = self.pending, saved
            faulty = self._faulty(link.test, here)
            then = self._branch(link.then, here)
            choice = here.if_(here.compare(here.name("t"), ast.Gt(), 0), then, [*faulty, *orelse])
            out = [*head, *functions, test, *settle, choice]
        return out

    def _branch(self, body: tuple[nodes.Statement, ...], place: Place) -> list[ast.stmt]:
        if not body:  # no branch taken: $rc is the condition's value, but the code of the if is 1
            return [place.let(place.name("t"), "p.rc"), place.let(place.constant(1), "r")]
        return [*self._block(body), place.let(place.name("r"), "p.rc")]

    def visit_While(self, node: nodes.While, place: Place) -> list[ast.stmt]:
        count, limit, number = self.fresh("n"), self.fresh("limit"), len(self.spans) - 1
        untraced = self.fresh("untraced")  # tracing shows the head of a loop once
        test, settle = self._test(node.test, place)
        functions, self.pending = self.pending, []
        faulty = self._faulty(node.test, place)
        advice = place.constant(too_long(node))
        over = [place.run(place.call("loop_limit_reached", _c(place), place.name(limit), advice)), place.break_()]
        ended = [*faulty, place.let(place.constant(1), "r"), place.break_()]
        with self._loop(node):
            # an empty body ends the loop after its condition, with code 1
            body = self._ran(node.body, place) or [place.let(place.constant(1), "r"), place.break_()]
        settings = ast.Attribute(place.attribute("p", "settings"), "max_while_loops", ast.Load(), **place.fields)
        reached = ast.Compare(place.name(count), [ast.GtE()], [place.name(limit)], **place.fields)
        loop = place.forever(
            [
                place.put(untraced, 0, number),
                place.if_(reached, over),
                place.increment(count),
                test,
                *settle,
                place.if_(place.compare(place.name("t"), ast.Gt(), 0), body, ended),
            ]
        )
        start = [
            place.let(place.call("plain", place.name("at")), untraced),
            place.let(settings, limit),
            place.let(place.constant(0), count),
            place.let(place.constant(E_BUG), "r"),
        ]
        return [*functions, *start, loop, place.let(place.name("r"), "p.rc")]

    def visit_ForEach(self, node: nodes.ForEach, place: Place) -> list[ast.stmt]:
        if not node.body:
            return self._done(place, place.constant(1))
        collection = parse_variable(node.collection.text, self.library)
        iterator = parse_variable(node.iterator.text, self.library)
        self.note(collection)
        if collection.index is not ALL:
            return self._done(place, place.call("not_a_collection", _c(place), place.constant(node.collection.text)))
        item, put = self.entry("iterate", node.collection.text), self.entry("set", node.iterator.text)
        index = self.fresh("i")
        op = ":=" if iterator.declaration.behaviour.interprets else "="
        value = place.call(item, _c(place), place.name(index))
        null = ast.Compare(place.name("v"), [ast.Is()], [place.constant(None)], **place.fields)
        stored = place.call(put, _c(place), place.constant(op), place.name("v"))
        failed = place.let(place.call("iterator_failed", _c(place), place.constant(node.iterator.text)), "r")
        refused = ast.UnaryOp(ast.Not(), stored, **place.fields)
        with self._loop(node):
            body = self._block(node.body)
        loop = place.forever(
            [
                place.let(value, "v"),
                place.if_(null, [place.break_()]),
                place.if_(refused, [failed, place.break_()]),
                *body,
                place.increment(index),
            ]
        )
        start = [place.let(place.constant(0), index), place.let(place.constant(1), "r")]
        return [*start, loop, place.let(place.name("r"), "p.rc")]

    def visit_Switch(self, node: nodes.Switch, place: Place) -> list[ast.stmt]:
        """A loop that runs once, so that `break` leaves it; case bodies fall through in order."""
        first = self.fresh("case")
        labels = place.constant(tuple(case.label.value for case in node.cases))
        find = place.let(place.call("matching_case", self.operand(node.subject), labels), first)
        with self._loop(node):
            body = [s for i, case in enumerate(node.cases) for s in self._case(i, first, case.body, place)]
            if node.default is not None:
                body += self._ran(node.default, place)
        loop = place.forever([*body, place.break_()])
        return [find, place.let(place.constant(1), "r", "p.rc"), loop, place.let(place.attribute("p", "rc"), "r")]

    def _case(self, i: int, first: str, body: tuple[nodes.Statement, ...], place: Place) -> list[ast.stmt]:
        if not body:
            return []
        return [place.if_(place.compare(place.name(first), ast.LtE(), i), self._ran(body, place))]

    def _ran(self, body: tuple[nodes.Statement, ...], place: Place) -> list[ast.stmt]:
        return [*self._block(body), place.let(place.name("r"), "p.rc")] if body else []

    @contextmanager
    def _loop(self, node: nodes.Statement) -> Iterator[None]:
        self._loops += 1
        if self._loops > LOOP_LIMIT:
            raise NestingError.of_loops(node)
        yield
        self._loops -= 1


def _number_added(node: nodes.Assign) -> int | None:
    """What `+=` or `-=` adds, where that is a number written out."""
    if node.op not in ("+=", "-=") or not isinstance(node.value, nodes.Number):
        return None
    return node.value.value if node.op == "+=" else -node.value.value


def _is_plain_avp(spec: VariableSpec) -> bool:
    """`$avp(name)`, the name written out."""
    is_named = isinstance(spec.name, str) and bool(spec.name)
    return spec.declaration.name == "avp" and is_named and spec.index is None and spec.context is None


def _c(place: Place) -> ast.expr:
    return place.name("c")
