"""Dialogs that are made from outside: `Session.dialog`, `Session.dialogs`, and what their changes raise."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic, sleep

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.events.given import GivenError

DEADLINE = 10
MODULES = 'loadmodule "tm.so"\nloadmodule "dialog.so"\n'
STATES = """event_route[E_DLG_STATE_CHANGED] {
    xlog("$param(id) $param(db_id) $param(callid) $param(from_tag) [$param(to_tag)] ");
    xlog("$param(old_state) $param(new_state)\\n");
    load_dialog_ctx($param(callid)); xlog("$rc $DLG_status $dlg_val(who)\\n"); unload_dialog_ctx();
}
"""
COUNTING = """event_route[E_X] {
    get_static_lock("l"); load_dialog_ctx("call1"); $dlg_val(n) = $dlg_val(n) + 1; unload_dialog_ctx();
    release_static_lock("l"); xlog("counted\\n"); usleep(2000);
}
"""
LOADING = 'event_route[E_X] { load_dialog_ctx($param(id)); xlog("$rc $DLG_did $dlg_val(n)\\n"); unload_dialog_ctx(); }'


@pytest.fixture(scope="module")
def used() -> Iterator[Session]:
    with Session(workers=1) as session:
        yield session


@pytest.fixture
def session(used: Session) -> Session:
    used.reset()
    return used


def texts(session: Session) -> list[str]:
    """What routes have logged, line by line."""
    return "".join(record.text for record in session.log if not record.diagnostic).splitlines()


def test_what_a_new_one_has(session: Session) -> None:
    made = session.dialog("call1")
    assert made == session.dialogs["call1"]
    assert (made.callid, made.status, made.status_name, made.lifetime) == ("call1", 4, "confirmed", 0)
    assert made.timeout == 12 * 60 * 60
    assert made.did == "80d.1"  # the entry is that of a server for this Call-ID
    assert (made.vals, made.flags, made.profiles, made.end_reason, made.run) == ({}, (), (), None, None)


def test_all_that_can_be_said(session: Session) -> None:
    made = session.dialog(
        "ü", callid="c@ü", did="5a.8b217e22", status=4, timeout=60, lifetime=10, from_uri="sip:ü@x", to_uri="sip:b@x",
        from_tag="f", to_tag="t", end_reason="why", flags="b a", profiles=["calls", "trunk:a", ("odd", "x:y z")],
        vals={"who": "Zoë", "n": -5},
    )  # fmt: skip
    assert session.dialogs["ü"] == made
    assert (made.callid, made.did, made.timeout, made.lifetime) == ("c@ü", "5a.8b217e22", 60, 10)
    assert (made.from_uri, made.from_tag, made.to_tag, made.end_reason) == ("sip:ü@x", "f", "t", "why")
    assert (made.flags, made.profiles) == (("a", "b"), (("calls", ""), ("trunk", "a"), ("odd", "x:y z")))
    assert made.vals == {"who": "Zoë", "n": -5}
    changed = session.dialog("ü", vals={"who": None, "x": "1"})
    assert (changed.vals, changed.timeout, changed.flags) == ({"n": -5, "x": "1"}, 60, ("a", "b"))


def test_a_default_of_the_script(session: Session) -> None:
    session.load(f'{MODULES}modparam("dialog", "default_timeout", 90)\n')
    assert session.dialog("call1").timeout == 90


def test_its_changes_raise_an_event(session: Session) -> None:
    session.load(MODULES + STATES)
    did = session.dialog("call1", status=1, from_tag="f", to_tag="t", vals={"who": "alice"}).did
    assert texts(session) == []
    runs = [session.dialog("call1", status=status).run for status in (3, 4, 4, 5)]
    assert [run is not None and run.ok for run in runs] == [True, True, False, True]
    ids = f"{did} {(0xD08 << 32) + 1} call1 f"
    assert texts(session) == [
        f"{ids} [t] 1 3", "1 3 alice", f"{ids} [t] 3 4", "1 4 alice", f"{ids} [t] 4 5", "1 5 alice",
    ]  # fmt: skip


def test_nobody_need_handle_it(session: Session) -> None:
    session.dialog("call1", status=1)
    assert session.dialog("call1", status=2).run is None


def test_over_and_a_new_call(session: Session) -> None:
    first = session.dialog("one", callid="c", status=4, profiles="p", vals={"n": 1})
    ended = session.dialog("one", status=5, end_reason="Upstream BYE")
    assert (ended.status, ended.timeout, ended.profiles, ended.vals) == (5, 0, (), {"n": 1})
    again = session.dialog("one", status=1)
    assert (again.callid, again.vals, again.did != first.did, len(session.dialogs)) == ("c", {}, True, 1)
    anew = session.dialog("one", anew=True)
    assert (anew.callid, anew.status) == ("one", 4)


def test_a_call_that_has_lasted_too_long_is_over(session: Session) -> None:
    session.load(MODULES + STATES)
    session.dialog("call1", timeout=0, vals={"who": "alice"})
    deadline = monotonic() + DEADLINE
    while session.dialogs["call1"].status < 5:  # the server looks once a second
        assert monotonic() < deadline
        sleep(0.02)
    assert texts(session) == []
    assert session.dialog("call1", status=5).run is not None
    assert texts(session)[0].endswith("4 5")


def test_removing(session: Session) -> None:
    session.dialog("a", callid="same")
    session.dialog("b", callid="same")
    session.load(MODULES + LOADING)
    found = session.dialogs
    for name in ("a", "b"):
        assert session.raise_event("E_X", {"id": "same"}).log[0].text == f"1 {found[name].did} <null>\n"
        assert session.remove_dialog(name)
    assert session.raise_event("E_X", {"id": "same"}).log[0].text == "-1 <null> <null>\n"
    assert not session.remove_dialog("a")
    assert session.dialogs == {}


def test_all_workers_see_them(session: Session) -> None:
    session.load(f"{MODULES}{COUNTING}")
    session.dialog("call1", vals={"n": 0})
    session.worker_limit = 2
    try:
        futures = [session.submit("E_X") for _ in range(40)]
        assert all(future.result().ok for future in futures)
        assert len({record.process for record in session.log}) == 2
    finally:
        session.worker_limit = 1
    assert session.dialogs["call1"].vals == {"n": 40}


def test_thousands(session: Session) -> None:
    session.load(MODULES + LOADING)
    for n in range(2000):
        session.dialog(f"call{n}", vals={"n": n})
    assert session.raise_event("E_X", {"id": "call1234"}).log[0].text.endswith(" 1234\n")
    assert len(session.dialogs) == 2000


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"status": 0}, "no status 0"),
        ({"status": "4"}, "a whole number, not str"),
        ({"did": "x"}, "no Dialog ID"),
        ({"callid": ""}, "the Call-ID is empty"),
        ({"timeout": -1}, "0 at least"),
        ({"timeout": 2**31}, "does not fit"),
        ({"flags": 3}, "expected a list of names, not int"),
        ({"profiles": [("a", 1)]}, "the value in a profile is a text, not int"),
        ({"vals": {"n": 2**31}}, "does not fit a 32-bit integer"),
        ({"vals": {"n": 1.5}}, "a whole number, not float"),
        ({"vals": {"": 1}}, "the name of a value is empty"),
        ({"vals": "who"}, "vals is a mapping"),
        ({"from_uri": b"x"}, "the URI of the caller is a text, not bytes"),
        ({"who": "alice"}, "no field 'who'"),
        ({"stauts": 4}, "status"),
        ({"status": 2, "lifetime": 5}, "has no lifetime"),
    ],
)
def test_what_is_wrong_changes_nothing(session: Session, fields: dict[str, object], what: str) -> None:
    with pytest.raises(GivenError) as caught:
        session.dialog("call1", **fields)  # type: ignore[arg-type]
    assert what in str(caught.value)
    assert session.dialogs == {}


def test_a_reset_forgets_them(session: Session) -> None:
    session.dialog("call1")
    session.reset()
    assert session.dialogs == {}


NESTED = """event_route[E_OUTER] {
    load_dialog_ctx("call1"); $avp(n) = "x"; $avp(v) = "y";
    raise_event("E_INNER", $avp(n), $avp(v));
    xlog("outer [$dlg_val(who)]\\n"); unload_dialog_ctx(); xlog("$rc\\n");
}
event_route[E_INNER] { xlog("inner [$dlg_val(who)]\\n"); load_dialog_ctx("call1"); xlog("$rc\\n"); }
event_route[E_OTHER] {
    raise_event("E_LOADING"); xlog("other [$dlg_val(who)]\\n"); unload_dialog_ctx(); xlog("$rc\\n");
}
event_route[E_LOADING] { load_dialog_ctx("call1"); xlog("loading [$dlg_val(who)]\\n"); }
"""


def test_an_event_inside_another() -> None:
    """As a 4.0.1 does it: what runs inside is of one piece with what is around it."""
    with Session(workers=1, version="4.0") as session:
        session.load(MODULES + NESTED)
        session.dialog("call1", vals={"who": "alice"})
        session.raise_event("E_OUTER")
        session.raise_event("E_OTHER")
        assert texts(session) == ["inner [alice]", "-1", "outer [alice]", "1", "loading [alice]", "other [alice]", "1"]


def test_an_event_after_another(session: Session) -> None:
    """As a 3.6.8 does it: what is raised runs later, and begins without a dialog."""
    session.load(MODULES + NESTED)
    session.dialog("call1", vals={"who": "alice"})
    session.raise_event("E_OUTER")
    session.raise_event("E_OTHER")
    assert texts(session) == ["outer [alice]", "1", "inner [<null>]", "1", "other [<null>]", "1", "loading [alice]"]


def test_a_reset_that_has_to_be_asked_for(session: Session) -> None:
    session.dialog("call1")
    assert session.held() == ["dialogs"]


def test_only_what_is_not_over() -> None:
    """A third argument of load_dialog_ctx(), which 4.0 has."""
    with Session(workers=1, version="4.0") as session:
        session.load(
            MODULES
            + """event_route[E_X] {
                load_dialog_ctx("call1", "callid", 1); xlog("$rc\\n"); unload_dialog_ctx();
                load_dialog_ctx("call1", , 0); xlog("$rc\\n"); unload_dialog_ctx();
            }"""
        )
        session.dialog("call1")
        session.raise_event("E_X")
        session.dialog("call1", status=5)
        session.raise_event("E_X")
        assert texts(session) == ["1", "1", "-1", "1"]
