"""`%race` in a running kernel."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from unittest.mock import ANY

import pytest

from support.frontend import Frontend, wait_until

MAIN = "from evroute_kernel.cli import main; main()"
SCRIPT = """event_route[E_HIT] {
    $var(n) = $shv(n);
    $shv(n) = $var(n) + 1;
    xlog("<b>$param(1)</b>\\n");
}
event_route[E_LOCKED] {
    get_static_lock("n");
    $shv(n) += 1;
    release_static_lock("n");
}
event_route[my_event] {
    $shv(n) += $param(by);
}
"""


class Cells(HTMLParser):
    """The texts of table cells, by row, and what tags there are."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


@pytest.fixture
def fresh(kernel: Frontend) -> Frontend:
    assert kernel.run("%reset").status == "ok"
    assert kernel.run(SCRIPT).status == "ok"
    return kernel


def test_a_race_is_shown_with_its_shortest_order_in_columns(fresh: Frontend) -> None:
    result = fresh.run("%race E_HIT <b>a</b> E_HIT b")
    assert result.status == "ok", result.traceback
    text = result.shown[-1]
    assert text.startswith("race: E_HIT (1) and E_HIT (2) come to an outcome that no order of them gives")
    assert "a race, in 2 of 4 orders\n    $shv(n) = 1" in text
    html = result.contents("display_data")[-1]["data"]["text/html"]
    page = Cells(html)
    assert not page.open
    assert page.rows[0] == ["E_HIT (1)", "E_HIT (2)"]
    assert [bool(row[0]) for row in page.rows[1:]] == [True, False, False, True]
    assert page.rows[1][0] == "2$var(n) = $shv(n)reads $shv(n)"
    assert "<b>a</b>" not in html


def test_what_is_locked_is_clean_and_the_notebook_is_left_alone(fresh: Frontend) -> None:
    result = fresh.run("$shv(n) = 5;\n%race E_LOCKED E_LOCKED\n%assert $shv(n) == 5")
    assert result.status == "ok", result.traceback
    assert result.shown[-1].startswith("no race: E_LOCKED (1) and E_LOCKED (2) come to the same in every order")
    assert result.stdout == ""


def test_what_fails_in_every_order_is_shown_with_its_error(fresh: Frontend) -> None:
    result = fresh.run("event_route[E_CR] {\n$var(x) = 1;\n$var(x) /= $param(n);\n}\n%race E_CR n=0 E_LOCKED")
    assert result.status == "ok", result.traceback
    text, html = (result.contents("display_data")[-1]["data"][kind] for kind in ("text/plain", "text/html"))
    assert text.startswith("failed: E_CR does not come to its end, in whatever order\n")
    for shown in (text, html):
        assert "E_CR: crashed: event_route[E_CR]: /= 0: " in shown
        assert "in line 3" in shown


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("E_HIT --check E_HIT", "race: E_HIT (1) and E_HIT (2) come to an outcome that no order of them gives"),
        ("E_CR n=0 E_LOCKED --check", "failed: E_CR does not come to its end, in whatever order"),
        ("--check --limit 1 E_LOCKED E_LOCKED", "no race was found so far: E_LOCKED (1) and E_LOCKED (2)"),
    ],
)
def test_a_cell_fails_where_it_is_to_be_a_test(fresh: Frontend, line: str, message: str) -> None:
    fresh.run("event_route[E_CR] {\n$var(x) = 1;\n$var(x) /= $param(n);\n}")
    result = fresh.run(f"%race {line}")
    assert (result.status, result.error["ename"]) == ("error", "RaceCheckFailed")
    assert message in result.error["evalue"]
    assert result.shown[-1].startswith(message)  # all of it is shown as well
    assert ("--limit" in result.traceback.partition("hint:")[2]) == ("--limit" in line)


def test_a_check_passes_where_all_is_well(fresh: Frontend) -> None:
    result = fresh.run("%race E_LOCKED E_LOCKED --check")
    assert result.status == "ok", result.traceback
    assert result.shown[-1].startswith("no race: ")


def test_three_events_and_options(fresh: Frontend) -> None:
    text = fresh.run("%race E_HIT a -- my_event by=2 -- E_LOCKED --limit 7 --seconds 20").shown[-1]
    assert "E_HIT, my_event and E_LOCKED" in text
    assert "7 orders of up to" in text
    assert "that is the limit of 7 orders" in text


@pytest.mark.parametrize(
    ("line", "message", "marked"),
    [
        ("%race E_HIT", "one event alone does not race", "E_HIT"),
        ("%race", "the event's name is missing", ""),
        ("%race E_HIT a --", "an event is missing behind --", "--"),
        ("%race E_HIT E_HIT E_HIT E_HIT", "3 events can race, no more", "E_HIT"),
        ("%race E_HIT x=1 2 E_HIT", "named and unnamed parameters cannot be mixed", "2"),
        ("%race E_HIT --count 3 E_HIT", "unknown option --count", "--count"),
        ("%race E_HIT --limit 0 E_HIT", "option --limit needs a whole number, 1 or more", "0"),
        ("%race E_HIT --limit 5 E_HIT --limit 5", "option --limit is given twice", "E_HIT --limit 5"),
        ("%race E_HIT E_HTI", "E_HTI", "E_HTI"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(fresh: Frontend, line: str, message: str, marked: str) -> None:
    result = fresh.run(line)
    assert result.status == "error"
    told = result.traceback
    assert message in told
    shown, carets = next(
        (a, b) for a, b in zip(told.splitlines(), told.splitlines()[1:], strict=False) if b.strip(" |").startswith("^")
    )
    at = carets.index("^")
    assert shown[at : at + max(1, len(marked))].strip() == marked


def test_a_search_can_be_stopped(fresh: Frontend) -> None:
    fresh.run("event_route[E_LONG] {\n$shv(a) = 1;\nwhile (1) $var(x) = 1;\n}\n%config max_while_loops=2000000000")
    before = {child.pid for child in fresh.process.children(recursive=True)}
    request = fresh.execute("%race E_LONG E_LONG")
    wait_until(lambda: len(fresh.process.children(recursive=True)) > len(before) + 1)
    fresh.interrupt()
    assert fresh.gather(request).error["ename"] == "Interrupted"
    wait_until(lambda: {child.pid for child in fresh.process.children(recursive=True)} <= before)


def offered(kernel: Frontend, line: str) -> list[str]:
    return list(kernel.client.complete(line, reply=True, timeout=30)["content"]["matches"])


def test_events_and_their_parameters_are_offered_and_described(fresh: Frontend) -> None:
    assert "E_HIT" in offered(fresh, "%race E_HI")
    found = offered(fresh, "%race E_HIT a E_PIKE_BLOCKED ")
    assert {"ip=", "E_LOCKED", "--limit", "--check"} <= set(found)
    assert "E_LOCKED" in offered(fresh, "%race E_HIT E_LO")
    reply = fresh.client.inspect("%race E_HIT E_PIKE_BLOCKED ip=1", 30, reply=True, timeout=30)
    assert "E_PIKE_BLOCKED" in reply["content"]["data"]["text/plain"]


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path) -> Command:
    """`evroute run` with some options: its exit code, and what it printed for others and for people."""
    file = tmp_path / "x.cfg"
    file.write_text(SCRIPT + "event_route[E_CR] {\n$var(x) = 1;\n$var(x) /= $param(n);\n}\n")

    def run(*options: str) -> tuple[int, str, str]:
        command = [sys.executable, "-c", MAIN, "run", str(file), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


def test_the_command_line_says_it_by_its_exit_code(run: Command) -> None:
    code, text, _ = run("--raise", "my_event by=4", "--race", "E_LOCKED E_HIT a")
    assert code == 1
    assert "a race, in" in text
    assert "$shv(n) = 5" in text
    assert run("--race", "E_LOCKED E_LOCKED")[0] == 0
    code, text, _ = run("--race", "E_CR n=0 E_LOCKED")
    assert (code, text.partition("\n")[0]) == (1, "failed: E_CR does not come to its end, in whatever order")
    code, text, _ = run("--race", "E_LOCKED E_LOCKED --limit 1")
    assert (code, text.partition(":")[0]) == (1, "no race was found so far")


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        ("E_LOCKED E_LOCKED --limt 3", "--race:1:19", "unknown option --limt"),
        ("E_LOCKED E_LOCKD", "--race:1:10", "no route handles the event E_LOCKD"),
        ("E_LOCKED", "--race:1:1", "one event alone does not race"),
    ],
)
def test_what_cannot_be_asked_is_a_wrong_use_of_the_command(run: Command, line: str, place: str, message: str) -> None:
    code, _, text = run("--race", line)
    assert code == 2
    assert f"error: {message}" in text
    assert f"\n  {place}\n" in text
    assert "^" in text


def test_the_command_line_tells_races_as_json(run: Command) -> None:
    code, text, _ = run("--race", "E_HIT \x1b E_HIT b", "--race", "E_CR n=0 E_LOCKED", "--json")
    assert code == 1
    race, failed = map(json.loads, text.splitlines())
    assert race["race"] == ["E_HIT (1)", "E_HIT (2)"]
    assert (race["ok"], race["verdict"].partition(":")[0], race["stopped"], race["strays"]) == (
        False,
        "race",
        None,
        False,
    )
    assert (race["orders"], race["steps"], race["failures"]) == (4, 4, [])
    serial, between = race["outcomes"]
    assert (serial["is_race"], serial["serial"], serial["orders"]) == (False, [[0, 1], [1, 0]], 2)
    assert (between["is_race"], between["state"], between["waits"]) == (True, {"$shv(n)": "1"}, [None, None])
    assert between["logs"][0] == [{"level": "NOTICE", "text": "<b>\x1b</b>"}]
    assert between["failed"] == []
    step = between["steps"][0]
    assert step == {
        "event": 0,
        "does": ["reads $shv(n)"],
        "text": "$var(n) = $shv(n)",
        "file": ANY,
        "line": 2,
        "column": 5,
    }
    assert failed["failures"] == ["E_CR"]
    assert failed["outcomes"][0]["failed"] == [0]
