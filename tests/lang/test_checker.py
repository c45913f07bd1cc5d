"""What the server refuses when it starts, although the text parses: code, place, words and hint of each finding."""

from __future__ import annotations

import pytest

from evroute_kernel.lang.checks.checker import check
from evroute_kernel.lang.environment import DEFAULT_MODULES, Environment
from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source

#: what stands before each sample of BODY, in line 1 to 4
BEFORE = "event_route[E_X] { exit; }\nroute[a] { exit; }\nroute[hollow] { ; }\nevent_route[E] {\n"

#: statements of an event route -> "text at the place | code | message | hint"
BODY: dict[str, list[str]] = {
    'nosuch("x");': [
        "nosuch | unknown-function | unknown function nosuch()",
    ],
    'print("x\\n");': [
        'print | unknown-function | unknown function print() | write xlog("text\\n");',
    ],
    'cache_stor("local", "k", "v");': [
        "cache_stor | unknown-function | unknown function cache_stor() | did you mean 'cache_store'?",
    ],
    "a();": [
        "a | unknown-function | unknown function a() | a route is called with route(a)",
    ],
    "t_relay();": [
        "t_relay | unknown-function | t_relay() belongs to module tm, which is not loaded"
        ' | write loadmodule "tm.so" before it',
    ],
    'search("x");': [
        "search | not-here | search() cannot be called in an event_route"
        " | call it in a route[...] and call that with route(...): there the server does not look",
    ],
    'cache_store("local");': [
        'cache_store("local") | arguments | cache_store lacks its argument 2 (key)'
        " | write cache_store(backend:string, key:string, value:string, [timeout:int])",
    ],
    'cache_store("local","k","v",1,2);': [
        "2 | arguments | too many arguments for cache_store: 5 given, it takes at most 4"
        " | write cache_store(backend:string, key:string, value:string, [timeout:int])",
    ],
    'cache_store("local",,"v");': [
        'cache_store("local",,"v") | arguments | cache_store lacks its argument 2 (key)'
        " | write cache_store(backend:string, key:string, value:string, [timeout:int])",
    ],
    'cache_store("local","k",5);': [
        '5 | argument | cache_store: value is a text or a variable, not a number | write "5"',
    ],
    'cache_store("local","k","v","10");': [
        '"10" | argument | cache_store: timeout is a number or a variable, not a text'
        " | write the number without quotes",
    ],
    'cache_store("local","k","v","x");': [
        '"x" | argument | cache_store: timeout is a number or a variable, not a text',
    ],
    'cache_fetch("local","k","x");': [
        '"x" | argument | cache_fetch: result is a variable, not a text | write $var(x)',
    ],
    'cache_fetch("local","k",5);': [
        "5 | argument | cache_fetch: result is a variable, not a number | write $var(x)",
    ],
    'raise_event("E_X", "n");': [
        '"n" | argument | raise_event: attrs_avp is a variable, not a text | write $avp(name)',
    ],
    'cache_fetch("local","k",$param(x));': [
        "$param(x) | argument | cache_fetch: $param(x) is read-only, but takes a result here"
        " | use a variable such as $var(x)",
    ],
    'cache_fetch("local","k",$nope);': [
        "$nope | unknown-variable | unknown variable $nope | did you mean $op?",
    ],
    'cache_store("local","k$nope","v");': [
        "$nope | unknown-variable | unknown variable $nope | did you mean $op?",
    ],
    'setflag("f$var(x)");': [
        '"f$var(x)" | argument | setflag: $var(x) is a variable, expected a literal text',
    ],
    'raise_event("E", $var(v));': [
        "$var(v) | argument | raise_event: $var(v) is not an AVP | write $avp(name)",
    ],
    'raise_event("E_$var(x)", $avp(v));': [],
    'avp_print("x");': [
        '"x" | arguments | too many arguments for avp_print: 1 given, it takes none | write avp_print()',
    ],
    'if (search("x")) exit;': [
        "search | not-here | search() cannot be called in an event_route"
        " | call it in a route[...] and call that with route(...): there the server does not look",
    ],
    '$rm = "x";': [
        "$rm | read-only | $rm is read-only | assign to a variable such as $var(x)",
    ],
    "$(var(a){s.len}) = 1;": [
        "$(var(a){s.len}) | left-side | the left side of an assignment takes no transformations"
        " | assign to the variable itself, and transform on the right side",
    ],
    "$(avp(a)[0]) = 1;": [],
    "$nope = 1;": [
        "$nope | unknown-variable | unknown variable $nope | did you mean $op?",
    ],
    "$var(x) = $nope + $(var(x){s.nope});": [
        "$nope | unknown-variable | unknown variable $nope | did you mean $op?",
        "{s.nope} | unknown-transformation | unknown transformation {s.nope}",
    ],
    # each wrong name of a text, also inside and behind others; of other faults the first one
    'xlog("$nope $(var(i)) $nope(a) $(rm{s.len}) $avp($nope) $json $");': [
        "$nope | unknown-variable | unknown variable $nope | did you mean $op?",
        "$nope | unknown-variable | unknown variable $nope(...) | did you mean $op?",
        "$nope | unknown-variable | unknown variable $nope | did you mean $op?",
        "$ | unknown-variable | '$' is not followed by a variable name | write $$ for a dollar sign",
    ],
    'xlog("$nope $(rm{s.nope}) $nope");': [
        "$nope | unknown-variable | unknown variable $nope | did you mean $op?",
        "{s.nope} | unknown-transformation | unknown transformation {s.nope}",
    ],
    'xlog("aé $nope\\n");': [
        "$nope | unknown-variable | unknown variable $nope | did you mean $op?",
    ],
    'xlog("a" "b $(var(x){q.len})");': [
        "q | unknown-transformation | unknown class 'q' of transformations | did you mean {s.len}?",
    ],
    'xlog("$dlg_val(x)");': [
        "$dlg_val(x) | unknown-variable | $dlg_val belongs to module dialog, which is not loaded"
        ' | write loadmodule "dialog.so" before it',
    ],
    "$var(x) = $dlg_val(x);": [
        "$dlg_val(x) | unknown-variable | $dlg_val belongs to module dialog, which is not loaded"
        ' | write loadmodule "dialog.so" before it',
    ],
    "$var(x) = $avp($dlg_val(x));": [
        "$avp($dlg_val(x)) | unknown-variable | $dlg_val belongs to module dialog, which is not loaded"
        ' | write loadmodule "dialog.so" before it',
    ],
    "for ($shv(x) in $(avp(a)[*])) exit;": [
        "$shv(x) | iterator | $shv(x) cannot be the iterator of a for | only $var, $avp and $json can",
    ],
    "for ($avp(x) in $(json(a)[*])) exit;": [],
    'if ($var(x) =~ "[a") exit;': [
        '"[a" | bad-regex | bad regular expression: Unmatched [, [^, [:, [., or [= | the syntax is POSIX extended',
    ],
    'if ($var(x) =~ "a|b") exit;': [],
    "if ($si == 10.0.0.0/40) exit;": [
        "10.0.0.0/40 | bad-address | 10.0.0.0/40: an IPv4 network has 0 to 32 bits",
    ],
    "if ($si == 10.0.0.0/255.0.0.0) exit;": [],
    "if ($si == 300.0.0.1) exit;": [
        "300.0.0.1 | bad-address | 300.0.0.1 is no IP address",
    ],
    "if ($si == 10.0.0.0/300.0.0.0) exit;": [
        "10.0.0.0/300.0.0.0 | bad-address | 10.0.0.0/300.0.0.0 is no IP address",
    ],
    "if ($si == fe80::/129) exit;": [
        "fe80::/129 | bad-address | fe80::/129: an IPv6 network has 0 to 128 bits",
    ],
    "if ($si == ::1/128) exit;": [],
    'xlog("");': [
        '"" | empty-text | xlog with an empty text | xlog("text\\n");',
    ],
    'xdbg("");': [
        '"" | empty-text | xdbg with an empty text | xdbg("text\\n");',
    ],
    'xlog("L_ERR", "");': [],
    'xlog("", "a");': [
        '"" | log-level | the log level is empty'
        " | L_ALERT, L_CRIT, L_ERR, L_WARN, L_NOTICE, L_INFO or L_DBG; the third letter decides",
    ],
    'xlog("X", "a");': [
        '"X" | log-level | "X" is no log level'
        " | L_ALERT, L_CRIT, L_ERR, L_WARN, L_NOTICE, L_INFO or L_DBG; the third letter decides",
    ],
    'xlog("l_err", "a");': [
        '"l_err" | log-level | "l_err" is no log level'
        " | L_ALERT, L_CRIT, L_ERR, L_WARN, L_NOTICE, L_INFO or L_DBG; the third letter decides",
    ],
    'xlog("xxE", "a");': [],
    'xlog("$var(l)", "a");': [],
    'xlog("$nope", "a");': [
        "$nope | unknown-variable | unknown variable $nope | did you mean $op?",
    ],
    "route(a);": [],
    "route(nope);": [
        "nope | unknown-route | no route is named 'nope' | define route[nope] { ... }",
    ],
    "route(aa);": [
        "aa | unknown-route | no route is named 'aa' | did you mean 'a'?",
    ],
    "route(E_X);": [
        "E_X | unknown-route | no route is named 'E_X' | event_route[E_X] is no route[E_X]",
    ],
    "route(hollow);": [
        "hollow | unknown-route | route[hollow] holds no statement but ';', so it cannot be called"
        " | write a statement into it",
    ],
    "route(0);": [
        "0 | unknown-route | the request route cannot be called | give it a name",
    ],
    'route("$var(x)");': [],
    'route("$nope");': [
        "$nope | unknown-variable | unknown variable $nope | did you mean $op?",
    ],
    "route(a,1,2,3,4,5,6,7,8);": [],
    "route(a,1,2,3,4,5,6,7,8,9);": [
        "9 | arguments | a route takes at most 8 arguments, not 9 | pass the rest in variables",
    ],
    "async(nofunc(1), r);": [
        "nofunc | unknown-function | unknown function nofunc()",
    ],
    "async(usleep(1), nowhere);": [],
    'async(cache_store("local","k","v"), r);': [
        "cache_store | not-async | cache_store() has no asynchronous form for async | these have: sleep, usleep",
    ],
    'launch(usleep("x"), r, "t $nope");': [
        '"x" | argument | usleep: time is a number or a variable, not a text',
        "$nope | unknown-variable | unknown variable $nope | did you mean $op?",
    ],
    'launch(usleep(1), r, "");': [],
    "if ({ }) exit;": [
        "{ } | empty-block | this block in a condition holds no statement | the server does not start with it",
    ],
    "if ({ ; }) exit;": [
        "{ ; } | empty-block | this block in a condition holds no statement | the server does not start with it",
    ],
    "if ({ exit; }) exit;": [],
}

#: whole texts
FILE: dict[str, list[str]] = {
    "event_route[E_X] { exit; } event_route[E_X] { drop; }": [
        "event_route[E_X] | duplicate-route | event_route[E_X] is defined twice: first in line 1"
        " | rename one, or join their statements",
    ],
    "route[a] { ; } route[a] { exit; }": [],
    "route[a] { exit; } event_route[a] { exit; } failure_route[a] { exit; }": [],
    "route { exit; } route[0] { exit; }": [
        "route[0] | duplicate-route | route[0] is defined twice: first in line 1"
        " | rename one, or join their statements",
    ],
    "startup_route { exit; } startup_route { exit; }": [
        "startup_route | duplicate-route | startup_route is defined twice: first in line 1"
        " | rename one, or join their statements",
    ],
    "timer_route[t, 1] { exit; } timer_route[t, 1] { exit; }": [],
    'failure_route[f] { search("x"); } timer_route[t, 1] { search("x"); }': [
        "search | not-here | search() cannot be called in a timer_route"
        " | call it in a route[...] and call that with route(...): there the server does not look",
    ],
    "tcp_connect_timeout = 0 event_shm_threshold = 101 tcp_accept_aliases = 2": [
        "tcp_connect_timeout = 0 | setting | tcp_connect_timeout takes 1 to 2147483647, not 0",
        "event_shm_threshold = 101 | setting | event_shm_threshold takes 0 to 100, not 101",
    ],
    "log_facility = LOG_LOCAL9 syslog_facility = log_local0": [
        "log_facility = LOG_LOCAL9 | setting | 'LOG_LOCAL9' is no value of log_facility | did you mean 'LOG_LOCAL7'?",
    ],
    'poll_method = EPOLL poll_method = "magic"': [
        "poll_method = \"magic\" | setting | 'magic' is no value of poll_method"
        " | it takes /dev/poll, epoll, kqueue, poll, select, sigio_rt",
    ],
    'syslog_log_format = "json" stderror_log_format = "JSON"': [
        "stderror_log_format = \"JSON\" | setting | 'JSON' is no value of stderror_log_format | did you mean 'json'?",
    ],
    'mem-group = "a": "tm"': [
        'mem-group = "a": "tm" | setting | mem-group works only in servers built for it | remove it',
    ],
    'loadmodule "json.so" loadmodule "modules/tm/tm.so" loadmodule "proto_tls"': [],
    'loadmodule "tm.so" loadmodule "tm.so"': [
        'loadmodule "tm.so" | module-twice | module tm is loaded twice | remove one of the two',
    ],
    'loadmodule "jsn.so"': [
        "loadmodule \"jsn.so\" | unknown-module | unknown module 'jsn' | did you mean 'json'?",
    ],
    'loadmodule "rabbitmq.so" loadmodule "event_route.so" loadmodule "event_route.so"': [
        "loadmodule \"rabbitmq.so\" | unknown-module | unknown module 'rabbitmq' | known up to 3.5: it is"
        " event_rabbitmq now",
    ],
    'modparam("json", "enable_long_quoting", 1) modparam("json", "enable_long_quoting", "1")': [
        'modparam("json", "enable_long_quoting", "1") | parameter-type'
        " | parameter enable_long_quoting of module json takes a number",
    ],
    'modparam("json", "depth", 5)': [
        'modparam("json", "depth", 5) | unknown-parameter | module json has no parameter \'depth\''
        " | it has enable_long_quoting",
    ],
    'modparam("mathops", "decimal_digit", 5)': [
        'modparam("mathops", "decimal_digit", 5) | unknown-parameter'
        " | module mathops has no parameter 'decimal_digit'"
        " | did you mean 'decimal_digits'?",
    ],
    'modparam("tm", "fr_timeout", 5)': [
        'modparam("tm", "fr_timeout", 5) | module-not-loaded | module tm is not loaded'
        ' | write loadmodule "tm.so" before it',
    ],
    'loadmodule "tm.so" modparam("tm", "fr_timeout", 5)': [],
    'loadmodule "tm.so" modparam("tm", "fr_timeuot", 5)': [
        'modparam("tm", "fr_timeuot", 5) | unknown-parameter | module tm has no parameter \'fr_timeuot\' | did you mean'
        " 'fr_timeout'?"
    ],
    'loadmodule "tm.so" modparam("tm", "fr_timeout", "5")': [
        'modparam("tm", "fr_timeout", "5") | parameter-type | parameter fr_timeout of module tm takes a number'
    ],
    'modparam("nosuch", "x", 5)': [
        'modparam("nosuch", "x", 5) | unknown-module | unknown module \'nosuch\'',
    ],
    'modparam("json|mathops", "decimal_digits", 5)': [
        'modparam("json|mathops", "decimal_digits", 5) | unknown-parameter'
        " | module json has no parameter 'decimal_digits'"
        " | it has enable_long_quoting",
    ],
    'modparam("(json", "x", 5)': [
        'modparam("(json", "x", 5) | bad-regex | \'(json\' is no regular expression: Unmatched ( or \\(',
    ],
    'modparam("JSON", "enable_long_quoting", 1)': [],
    'route[a] { t_newtran(); } loadmodule "tm.so"': [
        "t_newtran | unknown-function | t_newtran() belongs to module tm, which is not loaded"
        ' | write loadmodule "tm.so" before it',
    ],
    'loadmodule "tm.so" route[a] { t_newtran(); }': [],
    'loadmodule "dialog.so" route[a] { xlog("$dlg_val(x)"); }': [],
}


def told(text: str, environment: Environment | None = None, *, scratch: bool = False) -> list[str]:
    script, found = parse(Source("test", text), scratch=scratch, version="3.6")
    assert found == []
    lines = []
    for d in check(script, environment):
        assert d.severity == "error"
        assert d.span is not None
        lines.append(f"{d.span.text} | {d.code} | {d.message}" + (f" | {d.hint}" if d.hint else ""))
    return lines


@pytest.mark.parametrize("text", BODY)
def test_statements(text: str) -> None:
    assert told(f"{BEFORE}{text}\n}}") == BODY[text]


@pytest.mark.parametrize("text", FILE)
def test_whole_texts(text: str) -> None:
    assert told(text) == FILE[text]


def test_errors_come_in_the_order_of_the_text() -> None:
    script, _ = parse(
        Source("test", 'route[a] { one(); xlog(""); } route[a] { $rm = $nope; } log_facility = X'), version="3.6"
    )
    found = check(script)
    places = [d.span.start for d in found if d.span is not None]
    assert len(places) == len(found) == 6
    assert places == sorted(places)


def routes(kind: str, count: int, head: str = "{word}[r{n}]") -> str:
    return "\n".join(f"{head.format(word=kind, n=n)} {{ exit; }}" for n in range(count))


@pytest.mark.parametrize(
    ("kind", "most"), [("route", 99), ("failure_route", 99), ("branch_route", 99), ("event_route", 98)]
)
def test_the_number_of_routes_is_limited(kind: str, most: int) -> None:
    assert told(routes(kind, most)) == []
    (error,) = told(routes(kind, most + 5))
    assert error.startswith(f"{kind}[r{most}] | too-many-routes | ")


def test_the_number_of_timers_is_limited() -> None:
    head = "timer_route[same, 1]"
    assert told(routes("timer_route", 100, head)) == []
    assert len(told(routes("timer_route", 101, head))) == 1


def test_routes_of_other_texts_count() -> None:
    others = {("route", f"o{n}"): "In[1]" for n in range(90)}
    assert told(routes("route", 9), Environment(routes=others)) == []
    assert len(told(routes("route", 10), Environment(routes=others))) == 1
    # a route that is defined anew takes no new place
    assert told(routes("route", 10), Environment(routes={("route", f"r{n}"): "In[1]" for n in range(90)})) == []


def test_event_names_have_64_bytes() -> None:
    assert told(f"event_route[{'E' * 64}] {{ exit; }}") == []
    (error,) = told(f"event_route[{'E' * 65}] {{ exit; }}")
    assert "65 bytes" in error
    assert len(told(f"event_route['{'é' * 33}'] {{ exit; }}")) == 1


def test_routes_of_other_texts_can_be_called() -> None:
    text = "event_route[E] { route(other); }"
    assert len(told(text)) == 1
    assert told(text, Environment(routes={("route", "other"): "In[1]"})) == []
    assert len(told(text, Environment(routes={("event_route", "other"): "In[1]"}))) == 1


def test_modules_of_the_environment_are_loaded() -> None:
    text = "route[a] { t_newtran(); }"
    assert len(told(text)) == 1
    assert told(text, Environment(modules=DEFAULT_MODULES | {"tm"})) == []
    assert len(told("route[a] { uuid($var(x)); }", Environment(modules=frozenset()))) == 1


def test_module_parameters_reach_the_checks_of_functions() -> None:
    text = 'route[a] { stat_iter_init("trunks", "i"); }'
    assert len(told(text)) == 1
    assert told(f'modparam("statistics", "stat_groups", "trunks")\n{text}') == []
    given = {("statistics", "stat_groups"): ["trunks"]}
    assert told(text, Environment(modparams=given)) == []


def test_blacklists_reach_the_checks_of_functions() -> None:
    text = 'route[a] { use_blacklist("bad"); }'
    assert len(told(text)) == 1
    assert told(f"dst_blacklist = bad: {{ 10.0.0.0/8 }}\n{text}") == []


def test_bare_statements_may_call_what_a_route_may() -> None:
    assert told('search("x");', scratch=True) == []
    assert len(told("nosuch();", scratch=True)) == 1
    assert len(told("$nope + 1", scratch=True)) == 1
    assert len(told('"$nope"', scratch=True)) == 1
    assert len(told('"$"', scratch=True)) == 1
    assert told('"$var(x)"', scratch=True) == []


def test_known_modules() -> None:
    known = Environment().library.known_modules
    assert known >= DEFAULT_MODULES
    assert {"tm", "dialog", "db_mysql", "proto_tls"} <= known
    assert "core" not in known
