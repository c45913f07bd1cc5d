"""What a script does beyond its session, it does not do once more for each version that it is compared under."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from evroute_kernel import Session, compare
from evroute_kernel.engine.comparing.comparison import Comparison

SQL = 'loadmodule "sqlops.so"\nloadmodule "db_sqlite.so"\nmodparam("sqlops", "db_url", "sqlite://{}")\n'


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(workers=1) as found:
        yield found


def subscribing(socket: str) -> str:
    """A script whose event_route subscribes a socket to its event, and says whether that was taken."""
    return (
        'loadmodule "event_flatstore.so"\nloadmodule "event_virtual.so"\n'
        f'event_route[E_X] {{ subscribe_event("E_Y", "{socket}"); xlog("$rc\\n"); '
        'raise_event("E_Y"); xlog("$rc\\n"); }\n'
        "event_route[E_Y] { $var(y) = 1; }\n"
    )


def texts(comparison: Comparison) -> list[list[str]]:
    assert not any(side.errors or side.refused for side in comparison.sides), comparison.sides
    return [[record.text for record in side.log] for side in comparison.sides]


@pytest.mark.parametrize("form", ["udp:127.0.0.1:{}", "virtual:PARALLEL udp:127.0.0.1:{}"])
def test_no_datagram_is_sent(session: Session, form: str) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as receiver:
        receiver.bind(("127.0.0.1", 0))
        session.load(subscribing(form.format(receiver.getsockname()[1])))
        assert texts(compare(session, "E_X")) == 2 * [["1\n", "1\n"]]
        receiver.setblocking(False)  # what is sent on this machine is there when it has been sent
        with pytest.raises(BlockingIOError):
            receiver.recv(1)


def test_no_unix_socket_gets_anything(session: Session, tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as receiver:
        receiver.bind(str(tmp_path / "s"))
        session.load(subscribing(f"unix:{tmp_path}/s"))
        assert texts(compare(session, "E_X")) == 2 * [["1\n", "1\n"]]
        receiver.setblocking(False)
        with pytest.raises(BlockingIOError):
            receiver.recv(1)


def test_no_file_is_written(session: Session, tmp_path: Path) -> None:
    session.load(subscribing(f"flatstore:{tmp_path}/events"))
    assert texts(compare(session, "E_X")) == 2 * [["1\n", "1\n"]]
    assert list(tmp_path.iterdir()) == []


def test_a_socket_that_is_refused_is_refused_there_too(session: Session, tmp_path: Path) -> None:
    session.load(subscribing(f"flatstore:{tmp_path}/none/events"))
    found = texts(compare(session, "E_X"))
    assert found[0] == found[1]
    assert found[0][-2:] == ["-1\n", "1\n"]


def test_a_database_is_as_it_was_for_each_version_and_stays_so(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table t (a text)")
        database.execute("insert into t values ('before')")
        database.commit()
        session.load(
            SQL.format(path) + "event_route[E_X] { sql_query(\"insert into t values ('new')\"); "
            'sql_query("select a from t", "$avp(a)"); xlog("$(avp(a)[*])\\n"); }'
        )
        assert texts(compare(session, "E_X")) == 2 * [["before, new\n"]]
        assert database.execute("select a from t").fetchall() == [("before",)]


def test_a_database_that_does_not_exist_is_not_made(session: Session, tmp_path: Path) -> None:
    session.load(
        SQL.format(tmp_path / "new.db") + 'event_route[E_X] { sql_query("create table t (a text)"); xlog("$rc\\n"); }'
    )
    compare(session, "E_X")
    assert list(tmp_path.iterdir()) == []


def test_a_session_of_its_own_reaches_out_as_ever(session: Session, tmp_path: Path) -> None:
    session.load(subscribing(f"flatstore:{tmp_path}/events"))
    compare(session, "E_X")
    session.raise_event("E_X")
    assert (tmp_path / "events").read_text() == "E_Y\n"
