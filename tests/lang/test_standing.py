"""What really runs here of a script: simulated, stubbed, or in need of a SIP message."""

from __future__ import annotations

import pytest

from evroute_kernel.engine.session.session import Session
from evroute_kernel.lang.checks.standing import what_runs
from evroute_kernel.lang.parser import parse
from evroute_kernel.library import table
from evroute_kernel.source import Source

LIBRARY = table.of("3.6")


def lines(text: str) -> list[str]:
    return [
        f"{line.number} {line}" for line in what_runs(parse(Source("a.cfg", text), version="3.6")[0], LIBRARY).lines()
    ]


def test_line_by_line():
    text = """loadmodule "dispatcher.so"
event_route[E_PIKE_BLOCKED] {
    xlog("blocked $param(ip) at $si\\n");
    cache_store("local", "$param(ip)", "1"); $var(x) = $json(a/b);
    if (ds_select_dst(1, 4)) xlog("$T_reply_code\\n");
    remove_hf("X-A");
}
"""
    assert lines(text) == [
        "3 simulated: xlog, $param(ip)",
        "3 needs a SIP message: $si (of the dummy request: 0.0.0.0)",
        "4 simulated: cache_store(), $param(ip), $var(x), $json(a/b)",
        "5 stubbed: ds_select_dst() (returns -1: no rule of %stub says otherwise),"
        " $T_reply_code (null until it is written)",
        "5 simulated: xlog",
        "6 needs a SIP message: remove_hf() (works on the dummy request)",
    ]


def test_totals():
    report = what_runs(
        parse(Source("a.cfg", 'event_route[E_A] { t_reply(200, "OK"); xlog("$si\\n"); }'), version="3.6")[0], LIBRARY
    )
    assert report.totals == {"simulated": 1, "stubbed": 1, "message": 1}
    assert report.summary == "1 of 3 names are simulated, 1 stubbed, 1 needs a SIP message"


def test_routes_of_requests_need_one():
    (line,) = lines("onreply_route { $var(x) = 1; }")
    assert line == "1 needs a SIP message: $var(x) (onreply_route runs on a server only)"
    (line,) = lines("route { $var(x) = 1; }")
    assert line == "1 needs a SIP message: $var(x) (the request route runs on a server only)"


def test_broken_texts_count_as_far_as_they_can_be_read():
    assert lines("event_route[E_A] { exit; }\nroute[b] { $var(x) = = 1; }\n")[0] == "1 simulated: exit"
    assert lines("") == []


def test_rules_of_the_session_answer():
    with Session(workers=1) as session:
        session.stub("t_relay", returns=-3, sets={"$var(x)": "y"})
        (line,) = session.what_runs("event_route[E_A] { t_relay(); }").lines()
        assert str(line) == "stubbed: t_relay() (returns -3, sets $var(x))"
        (line,) = session.what_runs("$var(x) = 1;").lines()
        assert str(line) == "simulated: $var(x)"
        with pytest.raises(ValueError, match="a script is a text"):
            session.what_runs(5)  # type: ignore[arg-type]
