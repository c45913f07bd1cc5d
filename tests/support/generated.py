"""Scripts that nobody would write: made by a grammar from the declaration tables, and real ones with changes.

The grammar knows what a script looks like, and takes the names of variables, transformations and functions with their
parameters from the tables, so that a new declaration is tried without a line here. Most variables and formats are ones
that the server accepts, or hardly any script would ever run.

Hypothesis draws one string of bytes for a script, and the grammar makes its choices from them: a draw for each choice
would take ten times longer than all that is tested. Fewer and lower bytes make simpler scripts, so shrinking works.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeVar

from hypothesis import strategies as st

from evroute_kernel.library import (
    everything,  # noqa: F401 - gives every name its behaviour
    table,
)
from evroute_kernel.library.table import Param
from evroute_kernel.library.template import TemplateError, parse_format, parse_variable
from evroute_kernel.runtime.values import encode
from support.recorded import read_cases

LIBRARY = table.of("3.6")

T = TypeVar("T")

# -- words ------------------------------------------------------------------------------------------------------------

SIMULATED: Final = sorted((f for f in LIBRARY.functions.values() if not f.stub), key=lambda f: f.name)
STUBS: Final = sorted((f for f in LIBRARY.functions.values() if f.stub), key=lambda f: f.name)
IN_EVENT_ROUTES: Final = [[f for f in functions if "event" in f.routes] for functions in (SIMULATED, STUBS)]
READ: Final = sorted({v.name for v in LIBRARY.variables.values()})
CHAINED: Final = sorted(LIBRARY.transformations.values(), key=lambda t: t.full_name)
COMMON: Final = (
    "$var(a)",
    "$avp(a)",
    "$json(d)",
    "$shv(n)",
    "$var(n)",
    "$param(1)",
    "$param(ip)",
    "$rc",
    "$(avp(a)[*])",
    "$json(d/a)",
)
WRITTEN: Final = (
    "$var(a)",
    "$avp(a)",
    "$json(d)",
    "$shv(n)",
    "$var(n)",
    "$json(d/a)",
    "$(avp(a)[0])",
    "$ru",
    "$xml(x)",
)
NAMES: Final = ("a", "d", "n", "ip", "1", "2", "x.y", "$var(a)", "$avp(a)", "d/a", "d/a[0]", "d[]", "uri", "ö", "")
INDEXES: Final = ("", "", "", "[0]", "[1]", "[-1]", "[*]", "[append]", "[$var(n)]", "[]")
EVENTS: Final = ("E_A", "E_PIKE_BLOCKED", "E_B", *sorted(LIBRARY.events))
#: what goes into parameters, texts and event parameters: plain, empty, huge, malformed, of every little language
TEXTS: Final = (
    "",
    "a",
    "0",
    "-1",
    "42abc",
    "2147483648",
    " x ",
    "Zoë",
    "\udcff\udc80",
    "a,b;c=d",
    "%41%zz%",
    "%d %s %",
    "sip:alice@example.com:5060;transport=tcp?a=b",
    "sip:",
    '\\"A\\" <sip:a@b>;tag=1',
    "<sip:a@b",
    "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;received=::1",
    "192.0.2.66",
    "10.0.0.0/8",
    "::ffff:192.0.2.1",
    '{\\"a\\": [1, 2.5, null, {\\"b\\": \\"c\\"}]}',
    '{\\"a\\": ',
    "[[[[[[",
    '<a b=\\"c\\"><d>e</d></a>',
    "<a><",
    "v=0\\r\\no=- 1 1 IN IP4 192.0.2.1\\r\\ns=-\\r\\nm=audio 5004 RTP/AVP 0\\r\\na=x:1\\r\\n",
    "m=",
    "^a+(b|c)*$",
    "(a*)*b",
    "[a-",
    "/a(.)/\\\\1\\\\1/g",
    "20260101T000000|20270101T000000|||yearly|||||",
    "Mon, 23 Nov 2026 10:00:00 GMT",
    "%Y-%m-%d",
    "1 + 2 * (3 - 4) / 0",
    "name=q;size=3",
    "$$",
    "local",
    "\\x00",
    "\\xff",
    "x" * 600,
    "ab" * 3000,
)
NUMBERS: Final = ("0", "1", "2", "7", "-1", "-5", "300", "010", "0x1F", "2147483647", "-2147483648", "2147483648")
GLOBALS: Final = ("log_level", "xlog_buf_size", "pv_print_buf_size", "enable_asserts", "max_while_loops")
OPERATORS: Final = ("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>")
ASSIGNMENTS: Final = ("=", "=", "=", ":=", "+=", "-=", "/=", "|=")
COMPARISONS: Final = ("==", "!=", "<", ">", "<=", ">=", "=~", "!~")
#: what a change puts in
PIECES: Final = """
    { } ( ) [ ] ; , : . = == != < >= =~ ! ~ + - * / % & | ^ << && || and or not if else while for in switch case default
    break return exit drop route event_route[ timer_route startup_route error_route xlog( "a" "$var(a)" 'b' " ' $var(a)
    $( $avp( $json(d/ {s.len} {re.subst, {uri. /* */ // # \\ NULL on 5 08 10.0.0.0/8 ::1 async( launch( assert(
    loadmodule modparam( log_level= include_file "x" elseif $ \0 é \udcff ++ := %raise $nothing return(0) while(1){}
    fetch_event_params("$var(a)") , async]
""".split()

CASES: Final = list(read_cases())
RECORDED: Final = [case.script for case in CASES]
REALISTIC: Final = [case.script for case in CASES if case.file in ("realistic", "routes", "control-flow")]
_STRING: Final = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_CALL: Final = re.compile(r"\b([a-z]\w+)\(([^;\n]*)\)")
_CHAIN: Final = re.compile(r"\{([a-z]\w*\.\w+),([^{}]*)\}")


def _seen() -> dict[str, list[str]]:
    """The texts that recorded programs give to a function or transformation: of the little language it wants."""
    found: dict[str, list[str]] = {}
    for script in RECORDED:
        for name, arguments in _CALL.findall(script):
            found.setdefault(name, []).extend(_STRING.findall(arguments))
        for name, parameters in _CHAIN.findall(script):
            found.setdefault(name, []).extend(parameters.split(","))
    return {name: sorted(set(texts)) for name, texts in found.items() if texts}


SEEN: Final = _seen()
MODPARAMS: Final = tuple(
    f"modparam({words})"
    for words in (
        '"mqueue", "mqueue", "name=q;size=3"',
        '"cachedb_local", "cache_collections", "calls=4; users"',
        '"cachedb_local", "cachedb_url", "local:calls:///calls"',
        '"statistics", "variable", "calls"',
        '"statistics", "stat_groups", "mine"',
        '"statistics", "stat_series_profile", "p: algorithm=percentage percentage_factor=100"',
        '"mathops", "decimal_digits", 2',
        '"cfgutils", "varset", "a=s:text"',
        '"cfgutils", "shvset", "n=i:-5"',
        '"cfgutils", "lock_pool_size", 4',
        '"benchmark", "enable", 1',
        '"json", "enable_long_quoting", 1',
        '"regex", "pcre_caseless", 1',
    )
)
NOISE: Final = (*"abz09 ,;:=@<>()[]{}|^*+?.-_/%&$#'~é", "\\r\\n", "\\x00", "\\xff", '\\"', "\\\\", "\udcff", "\t")
_ESCAPED: Final = re.compile(r'(?:[^"\\]|\\.)*')
#: words that can be changed for others without breaking the syntax
_WORD: Final = re.compile(
    r"""
      (?P<string> "(?:[^"\\\n]|\\.)*" )
    | (?P<variable> \$\((?:[^()\n]|\([^()\n]*\))*\) | \$\w+(?:\([^()\n]*\))? )
    | (?P<number> \b\d+\b )
    | (?P<operator> \ [-+*/%]\  )
    | (?P<comparison> [=!<>]=|=~ )
    | (?P<call> \b[a-z]+_[a-z_]+\b(?=\() )
    """,
    re.VERBOSE,
)


def quoted(text: str) -> str:
    return f'"{text}"'


@lru_cache(10_000)
def is_variable(text: str) -> bool:
    try:
        return parse_variable(encode(text), LIBRARY).text == encode(text)
    except TemplateError:
        return False


@lru_cache(10_000)
def is_format(text: str) -> bool:
    try:
        parse_format(encode(text), LIBRARY)
    except TemplateError:
        return False
    return True


# -- grammar ----------------------------------------------------------------------------------------------------------


class Grammar:
    """Makes texts; what it chooses is read off a string of bytes. When they are used up it takes the first choice."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        #: simulated and other functions that the block may call
        self.functions = [SIMULATED, STUBS]

    def below(self, count: int) -> int:
        """A number from 0 to `count` - 1."""
        width = 1 if count <= 256 else 3
        read = self.data[self.position : self.position + width]
        self.position += width
        return int.from_bytes(read) % count

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def one_in(self, count: int) -> bool:
        return self.below(count) == count - 1

    @property
    def is_over(self) -> bool:
        return self.position >= len(self.data)

    # -- variables and texts --------------------------------------------------------------------------------------

    def number(self) -> str:
        return self.pick(NUMBERS)

    def word(self, user: str = "") -> str:
        """A text as it stands between quotes: one that its user is known to understand, or any; changed; or noise."""
        kind = self.below(5)
        if kind == 4:
            return "".join(self.pick(NOISE) for _ in range(self.below(12)))
        text = self.pick(SEEN.get(user, TEXTS) if self.below(3) else TEXTS)
        if kind < 2 or len(text) > 200:
            return text
        place = self.below(len(text) + 1)
        changed = text[:place] + self.pick(NOISE) + text[place + self.below(3) :]
        # an escape that the change has cut in two would end the text
        return changed if _ESCAPED.fullmatch(changed) else text

    def text(self, user: str = "") -> str:
        return quoted(self.word(user))

    def transformation(self) -> str:
        chosen = self.pick(CHAINED)
        parts = [chosen.full_name]
        for param in chosen.params:
            if param.optional and self.one_in(2):
                break
            parts.append(self.parameter(param, chosen.full_name))
        return "{" + ",".join(parts) + "}"

    def parameter(self, param: Param, user: str) -> str:
        if param.type == "int":
            return self.pick((*NUMBERS, "$var(n)"))
        return self.pick(",;:a}{") if param.type == "char" else self.word(user)

    def variable(self, common: Sequence[str] = COMMON) -> str:
        """Any variable, mostly one of a few that statements share; once in a while one that is none."""
        text = self.pick(common)
        if self.one_in(3):
            name = self.pick(READ)
            sub = "" if LIBRARY.variables[name].subname == "none" else f"({self.pick(NAMES)})"
            text = (
                f"$({name}{sub}{self.pick(INDEXES)})" if common is COMMON or LIBRARY.variables[name].writable else text
            )
        chain = "".join(self.transformation() for _ in range(self.pick((0, 0, 0, 1, 1, 2))))
        if chain and common is COMMON:
            text = f"$({text[2:-1] if text[1] == '(' else text[1:]}{chain})"
        text = text.replace('"', "").replace("\\", "")
        return text if is_variable(text) or self.one_in(100) else self.pick(common)

    def format(self) -> str:
        pieces = [self.word() if self.one_in(2) else self.variable() for _ in range(self.below(4))]
        text = "".join(pieces)
        return quoted(text if is_format(text) or self.one_in(100) else "$var(a)")

    # -- expressions ----------------------------------------------------------------------------------------------

    def expression(self, depth: int = 3) -> str:
        kind = self.below(6 if depth else 3)
        if kind < 3:
            return (self.variable, self.number, self.text)[kind]()
        if kind == 3:
            return f"({self.expression(depth - 1)})"
        if kind == 4:
            return f"~{self.expression(depth - 1)}"
        return f"{self.expression(depth - 1)} {self.pick(OPERATORS)} {self.expression(depth - 1)}"

    def condition(self, depth: int = 3) -> str:
        kind = self.below(7 if depth else 4)
        if kind < 2:
            return f"{self.variable()} {self.comparison()}"
        if kind == 2:
            return self.variable()
        if kind == 3:
            return self.call()
        if kind == 4:
            return f"!({self.condition(depth - 1)})"
        if kind == 5:
            return f"[{self.expression(depth - 1)}]"
        return f"{self.condition(depth - 1)} {self.pick(('and', 'or', '&&'))} {self.condition(depth - 1)}"

    def comparison(self) -> str:
        """Operator and right side."""
        operator = self.pick(COMPARISONS)
        if operator in ("==", "!="):
            return f"{operator} {self.pick((self.variable, self.number, self.text, lambda: 'NULL', lambda: '::1'))()}"
        fitting = (self.variable, self.text) if "~" in operator else (self.variable, self.text, self.number)
        return f"{operator} {self.pick(fitting)()}"

    def call(self) -> str:
        """A call of any function that may be called here; most of a script should be about those that run here."""
        chosen = self.pick(self.functions[self.one_in(8)])
        arguments = []
        for param in chosen.params:
            if param.optional and self.one_in(2):
                break
            arguments.append(self.argument(param, chosen.name))
        return f"{chosen.name}({', '.join(arguments)})"

    def argument(self, param: Param, user: str) -> str:
        if param.type == "var":
            return self.variable(WRITTEN)
        if param.type in ("literal", "regex") and not self.one_in(5):
            return self.text(user)
        if param.type == "int":
            return self.pick((self.number, self.variable))()
        return self.pick((lambda: self.text(user), lambda: self.text(user), self.format, self.variable))()

    # -- statements -----------------------------------------------------------------------------------------------

    def statement(self, depth: int = 3) -> str:
        kind = self.below(16 if depth else 10)
        if kind < 4:
            target = self.variable(WRITTEN)
            return f"{target} = NULL;" if self.one_in(10) else f"{target} {self.pick(ASSIGNMENTS)} {self.expression()};"
        if kind < 6:
            return f"xlog({self.format().replace(quoted(''), quoted('$var(a)'))});"
        if kind < 8:
            return f"{self.call()};"
        if kind == 8:
            return self.pick((";", "return(-1);", "return($var(a));", "break;", "return;", "drop;", "exit;"))
        if kind == 9:
            arguments = [self.pick((self.variable, self.number, self.text))() for _ in range(self.below(3))]
            return f"route({', '.join([self.pick('rs'), *arguments])});"
        return self.compound(kind, depth)

    def compound(self, kind: int, depth: int) -> str:
        inner = self.block(depth - 1)
        if kind == 10:
            return f"if ({self.condition()}) {inner}{self.pick(('', ' else ;', ' else {}'))}"
        if kind == 11:
            return f"if ({self.condition()}) {inner} else {self.block(depth - 1)}"
        if kind == 12:
            return f"while ({self.condition()}) {inner}"
        if kind == 13:
            collection = self.pick(
                ("$(json(d)[*])", "$(json(d.keys)[*])", "$(avp(a)[*])", "$(json(d/a)[*])", "$var(a)")
            )
            return f"for ({self.pick(('$var(i)', '$avp(a)', '$json(e)'))} in {collection}) {inner}"
        if kind == 14:
            return f"switch ({self.variable()}) {{ case {self.pick((self.number, self.text))()}: {inner[1:-1]} }}"
        return f'raise_event("{self.pick(EVENTS[:3])}");'

    def block(self, depth: int = 3) -> str:
        return "{ " + " ".join(self.statement(depth) for _ in range(1 + self.below(4))) + " }"

    # -- scripts --------------------------------------------------------------------------------------------------

    def script(self) -> str:
        """A few routes, seldom with settings; their names are those that calls and raises use."""
        parts = [f"route[r] {self.block()}", "route[s] { return(2); }"]
        self.functions = IN_EVENT_ROUTES
        event = self.pick(EVENTS if self.one_in(3) else EVENTS[:2])
        parts.append(f"event_route[{event}] {self.block(1)[:-1]} route(r); }}")
        rare = (
            lambda: f"event_route[E_B] {self.block(1)}",
            lambda: f"startup_route {self.block(1)}",
            lambda: f"timer_route[t, 5] {self.block(1)}",
            lambda: f"error_route {self.block(1)}",
            lambda: f"{self.pick(GLOBALS)} = {self.number()}",
        )
        settings = [self.pick(MODPARAMS) for _ in range(self.below(4))]
        return "\n".join([*settings, *([self.pick(rare)()] if self.one_in(3) else []), *parts])

    def mutated(self) -> str:
        """A recorded program, with some places replaced, and perhaps a part of another one in it."""
        text = self.pick(REALISTIC if self.one_in(2) else RECORDED)
        if self.one_in(4):
            other = self.pick(RECORDED)
            start, end = sorted((self.below(len(other) + 1), self.below(len(other) + 1)))
            place = self.below(len(text) + 1)
            text = text[:place] + other[start:end] + text[place:]
        for _ in range(1 + self.below(4)):
            text = self.broken(text) if self.one_in(3) else self.changed(text)
        return text

    def broken(self, text: str) -> str:
        """Something anywhere, in place of what stands there."""
        place, removed = self.below(len(text) + 1), self.below(12)
        inserted = self.pick((lambda: "", lambda: self.pick(PIECES), self.text, self.variable, self.statement))()
        return text[:place] + inserted + text[place + removed :]

    def changed(self, text: str) -> str:
        """A word in place of another of its kind, or a line less, or one more."""
        words = [*_WORD.finditer(text)]
        if not words or self.one_in(5):
            lines = text.split("\n")
            return "\n".join(
                [*lines[: (at := self.below(len(lines)))], *self.pick(([], [lines[at]] * 2)), *lines[at + 1 :]]
            )
        word = self.pick(words)
        kinds = {
            "string": self.format,
            "variable": self.variable,
            "number": self.number,
            "operator": lambda: self.pick(OPERATORS),
            "comparison": lambda: self.pick(COMPARISONS),
            "call": lambda: self.pick(SIMULATED).name,
        }
        return text[: word.start()] + kinds[str(word.lastgroup)]() + text[word.end() :]


choices = st.binary(min_size=20, max_size=1000)
scripts = choices.map(lambda data: Grammar(data).script())
mutations = choices.map(lambda data: Grammar(data).mutated())
