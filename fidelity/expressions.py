"""Variables, texts, expressions and conditions of generated programs: what is valid, most of the time, and the same on
every run. No time, no process id, no random number; nothing that is known to be left to chance on a server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final, TypeVar

T = TypeVar("T")

NUMBERS: Final = ("0", "1", "2", "3", "5", "7", "-1", "-4", "42", "300", "2147483647", "0x1F", "010")
TEXTS: Final = (
    "", "a", "abc", "ABC", "0", "5", "42", "42abc", "-7", " x ", "a,b,c", "a;b=c", "tag=1;lr;q=0.5", "10.0.0.1",
    "10.0.0.0/8", "::1", "sip:alice@example.com:5070;transport=tcp?h=1", "sip:bob@example.com", "tel:+4930123",
    "<sip:a@b;x=y>;tag=3", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9;rport", "6162", "YWJj", "%41b", "x y z", "true",
    "{\\\"a\\\":1,\\\"b\\\":[1,2,\\\"x\\\"]}", "[1,2,3]", "<a><b>t</b><c d=\\\"e\\\"/></a>", "<null>", "2026-11-30",
)  # fmt: skip
PATTERNS: Final = ("^a", "b$", "[0-9]+", "a|b", "^$", ".*", "A", "(x)(y)?", "[[:alpha:]]", "5{1,2}")
ARITHMETIC: Final = ("+", "+", "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>")
ORDER: Final = ("==", "==", "!=", "<", ">", "<=", ">=")
#: variables of the dummy request and of the run that are the same on both sides
FIXED: Final = (
    "$rc", "$ru", "$rU", "$rd", "$rp", "$rP", "$du", "$dd", "$dp", "$fu", "$fU", "$fd", "$tu", "$ci", "$cs",
    "$rm", "$ml",
    "$si", "$sp", "$ft", "$tt", "$ua", "$ct", "$cl", "$rs", "$rr", "$oU", "$od", "$op", "$oP", "$ou", "$err.info",
    "$err.class", "$route.name", "$route.type", "$(route[*])", "$hdr(CSeq)", "$(hdr(Via)[0])", "$hdrcnt(Via)",
    "$hdr(no)",
    "$msg.type", "$msg.is_request", "$ru_q", "$mf", "$socket_out", "$socket_in(port)", "$branch(uri)", "$return(0)",
    "$return(1)", "$xlog_level", "$fn", "$Au", "$ai",
)  # fmt: skip
#: transformations with parameters that mean something
CHAINS: Final = (
    "{s.len}", "{s.len}", "{s.int}", "{s.int}", "{s.toupper}", "{s.tolower}", "{s.trim}", "{s.triml}", "{s.trimr}",
    "{s.substr,0,2}", "{s.substr,1,1}", "{s.substr,-2,1}", "{s.select,0,,}", "{s.select,1,;}", "{s.select,-1,,}",
    "{s.encode.hexa}", "{s.decode.hexa}", "{s.escape.common}", "{s.unescape.common}", "{s.escape.user}",
    "{s.unescape.user}", "{s.escape.param}", "{s.unescape.param}", "{s.b64encode}",
    "{s.b64encode}{s.b64decode}", "{s.md5}",
    "{s.sha1}", "{s.crc32}", "{s.reverse}", "{s.index,b}", "{s.rindex,b}", "{s.index,a,1}", "{s.fill.left,0,6}",
    "{s.fill.right,ab,5}", "{s.width,3}", "{s.xor,key}", "{s.dec2hex}", "{s.hex2dec}", "{s.eval}",
    "{uri.user}", "{uri.host}", "{uri.port}", "{uri.params}", "{uri.param,transport}", "{uri.passwd}", "{uri.headers}",
    "{uri.lr}", "{uri.schema}", "{uri.transport}", "{uri.method}", "{param.value,lr}", "{param.value,q}",
    "{param.valueat,0}", "{param.valueat,1}", "{param.name,0}", "{param.name,-1}", "{param.count}", "{param.exist,lr}",
    "{nameaddr.name}", "{nameaddr.uri}", "{nameaddr.len}", "{nameaddr.param,tag}", "{nameaddr.params}",
    "{csv.count}", "{csv.value,0}", "{csv.value,1}", "{csv.value,-1}",
    "{ip.pton}{ip.ntop}", "{ip.pton}{ip.ntop}", "{ip.isip}", "{ip.pton}", "{ip.isprivate}", "{ip.isip4}",
    "{ip.isip6}", "{ip.matches,10.0.0.0/8}",
    "{re.subst,/a/X/}", "{re.subst,/(b)c/[\\\\1]/g}", "{re.subst,/B/y/i}",
)  # fmt: skip

#: of Via headers alone: the second text that is none kills a server's process
VIA_CHAINS: Final = (
    "{via.name}", "{via.version}", "{via.transport}", "{via.host}", "{via.port}", "{via.branch}", "{via.rport}",
    "{via.param,rport}", "{via.params}", "{via.comment}", "{via.received}", "{via.param,branch}",
)  # fmt: skip


class Writer:
    """Draws texts; `name` is the suffix of all that the program names. `seen` gathers what it is made of."""

    def __init__(self, random: Random, name: str) -> None:
        self.random = random
        self.name = name
        self.seen: set[str] = set()
        #: inside a called route: positions are arguments
        self.is_called = False

    def pick(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)

    def chance(self, likelihood: float) -> bool:
        return self.random.random() < likelihood

    # -- variables ----------------------------------------------------------------------------------------------------

    def own(self) -> str:
        """A variable of the program's own, that can be written."""
        letter = self.pick("abcd")
        return self.pick(
            [f"$var({letter}{self.name})"] * 6
            + [f"$avp({letter}{self.name})"] * 3
            + [f"$shv({letter}{self.name})"] * 2
            + [f"$json(j{self.name}/{letter})"]
        )

    def readable(self) -> str:
        kind = self.random.random()
        if kind < 0.55:
            return self.own()
        if kind < 0.7:
            return self.pick(("$param(1)", "$param(2)", "$param(3)", "$param(ip)", "$param(n)", "$param(text)"))
        if kind < 0.78:
            return self._container()
        return self.pick(FIXED)

    def _container(self) -> str:
        letter, n = self.pick("abc"), self.name
        self.seen.add("json, xml, avp stacks")
        return self.pick(
            (
                f"$(avp({letter}{n})[*])", f"$(avp({letter}{n})[1])", f"$(avp({letter}{n})[-1])", f"$json(j{n})",
                f"$json(j{n}/{letter})", f"$json(j{n}/b[0])", f"$json(j{n}/b[-1])", f"$xml(x{n})",
                f"$xml(x{n}/a/b.val)", f"$stat(s{n})", "$mqk(q)", "$mqv(q)", "$mq_size(q)",
                f"$xml(x{n}/a/c.attr/d)", f"$xml(x{n}/a)", f"$json(j{n}/$var({letter}{n}))", f"$avp($var({letter}{n}))",
            )
        )  # fmt: skip

    def variable(self) -> str:
        """Any variable, in some cases transformed."""
        text = self.readable()
        if not self.chance(0.3):
            return text
        self.seen.add("transformations")
        if self.chance(0.06):
            return f"$(hdr(Via){self.pick(VIA_CHAINS)})"
        chain = "".join(self.pick(CHAINS) for _ in range(self.pick((1, 1, 1, 2))))
        bare = text[2:-1] if text.startswith("$(") else text[1:]
        return f"$({bare}{chain})"

    # -- texts --------------------------------------------------------------------------------------------------------

    def number(self) -> str:
        return self.pick(NUMBERS)

    def literal(self) -> str:
        return f'"{self.pick(TEXTS)}"'

    def format(self) -> str:
        """A text with variables in it, as a parameter of functions."""
        pieces = [self.variable() if self.chance(0.5) else self.pick(TEXTS) for _ in range(self.pick((1, 1, 2, 3)))]
        return '"' + "|".join(pieces) + '"'

    # -- expressions --------------------------------------------------------------------------------------------------

    def operand(self) -> str:
        kind = self.random.random()
        if kind < 0.6:
            return self.variable()
        return self.number() if kind < 0.85 else self.literal()

    def expression(self, depth: int = 2) -> str:
        if depth == 0 or self.chance(0.35):
            return self.operand()
        kind = self.random.random()
        if kind < 0.1:
            return f"({self.expression(depth - 1)})"
        if kind < 0.14:
            return f"~{self.operand()}"
        self.seen.add("arithmetic")
        left, right = self.expression(depth - 1), self.expression(depth - 1)
        return f"{left} {self.pick(ARITHMETIC)} {right}"

    def condition(self, depth: int = 2, calls: Callable[[], str] | None = None) -> str:
        kind = self.random.random()
        if depth and kind < 0.2:
            self.seen.add("and, or, not")
            word = self.pick(("and", "or", "&&", "||"))
            return f"{self.condition(depth - 1, calls)} {word} {self.condition(depth - 1, calls)}"
        if depth and kind < 0.3:
            return f"!({self.condition(depth - 1, calls)})"
        if kind < 0.4:
            self.seen.add("[expression]")
            return f"[{self.variable_apart()} {self.pick(ARITHMETIC[:7])} {self.variable_apart()}]"
        if kind < 0.5:
            return self.variable()
        if kind < 0.6 and calls is not None:
            return calls()
        return self.comparison()

    def variable_apart(self) -> str:
        """A variable in parentheses, which may stand before `]`."""
        text = self.variable()
        return text if text.startswith("$(") or "(" in text else f"$({text[1:]})"

    def comparison(self) -> str:
        left = self.variable()
        kind = self.random.random()
        if kind < 0.15:
            return f"{left} {self.pick(('==', '!='))} NULL"
        if kind < 0.3:
            self.seen.add("regular expressions")
            return f'{left} {self.pick(("=~", "!~"))} "{self.pick(PATTERNS)}"'
        if kind < 0.35:
            return f"{left} {self.pick(('=~', '!~'))} {self.variable()}"
        if kind < 0.4:
            return f"{left} {self.pick(('==', '!='))} {self.pick(('10.0.0.0/8', '10.0.0.1', '::1'))}"
        return f"{left} {self.pick(ORDER)} {self.operand()}"
