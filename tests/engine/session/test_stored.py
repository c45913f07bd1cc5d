"""`session.shv` and `session.cache`: what scripts have stored, as mappings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.events.given import GivenError

SCRIPT = """
modparam("cachedb_local", "cache_collections", "users")
modparam("cachedb_local", "cachedb_url", "local://")
modparam("cachedb_local", "cachedb_url", "local:users:///users")
event_route[E_STORE] {
    $shv(n) += 1;
    $shv(name) = "Grüße";
    cache_store("local", "key", "$param(value)");
    cache_store("local:users", "alice", "1");
}
event_route[E_READ] {
    cache_fetch("local", "mine", $var(found));
    xlog("$shv(n) $shv(name) $shv(gone) $var(found)\\n");
}
"""


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(workers=1, check=True) as session:
        session.load(SCRIPT)
        yield session


def test_what_a_script_has_stored_is_read(session: Session) -> None:
    session.raise_event("E_STORE", {"value": "été"})
    assert session.shv["n"] == 1
    assert session.shv == {"n": 1, "name": "Grüße", "gone": 0}
    assert "n" in session.shv
    assert "m" not in session.shv
    assert session.cache == {"key": "été"}
    assert session.cache.collection("users")["alice"] == "1"
    assert (len(session.shv), len(session.cache)) == (3, 1)
    assert repr(session.cache) == "{'key': 'été'}"


def test_what_is_set_is_seen_by_scripts(session: Session) -> None:
    session.shv["n"] = 5
    session.shv["n"] += 1
    session.shv["name"] = "été"
    session.shv["gone"] = 1
    del session.shv["gone"]
    session.cache["mine"] = 7
    assert session.raise_event("E_READ").log.text == "6 été 0 7\n"
    assert session.cache.pop("mine") == "7"
    assert "mine" not in session.cache


def test_what_a_script_names_is_0_until_it_is_set(session: Session) -> None:
    assert session.shv["n"] == 0
    session.raise_event("E_STORE")
    del session.shv["n"]
    assert session.shv["n"] == 0


def test_what_has_expired_is_not_there(session: Session) -> None:
    session.cache.store("short", "x", expires=30)
    assert session.cache["short"] == "x"
    session.tick(clock=60)
    assert "short" not in session.cache
    assert list(session.cache) == []
    with pytest.raises(KeyError):
        del session.cache["short"]


def test_what_is_not_there_names_what_is(session: Session) -> None:
    session.raise_event("E_STORE")
    with pytest.raises(KeyError, match=r"^\$shv\(blocks\) is not set; there are: n, name, gone$"):
        session.shv["blocks"]
    with pytest.raises(KeyError, match=r"^\$shv\(nam\) is not set; did you mean 'name'\?$"):
        session.shv["nam"]
    with pytest.raises(KeyError, match=r"the cache key 'k' is not set; there are: key$"):
        del session.cache["k"]
    assert session.shv.get("m") is None
    assert session.shv.get("x", "none") == "none"


@pytest.mark.parametrize("value", [None, 1.5, True, 2**31, b"x", "\ud800"])
def test_what_no_script_can_hold_is_refused(session: Session, value: Any) -> None:
    with pytest.raises(GivenError, match=r"\$shv\(x\)"):
        session.shv["x"] = value
    assert "x" not in session.shv


@pytest.mark.parametrize("value", [None, 1.5, True, b"x"])
def test_the_cache_holds_texts(session: Session, value: Any) -> None:
    with pytest.raises(GivenError, match="the cache key 'x'"):
        session.cache["x"] = value
