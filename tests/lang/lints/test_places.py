"""What exactly is marked: inside formats, names, nested variables and beside escapes."""

import pytest

PLACES = [
    # events and parameters
    (r'xlog("a\tb\n$(param(src){s.len})\n");', [("unknown-param", "src")]),
    ('xlog("é $param(src)\\n");', [("unknown-param", "src")]),
    ('cache_store("local", "k_$param(src)", "$param(ip)");', [("unknown-param", "src")]),
    ("$var(x) = $(param(ip){s.substr,0,$param(len)});", [("unknown-param", "len")]),
    ("$avp($param(src)) = 1;", [("unknown-param", "src")]),
    ('xlog("$var(l)", "$$param(no) $param(src)\\n");', [("unknown-param", "src")]),
    ("xlog('one ' \"$param(src)\\n\");", [("unknown-param", "src")]),
    # text and numbers
    ('$var(t) = "12";\nif (!($var(t) == 12)) exit;', [("text-with-number", "12")]),
    ("if ($(param(ip){s.len}) == 4) exit;", []),
    ('if ($(param(ip){s.tolower}) == "a") exit;', []),
    ("if ($(param(ip){s.md5}) > 4) exit;", [("text-with-number", "4")]),
    ("$var(x) = $(param(ip){s.trim}) + 1;", []),
    ('$var(t) = "a";\n$var(t) = 5;\nif ($var(t) == 5) exit;', []),
    ('$var(t) = "a";\ncache_counter_fetch("local", "k", $var(t));\nif ($var(t) == 5) exit;', []),
    ('if ($var(t) == 5) exit;\n$var(t) = "a";', []),
    ('$var(x) = "a" + $var(n) + "b" + ($var(n) * 2);', [("text-plus-number", "$var(n) * 2")]),
    ('$var(n) = 5;\n$var(x) = $var(n) + "b";', [("text-plus-number", '"b"')]),
    ("$var(x) = $cs + 1;", [("sip-variable", "$cs"), ("text-plus-number", "1")]),
    # operators
    ("$var(x) = 1 + 2 * 3 - 4 / 5;", [("precedence", "1 + 2 * 3"), ("precedence", "1 + 2 * 3 - 4 / 5")]),
    ("$var(x) = (1 + 2) * 3;", []),
    ("$var(x) = ((1 + 2)) * (3);", []),
    ("$var(x) = 1 + (2) * 3;", [("precedence", "1 + (2) * 3")]),
    ("$var(x) = (1) + 2 * 3;", [("precedence", "(1) + 2 * 3")]),
    ("$var(x) = 1 /* ) */ + 2 * 3;", [("precedence", "1 /* ) */ + 2 * 3")]),
    ("$var(x) = 2 - ((3)) % (4);", [("precedence", "2 - ((3)) % (4)")]),
    ("if ([1 | 2 & 3]) exit;", [("mixed-bit-operators", "1 | 2 & 3")]),
    ("if ($var(a) or ($var(b) and $var(c))) exit;", []),
    ("if ($var(a) or $var(b) and $var(c)) exit;", [("mixed-and-or", "$var(a) or $var(b) and $var(c)")]),
    ("if ($var(x) == 0x100000000) exit;", [("number-wraps", "0x100000000")]),
    ("$var(x) = - 2147483649;", [("number-wraps", "- 2147483649")]),
    ("$var(x) = on;", []),
    # conditions and loops
    ("if ($var(a) and ($var(b) = 1)) exit;", [("assignment-in-condition", "$var(b) = 1")]),
    ("while (1) ;", [("empty-while", "while (1")]),
    ("return(0);", []),
    ("exit;\nif (1) exit;", [("unreachable", "if (1) exit")]),
    # names
    ("$avp(k$var(x)) = 1;", [("literal-name", "k$var(x)")]),
    ("$json(o/$var(k)) = 1;", []),
    ('xlog("$time(%H:%M )\\n");', []),
    ('xlog("$rU $(rU{s.len}) $si\\n");', [("sip-variable", "$rU"), ("sip-variable", "$si")]),
    ('setuser("a");\nxlog("$rU\\n");', []),
    ('$var(a) = "x $param(ip) y";', [("not-expanded", "$param(ip)")]),
    ("$var(a) = 'costs $5 or $nothing';", []),
    ('switch ($param(ip)) { case "$var(a)": exit; }', [("not-expanded", "$var(a)")]),
    ('if ($param(ip) =~ "^$var(net)") exit;', [("not-expanded", "$var(net)")]),
    ('xlog("{$var(a)} $avp(a) [0]\\n");', []),
    (
        'xlog("$json(q[0]) $avp(a)[1] $var(a){S.LEN}\\n");',
        [("outside-parentheses", "[1]"), ("outside-parentheses", "{S.LEN}")],
    ),
    # text
    ('xlog("ALERT", "x\\n");', [("misleading-level", '"ALERT"')]),
    ('xlog("a $var(x)");', [("no-newline", ")")]),
    ('if (1) { xlog("a"); } xlog("b\\n");', [("no-newline", "a")]),
    ("xlog(\"a\\n\"); £ # £\n/* £ /* £ */ £ */ xlog('£\n');", [("dropped-characters", "£")]),
    # crashes
    ("$var(x) = -2147483648 / -1;", [("crashes-server", "-2147483648 / -1")]),
    ("$var(x) %= 0;", [("crashes-server", "$var(x) %= 0")]),
    ("if ([~$var(x)]) exit;", [("crashes-server", "[~$var(x)]")]),
]


@pytest.mark.parametrize(("statements", "expected"), PLACES)
def test_marks(marked, statements, expected):
    assert marked(statements) == expected


def test_place_of_a_parameter_after_escapes(findings):
    text = 'event_route[E_PIKE_BLOCKED] {\n\txlog("\\x41\\t$param(src)\\n");\n}\n'
    [finding] = findings(text)
    assert (finding.span.line, finding.span.column) == (2, 21)


def test_sip_variables_in_routes_that_events_alone_call(findings):
    route = 'route[show] { xlog("$si\\n"); }\n'
    event = "event_route[E_PIKE_BLOCKED] { route(show); }\n"
    request = "route { route(show); }\n"
    assert [d.code for d in findings(route + event)] == ["sip-variable"]
    assert findings(route + event + request) == []
    assert findings(route) == []


def test_hint_for_a_sip_variable_is_a_parameter(findings):
    [finding] = findings('event_route[E_PIKE_BLOCKED] { xlog("$si\\n"); }')
    assert finding.hint == "did you mean $param(ip)?"


def test_empty_route_names_those_it_takes_along(findings):
    text = "event_route[E_A] { ; }\nevent_route[E_B] { exit; }\n"
    [finding] = findings(text)
    assert finding.span.text == "event_route[E_A]"
    assert "event_route[E_B]" in finding.message


def test_the_fix_of_an_unexpanded_text_is_an_expression(findings):
    [finding] = findings('event_route[E_PIKE_BLOCKED] { $var(x) = "$param(ip) is\\t$var(y)"; }')
    assert finding.hint == 'write "" + $param(ip) + " is\\t" + $var(y)'


def test_bare_statements_of_a_cell(findings):
    assert findings('xlog("hello");', scratch=True) == []
    assert [d.code for d in findings("$var(x) = 2 + 3 * 4;", scratch=True)] == ["precedence"]
