"""Events and parameters: the seven mistakes that public routes make, and no word about routes that are right."""

import pytest

from evroute_kernel.library import table


def body(statements, event="E_PIKE_BLOCKED"):
    return f"event_route[{event}] {{\n{statements}\n}}\n"


WRONG = [
    ("E_FRD_WARNING", "val", "value"),
    ("E_FRD_WARNING", "thr", "threshold"),
    ("E_FRD_WARNING", "number", "called_number"),
    ("E_FRD_WARNING", "ruleid", "rule_id"),
    ("E_ACC_MISSED_EVENT", "code", "sip_code"),
    ("E_PIKE_BLOCKED", "src_ip", "ip"),
    ("E_DISPATCHER_STATUS", "uri", "address"),
    ("E_DLG_STATE_CHANGED", "dlg_id", "id"),
    ("E_DLG_STATE_CHANGED", "state", "new_state"),
]


@pytest.mark.parametrize("read", ['xlog("{}\\n");', "$var(x) = {};", 'if ({} == "x") exit;', "route(r, {});"])
@pytest.mark.parametrize(("event", "wrong", "right"), WRONG)
def test_wrong_names_of_public_routes(findings, event, wrong, right, read):
    text = body(read.format(f"$param({wrong})"), event) + "route[r] { exit; }\n"
    [finding] = [d for d in findings(text) if d.code == "unknown-param"]
    assert f"{event} has no parameter {wrong!r}" in finding.message
    assert finding.hint.startswith(f"did you mean {right!r}")
    assert finding.span.text == wrong
    assert finding.span.start == text.index(wrong, text.index("$param"))


def test_without_a_near_name_all_names_are_told(findings):
    [finding] = findings(body('xlog("$param(limit)\\n");'))
    assert finding.hint == "E_PIKE_BLOCKED has only ip"


@pytest.mark.parametrize(
    "test",
    [
        'if ($param(status) == {0}) xlog("x\\n");',
        'if ($param(status) != {0}) xlog("x\\n");',
        'switch ($param(status)) {{ case {0}: xlog("x\\n"); }}',
        '$var(s) = $param(status);\nif ($var(s) == {0}) xlog("x\\n");',
        '$avp(s) = $param(status);\nswitch ($avp(s)) {{ case {0}: xlog("x\\n"); }}',
    ],
)
@pytest.mark.parametrize(("literal", "code"), [('"0"', "never-sent"), ('"1"', "never-sent"), ("1", "text-with-number")])
def test_status_that_is_never_sent(findings, test, literal, code):
    [finding] = findings(body(test.format(literal), "E_DISPATCHER_STATUS"))
    assert (finding.code, finding.span.text) == (code, literal)
    assert finding.hint == 'status is "active" or "inactive"'


def test_a_variable_with_another_source_is_left_alone(findings):
    statements = '$var(s) = $param(status);\nif ($var(s) == NULL) $var(s) = "1";\nif ($var(s) == "1") exit;'
    assert findings(body(statements, "E_DISPATCHER_STATUS")) == []


def right_route(event):
    """A route that reads every parameter in every way that is right."""
    lines = []
    for param in event.params:
        read = f"$param({param.name})"
        lines += [f'xlog("{read} $(param({param.name}){{s.len}})\\n");', f"$var(v_{param.name}) = {read};"]
        lines.append(f"if ({read} == NULL) exit;")
        for value in param.values:
            literal = f'"{value}"' if isinstance(value, str) else value
            lines.append(f"if ({read} == {literal} or $var(v_{param.name}) != {literal}) exit;")
        if param.values:
            cases = (f'"{v}"' if isinstance(v, str) else v for v in param.values)
            lines.append(f"switch ({read}) {{ {' '.join(f'case {c}: break;' for c in cases)} }}")
        if param.type == "int":
            lines.append(f"if ({read} > 5) $var(sum) = {read} + 1;")
        else:
            lines.append(f'if ({read} =~ "^a" or {read} == "") $var(text) = "x" + {read};')
    if not any(p.optional for p in event.params):
        lines += [f"$var(p) = $param({position});" for position in range(1, len(event.params) + 1)]
    return f'event_route["{event.name}"] {{\n' + "\n".join(lines) + "\n}\n"


@pytest.mark.parametrize("event", table.of("3.6").events.values(), ids=lambda e: e.name)
def test_no_lint_on_right_routes(findings, event):
    assert [str(d) for d in findings(right_route(event))] == []


def test_positions(findings):
    text = body('xlog("$param(0) $param(3) $param(8) $(param(9){s.len})\\n");', "E_FRD_WARNING")
    found = [(d.code, d.span.text, d.span.column) for d in findings(text)]
    assert found == [("param-position", "0", 14), ("param-position", "8", 34), ("param-position", "9", 45)]


def test_events_that_configuration_extends(findings):
    assert findings(body('xlog("$param(caller) $param(14)\\n");', "E_ACC_CDR")) == []
    assert findings(body('xlog("$param(anything)\\n");', "E_RTPENGINE_NOTIFICATION")) == []


def test_declared_events(findings):
    text = body('xlog("$param(ip) $param(prt)\\n");', "E_BAN")
    assert findings(text) == []
    [finding] = findings(text, "E_BAN ip port:int")
    assert (finding.code, finding.hint) == ("unknown-param", "did you mean 'port'? E_BAN has ip and port")
    assert findings(text, "E_BAN ip ...") == []


def test_a_declaration_adds_to_an_event_of_the_catalogue(findings):
    text = body('xlog("$param(code) $param(ip)\\n");')
    assert [d.span.text for d in findings(text)] == ["code"]
    assert findings(text, "E_PIKE_BLOCKED code") == []


def test_types_of_declared_parameters(findings):
    text = body('if ($param(port) > "100" or $param(ip) == 5) exit;', "E_BAN")
    assert [d.code for d in findings(text, "E_BAN ip port:int")] == ["number-with-text", "text-with-number"]


def test_a_declared_name_is_no_misspelling(findings):
    text = body("exit;", "E_PIKE_BLOCKED2")
    assert [d.code for d in findings(text)] == ["unknown-event"]
    assert findings(text, "E_PIKE_BLOCKED2") == []


def test_name_in_a_called_route(findings):
    text = 'route[r] {\n\txlog("$param($param(name)) $param(ip)\\n");\n}\n' + body('$var(x) = "a";\nroute(r, "ip");')
    # the inner $param is read as the caller reads it
    assert [(d.code, d.span.text) for d in findings(text)] == [("param-name-in-route", "ip")]


def test_called_routes_know_what_is_passed(findings):
    text = 'route[r] {\n\tif ($param(1) == 1) xlog("up\\n");\n}\n' + body(
        "route(r, $param(status));", "E_RTPPROXY_STATUS"
    )
    [finding] = findings(text)
    assert (finding.code, finding.span.line) == ("text-with-number", 2)
    both = text + body("route(r, $param(set));", "E_RTPENGINE_STATUS")
    assert findings(both) == []


@pytest.mark.parametrize("fields", ["evi: code; tag->who", "db: x -> y ; evi:who;code", "evi:who->code;who log: z"])
def test_fields_that_acc_is_configured_to_add(findings, fields):
    text = body('xlog("$param(code) $param(who)\\n");', "E_ACC_CDR")
    setting = f'loadmodule "acc.so"\nmodparam("acc", "extra_fields", "{fields}")\n'
    assert [d.span.text for d in findings(text)] == ["code"]
    assert findings(setting + text) == []


def test_events_of_rabbitmq_consumer(findings):
    setting = (
        'loadmodule "rabbitmq_consumer.so"\n'
        'modparam("rabbitmq_consumer", "connection_id", "uri = amqp://h; queue = q; event = E_PIKE_BLOCKS;")\n'
    )
    text = body('xlog("$param(body) $param(msg)\\n");', "E_PIKE_BLOCKS")
    assert [d.code for d in findings(text)] == ["unknown-event"]
    assert [(d.code, d.span.text) for d in findings(setting + text)] == [("unknown-param", "msg")]
