"""Statements of generated programs: assignments, logs, calls, branches, loops, routes."""

from __future__ import annotations

from typing import Final

from fidelity.expressions import PATTERNS, Writer

ASSIGNMENTS: Final = ("=", "=", "=", "=", "+=", "-=", "*=", "|=", "&=", "^=")
#: what a called route gets besides literals
LENT: Final = ("$ru", "$fu", "$ci", "$param(ip)", "$(fu{uri.host})", "$(ru{uri.port})", "$(fu{uri.passwd})", "$hdr(no)")
#: depth of blocks in blocks
DEPTH: Final = 3


class Body(Writer):
    """Writes the body of one route. `routes` are the names of those that it may call."""

    routes: tuple[str, ...] = ()
    #: events that it may raise
    events: tuple[str, ...] = ()
    #: loops around the statement
    _loops = 0

    # -- one statement ------------------------------------------------------------------------------------------------

    def statement(self, depth: int) -> list[str]:
        kind = self.random.random()
        if kind < 0.36:
            return [self.assignment()]
        if kind < 0.54:
            return [self.log()]
        if kind < 0.68:
            return [f"{self.call()};"]
        if kind < 0.74:
            return [self.route_call()]
        if kind < 0.77:
            return self.raising()
        if depth == 0 or kind < 0.79:
            return [self.log()]
        return self.compound(depth)

    def block(self, depth: int, least: int = 1, most: int = 3) -> list[str]:
        found: list[str] = []
        for _ in range(self.random.randint(least, most)):
            found += self.statement(depth)
        return found

    def assignment(self) -> str:
        kind = self.random.random()
        if kind < 0.06:
            return f"{self.own()} = NULL;"
        if kind < 0.12:
            return self._document()
        if kind < 0.18:
            self.seen.add("request URI")
            target = self.pick(("$ru", "$rU", "$rd", "$rp", "$du", "$dd", "$dp"))
            given = self.pick(
                ('"sip:u@h.example"', '"x.example"', '"5070"', "NULL", '"sip:h.example:5080;a=b"', self.variable())
            )
            return f"{target} = {given};"
        if kind < 0.24:
            self.seen.add("json, xml, avp stacks")
            place = self.pick((":=", "=", "=", "[append]", "[0]", "[1]"))
            name = f"avp({self.pick('abc')}{self.name})"
            if place.startswith("["):
                return f"$({name}{place}) = {self.operand()};"
            return f"${name} {place} {self.expression()};"
        target, op = self.own(), self.pick(ASSIGNMENTS)
        if "json" in target and op == "=" and self.chance(0.4):
            op = ":="
        return f"{target} {op} {self.expression()};"

    def _document(self) -> str:
        self.seen.add("json, xml, avp stacks")
        n = self.name
        return self.pick(
            (
                f'$json(j{n}) := "{{\\"a\\":1,\\"b\\":[1,\\"x\\",null],\\"c\\":{{\\"d\\":true}}}}";',
                f"$json(j{n}/b[]) = {self.operand()};", f"$json(j{n}/b[0]) = {self.operand()};",
                f"$json(j{n}/a) = NULL;", f'$json(j{n}/c) := "[{self.pick(("0", "7", "-1", "300"))}]";',
                f'$xml(x{n}) = "<a><b>t</b><c d=\\"e\\"/></a>";', f"$xml(x{n}/a/b.val) = {self.variable()};",
                f"$xml(x{n}/a/c.attr/d) = {self.literal()};", f'$xml(x{n}/a) = "<b>u</b>";', f"$xml(x{n}/a/b) = NULL;",
            )
        )  # fmt: skip

    def log(self) -> str:
        parts = ["[" + self.variable() + "]" for _ in range(self.random.randint(1, 3))]
        level = self.pick(("", "", "", "", '"L_ERR", ', '"L_INFO", ', '"L_WARN", '))
        return f'xlog({level}"{self.pick("pqrst")} {" ".join(parts)}\\n");'

    def raising(self) -> list[str]:
        if not self.events:
            return [self.log()]
        self.seen.add("raise in raise")
        event, n = self.pick(self.events), f"{self.name}{self.random.randrange(100)}"
        if self.chance(0.4):
            return self._unless_in_a_loop([f'raise_event("{event}");'])
        first, second = self.pick(('"ip"', '"n"', '"text"')), self.pick(('"ip"', '"n"'))
        statements = [
            f"$avp(rn{n}) = {first};", f"$avp(rv{n}) = {self.operand()};",
            f"$avp(rn{n}) = {second};", f"$avp(rv{n}) = {self.operand()};",
            f'raise_event("{event}", $avp(rn{n}), $avp(rv{n}));',
        ]  # fmt: skip
        return self._unless_in_a_loop(statements)

    def _unless_in_a_loop(self, statements: list[str]) -> list[str]:
        """A worker that raises thousands of events in one run fills its own pipe, and hangs."""
        return ['xlog("not raised\\n");'] if self._loops else statements

    # -- calls --------------------------------------------------------------------------------------------------------

    def call(self) -> str:
        """A call of a function that works on both sides, without the semicolon."""
        n, into = self.name, self.pick((f"$var({self.pick('abcd')}{self.name})", f"$avp({self.pick('ab')}{self.name})"))
        self.seen.add("functions")
        kind = self.random.random()
        if kind < 0.45:
            self.seen.add("cache")
            key = self.pick((f'"k{n}"', f'"l{n}"', f'"k{n}$var(a{n})"'))
            return self.pick(
                (
                    f'cache_store("local", {key}, {self.format()})',
                    f'cache_store("local", {key}, {self.format()}, 600)',
                    f'cache_fetch("local", {key}, {into})', f'cache_remove("local", {key})',
                    f'cache_add("local", "c{n}", {self.number()}, 0, {into})', f'cache_sub("local", "c{n}", 2, 0)',
                    f'cache_counter_fetch("local", "c{n}", {into})', f'cache_add("local", {key}, 1, 0)',
                )
            )  # fmt: skip
        if kind < 0.6:
            self.seen.add("mathops")
            return self.pick(
                (
                    f'math_eval("{self.pick(("1+2*3", "7/2", "2^10", "1/0", "(1+", "abs(-4)", "pi*0"))}", {into})',
                    f'math_rpn("1 2 + 3 *", {into})', f'math_trunc({self.format()}, {into})',
                    f'math_round("{self.pick(("2.5", "-1.49", "x", "7"))}", {into})', f'math_ceil("1.2", {into})',
                    f'math_floor({self.format()}, {into})', f'math_compare({self.format()}, "5", {into})',
                    f'math_round("3.14159", {into}, 2)', f'math_trunc("9.99", {into})',
                )
            )  # fmt: skip
        if kind < 0.72:
            self.seen.add("statistics")
            return self.pick(
                (f'update_stat("s{n}", {self.pick("1234")})', f'update_stat("s{n}", -1)', f'reset_stat("s{n}")')
            )
        if kind < 0.8:
            self.seen.add("mqueue")
            return self.pick(
                (f'mq_add("q", "m{n}", {self.format()})', 'mq_fetch("q")', 'mq_pv_free("q")', 'mq_fetch("q")')
            )
        return self.pick(
            (
                f"pv_printf({into}, {self.format()})", f'json_link($json(l{n}), $json(j{n}/{self.pick("abc")}))',
                f'json_merge({self.format()}, "{{\\"a\\":2}}", {into})',
                f"set_count($avp({self.pick('abc')}{n}), {into})",
                f'pcre_match({self.format()}, "{self.pick(PATTERNS[2:4])}")', "is_myself(\"10.0.0.1\")",
                f'setflag(\"F{n}\")', f'isflagset(\"F{n}\")', f'resetflag(\"F{n}\")',
                f"ts_usec_delta(1, 5, 2, {self.pick('123')}, $var(a{n}), $var(b{n}))",
                f'construct_uri("sip", {self.format()}, "h", "", "", $avp(u{n}))',
            )
        )  # fmt: skip

    def route_call(self) -> str:
        if not self.routes:
            return self.log()
        self.seen.add("routes")
        # the text of an integer that a variable lends to a route is overwritten by later ones: not what was meant
        arguments = [self.pick((self.number(), self.literal(), *LENT)) for _ in range(self.random.randrange(4))]
        return f"route({', '.join([self.pick(self.routes), *arguments])});"

    # -- compound -----------------------------------------------------------------------------------------------------

    def compound(self, depth: int) -> list[str]:
        kind = self.random.random()
        if kind < 0.5:
            return self._if(depth)
        if kind < 0.68:
            return self._while(depth)
        if kind < 0.84:
            return self._switch(depth)
        return self._for_each(depth)

    def _if(self, depth: int) -> list[str]:
        self.seen.add("if")
        found = [f"if ({self.condition(2, self.call)}) {{", *self.block(depth - 1), "}"]
        while self.chance(0.15):
            found[-1] = f"}} else if ({self.condition(1)}) {{"
            found += [*self.block(depth - 1), "}"]
        if self.chance(0.4):
            found[-1] = "} else {"
            found += [*self.block(depth - 1), "}"]
        return found

    def _while(self, depth: int) -> list[str]:
        self.seen.add("while")
        counter = f"$var(w{self.name}_{self.random.randrange(10**6)})"
        condition = f"{counter} < {self.pick('1234')}"
        if self.chance(0.5):
            condition = (
                f"{condition} and {self.condition(1)}" if self.chance(0.5) else f"{self.condition(1)} and {condition}"
            )
        inner = self._in_a_loop(depth)
        if self.chance(0.2):
            inner += [f"if ({self.condition(1)}) break;"]
        return [f"{counter} = 0;", f"while ({condition}) {{", f"{counter} = {counter} + 1;", *inner, "}"]

    def _switch(self, depth: int) -> list[str]:
        self.seen.add("switch")
        found = [f"switch ({self.variable()}) {{"]
        labels = self.random.sample([*("0", "1", "5", "42"), '"a"', '""', '"abc"', '"42"'], self.random.randint(1, 3))
        for label in labels:
            found += [f"case {label}:", *self.block(depth - 1, 1, 2)]
            if self.chance(0.7):
                found.append("break;")
        if self.chance(0.6):
            found += ["default:", *self.block(depth - 1, 1, 2)]
        return [*found, "}"]

    def _for_each(self, depth: int) -> list[str]:
        self.seen.add("for each")
        n, iterator = self.name, f"$var(i{self.name})"
        collection = self.pick(
            (f"$(avp({self.pick('abc')}{n})[*])", f"$(json(j{n})[*])", f"$(json(j{n}.keys)[*])", f"$(json(j{n}/b)[*])")
        )
        return [f"for ({iterator} in {collection}) {{", f'xlog("item [{iterator}]\\n");', *self._in_a_loop(depth), "}"]

    def _in_a_loop(self, depth: int) -> list[str]:
        self._loops += 1
        inner = self.block(depth - 1)
        self._loops -= 1
        return inner

    def end(self) -> list[str]:
        """The last statement of a called route."""
        return [
            self.pick(
                (
                    "return;", f"return({self.number()});", f"return({self.own()});", "exit;", "return(1, \"r\", 7);",
                    f"return(2, {self.variable()});", self.log(), "drop;", "return(-1);", "return(0);",
                )
            )
        ]  # fmt: skip
