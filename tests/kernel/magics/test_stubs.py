"""`%stub`, `%unstub`, `%stubs`."""

from __future__ import annotations

from support.frontend import Frontend

REST = """loadmodule "rest_client.so"
event_route[E_X] {
    rest_get("http://$param(host)/", $var(body), , $var(code));
    xlog("$rc $var(body)\\n");
}
"""


def test_a_stub_answers_from_its_line_on(kernel: Frontend) -> None:
    kernel.run(REST)
    assert kernel.run("%raise E_X host=a").stdout == "-1 <null>\n"
    found = kernel.run('%stub rest_get returns 200 sets $var(body)="ok <b> $param(host)"\n%raise E_X host=ü')
    assert found.stdout == "200 ok <b> ü\n"
    assert kernel.run("%unstub rest_get\n%raise E_X host=a").stdout.startswith("-1")


def test_calls_are_listed_with_their_arguments(kernel: Frontend) -> None:
    assert kernel.run("%stubs").shown == ["no such function has been called"]
    kernel.run(REST + '%stub rest_get returns 200 sets $var(body)="<i>"')
    found = kernel.run('%raise E_X host="<u>" --async\n%stubs rest_*')
    rules, calls = found.shown
    assert rules.splitlines()[2].split(maxsplit=2) == ["rest_get", "200", '$var(body)="<i>"']
    row = calls.splitlines()[2]
    assert row.split()[:3] == ["E_X", "event_route[E_X]", "3"]
    assert row.endswith('rest_get("http://<u>/", $var(body)=<null>, , $var(code)=<null>)')
    html = found.contents("display_data")[1]["data"]["text/html"]
    assert "http://&lt;u&gt;/" in html
    assert "<u>" not in html
    assert kernel.run("%stubs t_*").shown == ["no such function has been called"]


def test_calls_can_be_forgotten(kernel: Frontend) -> None:
    kernel.run(REST + "%raise E_X host=a")
    assert "rest_get(" in kernel.run("%stubs").shown[0]
    assert kernel.run("%stubs --clear\n%stubs").shown == ["no such function has been called"]


def test_mistakes_stop_the_cell_before_anything_happens(kernel: Frontend) -> None:
    found = kernel.run(REST + "%raise E_X host=a\n%stub rest_get sets $vra(x)=1\n%stub xlog\n%stub rest_gt")
    assert found.error["ename"] == "MagicError"
    assert found.stdout == ""
    for text in (
        "unknown variable $vra(...)",
        "xlog is simulated here",
        "did you mean 'rest_get'?",
        ":7:21\n",
    ):
        assert text in found.traceback
    assert "no route" in kernel.run("%routes").shown[0]


def test_a_rule_that_there_is_not(kernel: Frontend) -> None:
    kernel.run("%stub t_relay")
    found = kernel.run("%unstub rest_get")
    assert (found.error["ename"], "^^^^^^^^" in found.traceback) == ("UnknownStub", True)
    assert kernel.run("%unstub").status == "ok"
    assert kernel.run("%unstub t_relay").error["ename"] == "UnknownStub"
