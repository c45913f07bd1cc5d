"""`%trace` and `%raise --trace`: what each statement did, as a table."""

from __future__ import annotations

import re

import pytest

from support.frontend import Frontend, Result

ROUTES = (
    'event_route[E_X] {\n    route(limit, $param(n));\n    xlog("<b>n $param(n)\\n");\n}\n'
    'route[limit] {\n    $var(r) = $param(1);\n    raise_event("E_Y");\n    return(2);\n}\n'
    "event_route[E_Y] {\n    $var(y) = 1;\n}\n"
)


def displays(found: Result) -> list[str]:
    """The tables that it shows, as text."""
    return [data["text/plain"] for data in html(found)]


def html(found: Result) -> list[dict[str, str]]:
    shown = [content["data"] for content in found.contents("display_data")]
    return [data for data in shown if "evroute-finding" not in data.get("text/html", "")]


def rows(table: str) -> list[list[str]]:
    """The cells of each row, those that hold nothing left out."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in table.splitlines()[2:]]


TRACED = [
    ["event_route[E_X]"],
    ["2", "route(limit, $param(n))", "calls route[limit]"],
    ["6", "$var(r) = $param(1)", "$var(r) = 3"],
    ["7", 'raise_event("E_Y")', "raises E_Y"],
    ["8", "return(2)"],
    ["3", 'xlog("<b>n $param(n)\\n")', "NOTICE: <b>n 3"],
    ["event_route[E_Y]"],
    ["11", "$var(y) = 1", "$var(y) = 1"],
]


def test_a_raise_is_traced(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    found = kernel.run("%raise E_X n=3 --trace")
    (table,) = displays(found)
    assert rows(table) == TRACED
    assert found.stdout == "<b>n 3\n"
    assert "&lt;b&gt;n 3" in html(found)[0]["text/html"]
    assert displays(kernel.run("%raise E_X n=3")) == []


def test_what_a_cell_runs_is_traced_from_the_line_on(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    found = kernel.run("%raise E_Y\n%trace limit\n%raise E_X n=4\n%raise E_X n=5 --async")
    (table,) = displays(found)
    traced = [cells[1:] for cells in rows(table)]
    assert traced == [
        ["$var(r) = $param(1)", "$var(r) = 4"],
        *([['raise_event("E_Y")', "raises E_Y"], ["return(2)"]]),
        ["$var(r) = $param(1)", "$var(r) = 5"],
        *([['raise_event("E_Y")', "raises E_Y"], ["return(2)"]]),
    ]
    assert displays(kernel.run("%raise E_X n=4")) == []


def test_bare_statements_and_startup_are_traced(kernel: Frontend) -> None:
    found = kernel.run("%trace\nstartup_route { $var(s) = 1; }\n$var(b) = 2;")
    (table,) = displays(found)
    assert [cells[-1] for cells in rows(table) if len(cells) > 1] == ["$var(s) = 1", "$var(b) = 2"]


def test_lines_have_the_name_of_their_cell_where_there_are_several(kernel: Frontend) -> None:
    called = kernel.run("route[limit] {\n$var(r) = 1;\n}").reply["execution_count"]
    kernel.run("event_route[E_X] {\nroute(limit);\n}")
    (table,) = displays(kernel.run("%raise E_X --trace"))
    assert [cells[0] for cells in rows(table)[1:]] == [f"In[{called + 1}]:2", f"In[{called}]:2"]


def test_in_a_page_a_route_that_is_called_is_moved_to_the_right(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    (found,) = html(kernel.run("%raise E_X n=3 --trace"))
    look = r'<div style="margin-left: (\d+)ch"><code class="language-opensips"[^>]*>(.*?)</code></div>'
    depths = {re.sub("<[^>]*>", "", code): int(depth) for depth, code in re.findall(look, found["text/html"])}
    assert depths["return(2)"] == depths["route(limit, $param(n))"] + 2
    assert "var(--jp-mirror-editor-" in found["text/html"], "it has the colours of scripts"


def test_a_trace_is_shown_where_the_run_has_failed(kernel: Frontend) -> None:
    kernel.run("event_route[E_X] {\n$var(n) = 1;\n$var(n) /= $param(zero);\n}")
    for line in ("%raise E_X zero=0 --trace", "%trace\n%raise E_X zero=0"):
        found = kernel.run(line)
        assert found.status == "error"
        assert [cells[:2] for cells in rows(displays(found)[0])[1:]] == [
            ["2", "$var(n) = 1"],
            ["3", "$var(n) /= $param(zero)"],
        ]


def test_of_many_statements_the_middle_is_left_out(kernel: Frontend) -> None:
    kernel.run("event_route[E_X] { $var(i) = 0; while ($var(i) < 500) $var(i) += 1; }")
    (table,) = displays(kernel.run("%raise E_X --trace"))
    found = rows(table)
    assert len(found) == 102
    assert found[51] == ["... 902 more statements ..."]
    assert found[-2][-1] == "$var(i) = 500"


def test_where_nothing_runs_there_is_nothing_to_show(kernel: Frontend) -> None:
    below = "no statement was run below %trace: put it above what it is to tell of, in the same cell"
    kernel.run(ROUTES)
    assert displays(kernel.run("%raise E_Y\n%trace")) == [below]
    of_limit = below.replace("no statement", "no statement of limit")
    assert displays(kernel.run("%raise E_X n=1\n%trace limit")) == [of_limit]
    kernel.run("event_route[E_EMPTY] { }")
    assert displays(kernel.run("%raise E_EMPTY --trace")) == ["no statement was run"]


@pytest.mark.parametrize("word", ["on", "off"])
@pytest.mark.parametrize("name", ["trace", "timeline"])
def test_it_is_not_switched_on(kernel: Frontend, name: str, word: str) -> None:
    kernel.run(ROUTES)
    found = kernel.run(f"%{name} {word}\n%raise E_Y")
    assert found.status == "error"
    told = re.sub(r"\x1b\[[0-9;]*m", "", found.traceback)
    assert f"%{name} has no {word!r}: it tells of the cell in which it stands" in told
    assert f"put %{name} at the head of each cell; %coverage and %profile know {word!r}" in told
    assert not displays(found)


def test_a_name_that_nothing_has_is_told(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    assert displays(kernel.run("%trace limit E_Z route[nix]\n%raise E_Y")) == [
        "no statement was run",
        "no route is called E_Z: did you mean 'E_Y'?\nno route is called route[nix]",
    ]
    for name, meant in (("E_XX", "E_X"), ("lmit", "limit"), ("route[limt]", "route[limit]")):
        (*_, note) = displays(kernel.run(f"%trace {name} E_Y\n%raise E_Y"))
        assert note == f"no route is called {name}: did you mean {meant!r}?"
    (found,) = displays(kernel.run("%trace new\nroute[new] { exit; }\n%raise E_Y"))
    assert "no route" not in found


@pytest.mark.parametrize("option", ["async", "detach", "live"])
def test_a_raise_that_nobody_waits_for_is_not_traced(kernel: Frontend, option: str) -> None:
    found = kernel.run(f"%raise E_X --trace --{option}")
    assert found.status == "error"
    assert "--trace" in found.traceback


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("%trace", "incomplete"),
        ("%trace E_X # why", "incomplete"),
        ("%profile\n%timeline", "incomplete"),
        ("%coverage", "incomplete"),
        ("%trace\n%raise E_X", "complete"),
        ("%trace\nxlog(", "incomplete"),
        ("%trace\n", "complete"),
        ("%coverage on", "complete"),
        ("%profile show", "complete"),
        ("%timeline x.txt", "complete"),
        ("%timeline --recorded none.jsonl", "complete"),
    ],
)
def test_a_console_asks_for_what_is_traced(kernel: Frontend, code: str, status: str) -> None:
    assert kernel.ask("is_complete_request", code=code).reply["status"] == status
