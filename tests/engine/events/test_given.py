"""What cannot be given to a Session: a clear error at the call, and the session goes on."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel import ScriptError, Session
from evroute_kernel.engine.events.given import GivenError

LONE = "a\ud800"
HALF = "holds half a character (a lone surrogate, U+D800) at position 2"

Call = Callable[[Any, Path], object]

REFUSED: list[tuple[Call, str]] = [
    (lambda s, _: s.load(None), "a script is a text, not None"),
    (lambda s, _: s.load(b"route { exit; }"), "a script is a text, not bytes"),
    (lambda s, _: s.load("", name=5), "the name of a script is a text, not int"),
    (lambda s, _: s.load("", name="a\0b"), "the name of a script holds a zero byte"),
    (
        lambda s, _: s.load("startup_route { exit; }", timeout="1"),
        "the timeout is a number of seconds above 0, not str",
    ),
    (lambda s, _: s.raise_event(5), "the name of an event is a text, not int"),
    (lambda s, _: s.raise_event(b"E_X"), "the name of an event is a text, not bytes"),
    (lambda s, _: s.raise_event(""), "the name of an event is empty"),
    (lambda s, _: s.raise_event(LONE), f"the name of an event {HALF}"),
    (lambda s, _: s.raise_event("E_X", 5), "parameters are a mapping or a list of values, not int"),
    (lambda s, _: s.raise_event("E_X", 1.5), "parameters are a mapping or a list of values, not float"),
    (lambda s, _: s.raise_event("E_X", True), "parameters are a mapping or a list of values, not bool"),
    (lambda s, _: s.raise_event("E_X", b"x"), "parameters are a mapping or a list of values, not bytes"),
    (lambda s, _: s.raise_event("E_X", {None: 1}), "the name of a parameter is a text, not None"),
    (lambda s, _: s.raise_event("E_X", {b"a": 1}), "the name of a parameter is a text, not bytes"),
    (lambda s, _: s.raise_event("E_X", {LONE: 1}), f"the name of a parameter {HALF}"),
    (lambda s, _: s.raise_event("E_X", {"a": LONE}), f"parameter 'a' {HALF}"),
    (lambda s, _: s.raise_event("E_X", {"a": [LONE]}), "parameter 'a' holds half a character"),
    (lambda s, _: s.raise_event("E_X", {"a": b"x"}), "parameter a is no value of JSON: bytes"),
    (lambda s, _: s.raise_event("E_X", {"a": [nan]}), "parameter a is no value of JSON: list"),
    (lambda s, _: s.raise_event("E_X", [LONE]), f"a parameter {HALF}"),
    (lambda s, _: s.raise_event("E_X", [None]), "an unnamed parameter is a text or a number, not None"),
    (lambda s, _: s.raise_event("E_X", [b"x"]), "an unnamed parameter is a text or a number, not bytes"),
    (lambda s, _: s.raise_event("E_X", timeout="1"), "the timeout is a number of seconds above 0, not str"),
    (lambda s, _: s.raise_event("E_X", timeout=0), "the timeout is a number of seconds above 0, not 0"),
    (lambda s, _: s.raise_event("E_X", timeout=-1), "the timeout is a number of seconds above 0, not -1"),
    (lambda s, _: s.raise_event("E_X", timeout=nan), "the timeout is a number of seconds above 0, not nan"),
    (lambda s, _: s.submit(5), "the name of an event is a text, not int"),
    (lambda s, _: s.submit_batch(5, []), "the name of an event is a text, not int"),
    (lambda s, _: s.submit_batch("E_X", 5), "a batch is a list of parameters, one item for each event, not int"),
    (lambda s, _: s.submit_batch("E_X", {}), "a batch is a list of parameters, one item for each event, not dict"),
    (lambda s, _: s.submit_batch("E_X", [5]).result(), "parameters are a mapping or a list of values, not int"),
    (lambda s, _: s.submit_batch("E_X", [], timeout={}), "the timeout is a number of seconds above 0, not dict"),
    (lambda s, _: s.run_timer(None), "the name of a timer_route is a text, not None"),
    (lambda s, _: s.declare_event(5), "a declaration is a text, not int"),
    (lambda s, _: s.declare_event(LONE), f"a declaration {HALF}"),
    (lambda s, _: s.stub(5), "the name of a function is a text, not int"),
    (lambda s, _: s.stub("rest_get", None), "the code that a function returns is a whole number, not None"),
    (lambda s, _: s.stub("rest_get", 1, 5), "what a function sets is a mapping of variables to values, not int"),
    (lambda s, _: s.stub("rest_get", 1, {5: 1}), "a variable is a text, not int"),
    (lambda s, _: s.stub("rest_get", 1, {"$var(x)": LONE}), f"a value {HALF}"),
    (lambda s, _: s.unstub({}), "the name of a function is a text, not dict"),
    (lambda s, _: s.forget(5), "the name of a route is a text, not int"),
    (lambda s, _: s.variables("1"), "the number of a worker is a whole number, not str"),
    (lambda s, _: s.subscribe(5, "udp:127.0.0.1:9"), "the name of an event is a text, not int"),
    (lambda s, _: s.subscribe("E_X", None), "a socket is a text, not None"),
    (lambda s, _: s.subscribe("E_X", f"unix:/{LONE}"), "a socket holds half a character"),
    (lambda s, _: s.subscribe("E_X", "udp:\0:9"), "a socket cannot hold a zero byte"),
    (lambda s, _: s.subscribe("E_X", "flatstore:/a\0b"), "a socket cannot hold a zero byte"),
    (
        lambda s, _: s.subscribe("E_X", "udp:127.0.0.1:9", 1.5),
        "the time of a subscription is a whole number, not float",
    ),
    (lambda s, _: s.subscribers(5), "the name of an event is a text, not int"),
    (lambda s, _: s.rotate_flatstore(5), "the name of a file is a text, not int"),
    (lambda s, _: s.record(5), "the name of the file is a text or a path, not int"),
    (lambda s, _: s.record(""), "the name of the file is empty"),
    (lambda s, _: s.record("a\0b"), "the name of the file holds a zero byte"),
    (lambda s, _: s.record(LONE), f"the name of the file {HALF}"),
    (lambda s, p: s.record(p / "x", 5), "expected a list of names, not int"),
    (lambda s, p: s.record(p / "x", [5]), "the name of an event is a text, not int"),
    (lambda s, p: s.record(p / "x", [LONE]), f"the name of an event {HALF}"),
    (lambda s, p: s.record(p / "x", mode=None), "the mode is a text, not None"),
    (lambda s, _: s.replay(5), "what is replayed is a file's name, lines or events, not int"),
    (lambda s, _: s.replay("a\0b"), "the name of the file holds a zero byte"),
    (lambda s, _: s.replay([LONE]), f"a line {HALF}"),
    (lambda s, _: s.replay([("E_X", {})], workers=nan), "workers is a whole number, not float"),
    (lambda s, _: s.replay([("E_X", {})], limit="1"), "limit is a whole number, not str"),
    (lambda s, _: s.replay([("E_X", {})], speed="1x"), "the speed is a number above 0, not '1x'"),
    (lambda s, _: s.replay([("E_X", {})], only=5), "expected a list of names, not int"),
    (lambda s, _: s.replay([("E_X", {})], log=None), "log is all, errors, none or a number, not None"),
    (lambda s, _: s.replay([("E_X", {})], format=5), "there is no format 5"),
    (lambda s, _: s.replay([("E_X", {})], event=5), "the name of an event is a text, not int"),
    (lambda s, _: s.replay([("E_X", {})], timeout=nan), "the timeout is a number of seconds above 0, not nan"),
    (lambda s, _: setattr(s, "timeout", None), "the timeout is a number of seconds above 0, not None"),
    (lambda s, _: setattr(s, "memory_limit", "1M"), "the memory limit is a whole number, not str"),
    (lambda s, _: setattr(s, "worker_limit", None), "the number of workers is a whole number, not None"),
    (lambda s, _: s.settings.update(max_while_loops="x"), "max_while_loops is a whole number of 32 bits"),
    (lambda s, _: s.settings.update(max_while_loops=2**40), "max_while_loops is a whole number of 32 bits"),
]


@pytest.fixture(scope="module")
def used() -> Any:
    with Session(workers=1) as session:
        session.load("event_route[E_X] { exit; }")
        yield session


@pytest.mark.parametrize(("call", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_it_is_refused_where_it_is_given(used: Any, tmp_path: Path, call: Call, said: str) -> None:
    with pytest.raises(ScriptError) as found:
        call(used, tmp_path)
    assert said in found.value.diagnostics[0].message
    assert list(tmp_path.iterdir()) == []
    assert used.raise_event("E_X").ok


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"workers": 1.5}, "the number of workers is a whole number, not float"),
        ({"workers": 0}, "a session needs one worker at least, not 0"),
        ({"timeout": None}, "the timeout is a number of seconds above 0, not None"),
        ({"log_limit": None}, "the limit of log records is a whole number, not None"),
        ({"memory_limit": -1}, "the memory limit is 1 at least, not -1"),
        ({"on_record": 5}, "on_record is a function, not int"),
    ],
)
def test_limits_that_no_session_can_have(options: Any, said: str) -> None:
    with pytest.raises(GivenError, match=said):
        Session(**options)


def test_what_is_refused_is_a_value_error_too() -> None:
    assert issubclass(GivenError, ValueError)
    assert str(GivenError("this", "that")) == "this (that)"


@pytest.mark.parametrize("seconds", [10**30, 10**400, 1e300, inf, 1e9])
def test_a_timeout_may_be_beyond_all_times(used: Any, seconds: float) -> None:
    assert used.raise_event("E_X", timeout=seconds).ok
    assert used.submit_batch("E_X", [{}], timeout=seconds).result().ok
    assert used.replay([("E_X", {})], timeout=seconds).ok


def test_there_may_be_more_workers_than_numbers_to_count_them() -> None:
    with Session(workers=10**30) as session:
        session.load("event_route[E_X] { exit; }")
        assert session.raise_event("E_X").ok


def test_an_event_without_a_name_has_no_route(used: Any) -> None:
    for text in ("event_route[''] { exit; }", 'event_route[""] { exit; }'):
        with pytest.raises(ScriptError, match="the name of the event is empty") as found:
            used.load(text)
        assert found.value.diagnostics[0].span is not None
        assert used.load("event_route[E_Y] { exit; }").diagnostics == ()


def test_half_a_character_in_a_script_is_shown_as_one_that_is_missing(used: Any) -> None:
    run = used.load('xlog("<\ud800>\\n");', scratch=True).run
    assert [record.text for record in run.log] == ["<�>\n"]


def test_a_recorded_event_whose_name_is_no_text_is_a_broken_line(used: Any, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"event": "\\ud800"}\n{"event": "E_X"}\n', encoding="utf-8")
    for options in ({}, {"speed": None, "limit": 5}):
        result = used.replay(path, **options)
        assert (result.events, result.broken) == (1, 1)
        assert "half of a surrogate pair" in result.broken_lines[0].reason


@pytest.mark.parametrize("call", ["load", "compile", "what_runs"])
def test_who_gives_the_path_of_a_script_is_told_how_to_give_its_text(used: Any, tmp_path: Path, call: str) -> None:
    with pytest.raises(GivenError, match=r"a script is a text, not .*Path") as found:
        getattr(used, call)(tmp_path / "office.cfg")
    hint = 'the text of a file: Path(...).read_text(); in tests, the marker evroute_session(load="FILE") loads a file'
    assert found.value.diagnostics[0].hint == hint
