"""Variables without a value, or with that of an earlier event; the lints' own examples are tested elsewhere."""

import pytest


@pytest.mark.parametrize(
    ("statements", "variable"),
    [
        ("$var(n) += 1;", "$var(n)"),
        ("$var(n) -= $param(ip);", "$var(n)"),
        ("$avp(n) |= 1;", "$avp(n)"),
        ("$var(n) = NULL; $var(n) *= 2;", "$var(n)"),
        ("while ($var(n) < 5) { $var(n) += 1; }", "$var(n)"),
        ("$avp($var(key)) = 1; $var(n) += 1;", "$var(n)"),
    ],
)
def test_counters_that_never_count(marked, statements, variable):
    assert marked(statements) == [("null-arithmetic", variable)]


@pytest.mark.parametrize(
    "statements",
    [
        "$var(n) = 0; $var(n) += 1;",
        "if ($var(n) == NULL) $var(n) = 0; $var(n) += 1;",
        "for ($var(n) in $(avp(list)[*])) $var(n) += 1;",
        "$avp($var(key)) = 1; $avp(n) += 1;",
        'cache_fetch("local", "n", $avp(n)); $avp(n) += 1;',
        "$shv(n) += 1;",
        "$json(o/n) += 1;",
        "$(avp(n)[0]) += 1;",
    ],
)
def test_counters_that_may_have_a_value(marked, statements):
    assert [code for code, _ in marked(statements) if code == "null-arithmetic"] == []


def test_a_first_value_may_come_from_another_route(marked):
    assert marked("$var(n) += 1;", routes="startup_route { $var(n) = 0; }") == []
    assert marked("route(init); $var(n) += 1;", routes="route[init] { $var(n) = 0; }") == []


def test_a_module_may_set_an_avp(findings):
    settings = 'loadmodule "drouting.so"\nmodparam("drouting", "rule_prefix_avp", "$avp(n)")\n'
    found = findings(settings + "event_route[E_PIKE_BLOCKED] { $avp(n) += 1; }")
    assert "null-arithmetic" not in [d.code for d in found]


LEFT = [
    'if ($param(ip) == "1") $var(x) = 1; xlog("$var(x)");',
    'if ($param(ip) == "1") { $var(x) = 1; } else { xlog("no\\n"); } if ($var(x) == 1) exit;',
    'if ($param(ip) == "1") if ($rc == 1) $var(x) = 1; $var(y) = $var(x);',
    'if ($param(ip) == "1") $var(x) = 1; while ($var(x) == 1) exit;',
    'switch ($param(ip)) { case "1": $var(x) = 1; break; case "2": exit; } xlog("$(var(x){s.len})");',
    'if ($param(ip) == "1") $var(x) = 1; if ($param(ip) == "2") xlog("$var(x)");',
]


@pytest.mark.parametrize("statements", LEFT)
def test_what_one_branch_alone_assigns(marked, statements):
    ((code, text),) = marked(statements)
    assert code == "left-over"
    assert "var(x)" in text


MEANT = [
    # both branches
    'if ($rc == 1) $var(x) = 1; else $var(x) = 2; xlog("$var(x)");',
    'if ($rc == 1) $var(x) = 1; else if ($rc == 2) $var(x) = 2; else return; xlog("$var(x)");',
    'switch ($rc) { case 1: case 2: $var(x) = 1; break; case 3: exit; default: $var(x) = 2; } xlog("$var(x)");',
    # read under the condition that it is assigned under
    'if ($param(ip) == "1") $var(x) = 1; xlog("-"); if ($param(ip) == "1") xlog("$var(x)");',
    # memory from event to event
    'if ($var(x) != $param(ip)) xlog("another"); if ($rc == 1) $var(x) = $param(ip); xlog("$var(x)");',
    'if ($rc == 1) $var(x) = 1; $var(x) += 1; xlog("$var(x)");',
    # loops are taken to run
    'for ($var(i) in $(avp(list)[*])) $var(x) = $var(i); xlog("$var(x)");',
    # in a condition that is always evaluated
    'if ($var(x) = $param(ip)) exit; xlog("$var(x)");',
    'if ($rc == 1) cache_fetch("local", "x", $var(x)); xlog("$var(x)");',
]


@pytest.mark.parametrize("statements", MEANT)
def test_what_has_a_value_or_is_meant_to_keep_one(marked, statements):
    assert [code for code, _ in marked(statements) if code == "left-over"] == []


def test_what_two_routes_assign_is_left_alone(marked):
    assert marked(LEFT[0] + "route(r);", routes="route[r] { $var(x) = 5; }") == []


@pytest.mark.parametrize(
    ("event", "expression", "fires"),
    [
        ("E_ACC_CDR", "$param(time) * 1000", True),
        ("E_ACC_CDR", "1000 * $param(time)", True),
        ("E_ACC_CDR", "$param(duration) * 1000", False),
        ("E_ACC_CDR", "$param(nothing) * 1000", False),
        ("E_ACC_CDR", "$(param(time){s.substr,0,3}) * 1000", False),
        ("E_ACC_CDR", "$param($var(n)) * 1000", False),
        ("E_ACC_CDR", "$param(time) * 1", False),
        ("E_ACC_CDR", "$Ts * 1000000", True),
        ("E_ACC_EVENT", "$param(7) * 1000", True),
        ("E_OWN", "$param(1) * 1000", False),
    ],
)
def test_products_of_parameters(marked, event, expression, fires):
    found = [code for code, _ in marked(f"$var(x) = {expression};", event=event) if code == "param-overflow"]
    assert found == ["param-overflow"] * fires
