"""The names that a session takes are those of its version: when a text is checked, linked, and while it runs."""

from __future__ import annotations

import pytest

from evroute_kernel import Session
from evroute_kernel.errors import ScriptError
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion

JSON = '$json(o) := "{\\"a\\": \\"b/c\\"}";'


def ran(session: Session, body: str) -> list[str]:
    """What the event route logs, the runtime's own words too."""
    session.load(f"event_route[E_X] {{\n{body}\n}}\n", name="route")
    return [record.text for record in session.raise_event("E_X").log]


def test_a_route_is_linked_to_the_names_of_the_version() -> None:
    text = f'{JSON} xlog("$json_compact_noescape(o)\\n");'
    with Session(workers=1, version="4.0") as session:
        assert ran(session, text) == ['{"a":"b/c"}\n']
        session.reset("3.6")
        with pytest.raises(ScriptError, match=r"it is new in 4\.0"):
            ran(session, text)
        session.reset("4.0")
        assert ran(session, text) == ['{"a":"b/c"}\n']


@pytest.mark.parametrize("version", VERSIONS)
def test_a_text_that_is_read_while_it_runs_too(version: ServerVersion) -> None:
    text = JSON + '$var(f) = "$json_compact_noescape(o)"; xlog("$(var(f){s.eval})\\n");'
    with Session(workers=1, version=version) as session:
        found = ran(session, text)
    if version == "4.0":
        assert found == ['{"a":"b/c"}\n']
    else:
        assert "it is new in 4.0" in found[0]
        assert found[1:] == ["<null>\n"]


def test_stub_rules_too() -> None:
    for version in VERSIONS:
        with Session(workers=1, version=version) as session:
            if version == "4.0":
                session.stub("web3_www_authenticate", 5)
                session.stub("t_relay", 1, {"$var(x)": "$proxy_protocol(af)"})
                assert set(session.settings.stubs) == {"web3_www_authenticate", "t_relay"}
                continue
            with pytest.raises(ScriptError, match=r"it is new in 4\.0"):
                session.stub("web3_www_authenticate", 5)
            with pytest.raises(ScriptError, match="unknown variable"):
                session.stub("t_relay", 1, {"$var(x)": "$proxy_protocol(af)"})


def test_events_too() -> None:
    for version in VERSIONS:
        with Session(workers=1, version=version) as session:
            session.load('event_route[E_PROFILING_SCRIPT] { xlog("$param(verb)\\n"); }')
            run = session.raise_event("E_PROFILING_SCRIPT", {"vrb": "start"})
            remarks = [remark.message for remark in run.remarks]
            assert remarks == (["E_PROFILING_SCRIPT has no parameter 'vrb'"] if version == "4.0" else [])
            unlike = session.check('event_route[E_PROFILING_SCRIPT] { xlog("$param(verb)\\n"); }')
            assert [found.code for found in unlike if found.code == "unknown-event"] == (
                [] if version == "4.0" else ["unknown-event"]
            )
