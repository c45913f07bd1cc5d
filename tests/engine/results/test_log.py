"""The log of a run and of a session, as tests use it."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.results.log import Log, LogExpectationError

SCRIPT = """
event_route[E_X] {
    xlog("L_WARN", "block $param(n)\\nsecond line\\n");
    xlog("no line end ");
    xlog("$param(missing)\\n");
}
"""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(workers=1) as session:
        session.load(SCRIPT)
        yield session


@pytest.fixture(scope="module")
def log(session: Session) -> Log:
    return session.raise_event("E_X", {"n": 1}).log


def test_text_is_what_was_printed(log: Log) -> None:
    assert log.text == "block 1\nsecond line\nno line end <null>\n"
    assert log.lines == ["block 1", "second line", "no line end <null>"]
    assert len(log.remarks) == 1
    assert "missing" in log.remarks[0]


def test_a_text_is_looked_for_in_all_of_it(log: Log) -> None:
    assert "block 1\nsecond" in log
    assert "block 2" not in log
    assert log.remarks[0] in log
    assert re.compile("^second", re.MULTILINE) in log
    assert log[0] in log


def test_it_is_a_tuple_that_equals_a_list(log: Log) -> None:
    assert log == tuple(log)
    assert log == list(log)
    assert list(log) == log
    assert log != [*log, log[0]]
    assert log != "text"
    assert isinstance(log[1:], Log)
    assert log[1:] == list(log)[1:]
    assert hash(log) == hash(tuple(log))
    assert pickle.loads(pickle.dumps(Log(log[2:2]))) == ()


def test_all_that_is_wrong_is_told_with_the_log(log: Log) -> None:
    log.expect("block 1", re.compile("blo.k"), absent=["block 2", re.compile("third")])
    with pytest.raises(LogExpectationError) as caught:
        log.expect("block 2", "block 1", absent="second line")
    assert str(caught.value).splitlines()[:5] == [
        "the log does not hold 'block 2' and holds 'second line'",
        "it is:",
        "WARNING event_route[E_X]: block 1",
        "        second line",
        "NOTICE  event_route[E_X]: no line end ",
    ]
    assert isinstance(caught.value, AssertionError)


def test_a_long_log_is_cut() -> None:
    with Session(workers=1) as session:
        session.load(
            'event_route[E_X] { $var(i) = 0; while ($var(i) < 100) { $var(i) += 1; xlog("line $var(i)\\n"); } }'
        )
        log = session.raise_event("E_X").log
    with pytest.raises(LogExpectationError, match=r"its last 20 lines of 100:\nNOTICE  event_route\[E_X\]: line 81\n"):
        log.expect("line 101")
    with pytest.raises(LogExpectationError, match=r"nothing was logged$"):
        log[:0].expect("line 1")


def test_what_cannot_be_expected_is_refused(log: Log) -> None:
    with pytest.raises(ValueError, match="nothing is expected of the log"):
        log.expect()
    for odd in (5, b"block", None):
        with pytest.raises(ValueError, match="is a text or a compiled pattern, not"):
            log.expect("block 1", absent=[odd])  # type: ignore[list-item]
        with pytest.raises(ValueError, match="is a text or a compiled pattern, not"):
            log.expect(odd)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="pattern of bytes"):
        log.expect(re.compile(b"block"))  # type: ignore[arg-type]


def test_control_characters_are_shown_as_scripts_write_them(session: Session) -> None:
    session.load('event_route[E_ESCAPE] { xlog("a$param(1)b\\n"); }')
    assert session.raise_event("E_ESCAPE", ["\x1b[2J"]).log.shown() == [r"NOTICE  event_route[E_ESCAPE]: a\x1b[2Jb"]


def test_a_session_expects_of_all_its_log(session: Session, log: Log) -> None:
    session.expect("block 1")
    with pytest.raises(AssertionError, match="does not hold a match for 'nothing'"):
        session.expect(re.compile("nothing"))
