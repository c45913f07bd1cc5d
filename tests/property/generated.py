"""Scripts that nobody would write: made by a grammar from the declaration tables, and real ones with changes.

The grammar knows what a script looks like, and takes the names of variables, transformations and functions with their
parameters from the tables, so that a new declaration is tried without a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from evroute_kernel.library import everything  # noqa: F401 - fills the tables
from evroute_kernel.library.catalogue import events
from evroute_kernel.library.declarations import FUNCTIONS, TRANSFORMATIONS, VARIABLES, Function, Param, Transformation
from recorded import read_cases

Draw = Callable[[st.SearchStrategy[Any]], Any]

#: blocks and expressions nest so deep
DEPTH: Final = 3

SIMULATED: Final = sorted((f for f in FUNCTIONS.values() if not f.stub), key=lambda f: f.name)
STUBS: Final = sorted((f for f in FUNCTIONS.values() if f.stub), key=lambda f: f.name)
#: most of a script should be about what runs here
CALLED: Final = [*SIMULATED * 4, *STUBS]
READ: Final = sorted({v.name for v in VARIABLES.values()})
CHAINED: Final = sorted(TRANSFORMATIONS.values(), key=lambda t: t.full_name)
COMMON: Final = ("$var(a)", "$var(b)", "$avp(a)", "$shv(n)", "$param(1)", "$param(ip)", "$json(d)", "$rc", "$(avp(a)[*])")
KNOWN_EVENTS: Final = sorted(events())

#: what goes into parameters, strings and event parameters: plain, empty, huge, malformed, of every little language
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
    '"A" <sip:a@b>;tag=1',
    "<sip:a@b",
    "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;received=::1",
    "192.0.2.66",
    "10.0.0.0/8",
    "::ffff:192.0.2.1",
    '{\\"a\\": [1, 2.5, null, {\\"b\\": \\"c\\"}]}',
    '{\\"a\\": ',
    "[[[[[[",
    "<a b=\\\"c\\\"><d>e</d></a>",
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
    "$var(a)",
    "$(var(a){s.len})",
    "$$",
    "$(",
    "$nothing",
    "local",
    "\\x00",
    "\\xff",
    "\\",
    "x" * 600,
    "ab" * 3000,
)
NUMBERS: Final = ("0", "1", "2", "7", "-1", "-5", "010", "0x1F", "2147483647", "-2147483648", "2147483648", "99999999999")
OPERATORS: Final = ("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>")
COMPARISONS: Final = ("==", "!=", "<", ">", "<=", ">=", "=~", "!~")
#: what a change puts in, or a script is strewn with
PIECES: Final = """
    { } ( ) [ ] ; , : . = == != < >= =~ ! ~ + - * / % & | ^ << && || and or not if else while for in switch case default
    break return exit drop route event_route[ timer_route startup_route error_route xlog( "a" "$var(a)" 'b' " ' $var(a)
    $( $avp( $json(d/ {s.len} {re.subst, {uri. /* */ // # \\ NULL on 5 08 10.0.0.0/8 ::1 async( launch( assert(
    loadmodule modparam( log_level= include_file "x" elseif $ \0 é \udcff ++ := %raise \t return(0) while(1){}
    fetch_event_params("$var(a)") , async]
""".split()

# -- words ------------------------------------------------------------------------------------------------------------

texts = st.sampled_from(TEXTS)
numbers = st.one_of(st.sampled_from(NUMBERS), st.integers(-300, 300).map(str))
names = st.sampled_from(("a", "b", "d", "n", "ip", "1", "2", "x.y", "$var(a)", "$avp(a)", "d/a", "d/a[0]", "d[]", "uri", "ö"))
indexes = st.sampled_from(("", "", "", "[0]", "[1]", "[-1]", "[*]", "[append]", "[$var(n)]", "[]"))


def quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"').replace('\\\\"', '\\"') + '"'


@st.composite
def transformation(draw: Draw) -> str:
    """`{cls.name,parameters}`, the parameters mostly as declared."""
    chosen: Transformation = draw(st.sampled_from(CHAINED))
    parts = [chosen.full_name]
    for param in chosen.params:
        if param.optional and draw(st.booleans()):
            break
        parts.append(draw(argument(param)).strip('"'))
    return "{" + ",".join(parts) + "}"


@st.composite
def argument(draw: Draw, param: Param) -> str:
    """An argument as a transformation has it, without quotes."""
    if param.type == "int":
        return draw(st.one_of(numbers, st.just("$var(n)")))
    if param.type == "char":
        return draw(st.sampled_from(",;:a}{"))
    return draw(texts)


@st.composite
def variable(draw: Draw) -> str:
    """Any variable, mostly one of a few that statements share."""
    if draw(st.integers(0, 2)):
        text = draw(st.sampled_from(COMMON))
    else:
        name = draw(st.sampled_from(READ))
        sub = "" if VARIABLES[name].subname == "none" else f"({draw(names)})"
        text = f"$({name}{sub}{draw(indexes)})"
    chain = "".join(draw(transformation()) for _ in range(draw(st.sampled_from((0, 0, 0, 1, 1, 2)))))
    if not chain:
        return text
    return f"$({text.removeprefix('$').removeprefix('(').removesuffix(')') if text[1] == '(' else text[1:]}{chain})"


@st.composite
def format_string(draw: Draw) -> str:
    pieces = draw(st.lists(st.one_of(texts, variable().map(lambda v: v.replace('"', '\\"'))), max_size=3))
    return quoted("".join(pieces))


# -- expressions ------------------------------------------------------------------------------------------------------


@st.composite
def expression(draw: Draw, depth: int = DEPTH) -> str:
    kind = draw(st.integers(0, 5 if depth else 2))
    if kind == 0:
        return draw(variable())
    if kind == 1:
        return draw(numbers)
    if kind == 2:
        return quoted(draw(texts))
    if kind == 3:
        return f"({draw(expression(depth - 1))})"
    if kind == 4:
        return f"~{draw(expression(depth - 1))}"
    return f"{draw(expression(depth - 1))} {draw(st.sampled_from(OPERATORS))} {draw(expression(depth - 1))}"


@st.composite
def condition(draw: Draw, depth: int = DEPTH) -> str:
    kind = draw(st.integers(0, 6 if depth else 3))
    if kind < 2:
        right = draw(st.one_of(variable(), numbers, texts.map(quoted), st.sampled_from(("NULL", "10.0.0.0/8", "::1"))))
        return f"{draw(variable())} {draw(st.sampled_from(COMPARISONS))} {right}"
    if kind == 2:
        return draw(variable())
    if kind == 3:
        return draw(call())
    if kind == 4:
        return f"!({draw(condition(depth - 1))})"
    if kind == 5:
        return f"[{draw(expression(depth - 1))}]"
    return f"{draw(condition(depth - 1))} {draw(st.sampled_from(('and', 'or', '&&')))} {draw(condition(depth - 1))}"


@st.composite
def call(draw: Draw) -> str:
    """A call of any function, its arguments mostly as declared."""
    chosen: Function = draw(st.sampled_from(CALLED))
    arguments = []
    for param in chosen.params:
        if param.optional and draw(st.booleans()):
            break
        arguments.append(draw(call_argument(param)))
    return f"{chosen.name}({', '.join(arguments)})"


@st.composite
def call_argument(draw: Draw, param: Param) -> str:
    if param.type == "var":
        return draw(st.one_of(st.sampled_from(COMMON), variable()))
    if param.type == "int":
        return draw(st.one_of(numbers, variable()))
    return draw(st.one_of(format_string(), texts.map(quoted), variable()))


# -- statements -------------------------------------------------------------------------------------------------------


@st.composite
def statement(draw: Draw, depth: int = DEPTH) -> str:
    kind = draw(st.integers(0, 15 if depth else 9))
    if kind < 4:
        target = draw(st.one_of(st.sampled_from(COMMON[:4]), variable()))
        operator = draw(st.sampled_from(("=", "=", "=", ":=", "+=", "-=", "/=", "|=")))
        return f"{target} {operator} {draw(st.one_of(expression(depth), st.just('NULL')))};"
    if kind < 6:
        return f"xlog({draw(format_string())});"
    if kind < 8:
        return f"{draw(call())};"
    if kind == 8:
        return draw(st.sampled_from(("exit;", "drop;", "return;", "return(-1);", "return($var(a));", "break;", ";")))
    if kind == 9:
        arguments = draw(st.lists(st.one_of(variable(), numbers, texts.map(quoted), st.just("NULL")), max_size=2))
        return f"route({', '.join([draw(st.sampled_from('rs')), *arguments])});"
    return draw(compound(kind, depth))


@st.composite
def compound(draw: Draw, kind: int, depth: int) -> str:
    inner = draw(block(depth - 1))
    if kind == 10:
        other = draw(st.sampled_from(("", " else {}", " else ;")))
        return f"if ({draw(condition(depth - 1))}) {inner}{other}"
    if kind == 11:
        return f"if ({draw(condition(depth - 1))}) {inner} else {draw(block(depth - 1))}"
    if kind == 12:
        return f"while ({draw(condition(depth - 1))}) {inner}"
    if kind == 13:
        iterator = draw(st.sampled_from(("$var(i)", "$avp(a)", "$json(e)")))
        collection = draw(st.sampled_from(("$(json(d)[*])", "$(json(d.keys)[*])", "$(avp(a)[*])", "$(json(d/a)[*])", "$var(a)")))
        return f"for ({iterator} in {collection}) {inner}"
    if kind == 14:
        label = draw(st.one_of(numbers, texts.map(quoted)))
        return f"switch ({draw(variable())}) {{ case {label}: {inner[1:-1]} break; default: ; }}"
    return f"raise_event({quoted(draw(st.sampled_from(('E_A', 'E_B', 'E_PIKE_BLOCKED'))))});"


@st.composite
def block(draw: Draw, depth: int = DEPTH) -> str:
    return "{ " + " ".join(draw(st.lists(statement(depth), max_size=4))) + " }"


@st.composite
def script(draw: Draw) -> str:
    """A few routes, seldom with settings; the names are those that calls and raises use."""
    event = draw(st.sampled_from(("E_A", "E_A", "E_PIKE_BLOCKED", *KNOWN_EVENTS)))
    parts = [f"event_route[{event}] {draw(block())}"]
    if draw(st.booleans()):
        parts.append(f"route[r] {draw(block(2))}")
    rare = draw(st.integers(0, 9))
    if rare == 0:
        parts.append(f"event_route[E_B] {draw(block(1))}")
    elif rare == 1:
        parts.append(f"startup_route {draw(block(1))}")
    elif rare == 2:
        parts.append(f"timer_route[t, 5] {draw(block(1))}")
    elif rare == 3:
        parts.append(f"error_route {draw(block(1))}")
    elif rare == 4:
        name, value = draw(st.sampled_from(("log_level", "xlog_buf_size", "pv_print_buf_size", "enable_asserts"))), draw(numbers)
        parts.insert(0, f"{name} = {value}")
    return "\n".join([*parts, "route[s] { return(2); }"])


# -- real scripts with changes ----------------------------------------------------------------------------------------

RECORDED: Final = [case.script for case in read_cases()]
REALISTIC: Final = [case.script for case in read_cases() if case.file in ("realistic", "routes", "control-flow")]

changes = st.lists(
    st.tuples(
        st.floats(0, 1, allow_nan=False),
        st.integers(0, 12),
        st.one_of(st.just(""), st.sampled_from(PIECES), st.sampled_from(TEXTS), variable(), statement(1)),
    ),
    min_size=1,
    max_size=4,
)


@st.composite
def mutated(draw: Draw) -> str:
    """A recorded program, with some places replaced, and perhaps a part of another one in it."""
    text: str = draw(st.one_of(st.sampled_from(RECORDED), st.sampled_from(REALISTIC)))
    if draw(st.integers(0, 4)) == 0:
        other: str = draw(st.sampled_from(RECORDED))
        start, end = sorted((draw(st.integers(0, len(other))), draw(st.integers(0, len(other)))))
        place = draw(st.integers(0, len(text)))
        text = text[:place] + other[start:end] + text[place:]
    for place, removed, inserted in draw(changes):
        position = int(place * len(text))
        text = text[:position] + inserted + text[position + removed :]
    return text


any_script = st.one_of(script(), mutated(), mutated())
