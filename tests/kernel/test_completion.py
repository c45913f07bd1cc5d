"""What is offered at the cursor. `|` marks it in the samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.kernel.completion import complete
from evroute_kernel.kernel.notebook import Notebook
from evroute_kernel.source import Source

SCRIPT = """
    route[greet] { exit; }
    route[called] { exit; }
    event_route[E_MINE] {
        $var(seen) = $param(color); $avp(list) = 1; $json(doc) := "{}"; $shv(total) = 1;
        route(greet, $param(color), 5);
    }
    event_route["E_Zoë"] { exit; }
    timer_route[clean, 60] { exit; }
"""


@pytest.fixture(scope="module")
def notebook() -> Iterator[Notebook]:
    found = Notebook()
    found.session.load(SCRIPT, "In[1]")
    found.session.declare_event("E_OWN ip port:int [why]")
    found.ran("a cell of statements", Source("In[2]", "$avp(overZoë) = 1;"))
    yield found
    found.close()


def reply(notebook: Notebook, sample: str) -> dict[str, Any]:
    cursor = sample.index("|")
    return complete(notebook, sample.replace("|", ""), cursor)


def matches(notebook: Notebook, sample: str) -> list[str]:
    found: list[str] = reply(notebook, sample)["matches"]
    return found


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("%rai|", "%raise"),
        ("  %%|", "%%raise"),
        ("%raise E_PIK|", "E_PIKE_BLOCKED"),
        ("%raise E_M|", "E_MINE"),
        ("%raise E_PIKE_BLOCKED i|", "ip="),
        ("%raise E_PIKE_BLOCKED ip=1 --as|", "--async"),
        ("%route gr|", "greet"),
        ("%log level=DB|", "DBG"),
        ("%help xlo|", "xlog"),
        ("?return-z|", "return-zero"),
        ("?E_PIKE|", "E_PIKE_BLOCKED"),
        ("event_route[E_PIKE|", "E_PIKE_BLOCKED"),
        ("event_route[E_PIKE_BLOCKED] {\n    xlog($param(|", "ip"),
        ("event_route[E_X] { route(gr|", "greet"),
        ("event_route[E_X] { $va|", "var"),
        ("event_route[E_X] { $(va|", "var"),
        ('xlog("$(var(x){s.sub|', "s.substr"),
        ("rais|", "raise_event"),
        ("event_rou|", "event_route"),
        ("%raise E_Zo|", "E_Zoë"),
        ("event_route[E_MINE] { $param(|", "color"),
        ("event_route[E_OWN] { xlog('$param(p|", "port"),
        ("event_route[E_PIKE_BLOCKED] { $param(src_ip|", "ip"),
        ("event_route[PIKE|", "E_PIKE_BLOCKED"),
        ('raise_event("E_OW|', "E_OWN"),
        ('subscribe_event("E_PIK|', "E_PIKE_BLOCKED"),
        ("route[greet] { $param(|", "2"),
        ("route[call|", "called"),
        ("event_route[E_X] { $var(|", "seen"),
        ("$var(here) = 1; $var(|", "here"),
        ("$shv(|", "total"),
        ("$avp(|", "list"),
        ('xlog("$json(|', "doc"),
        ('xlog("$(var(x){|', "s."),
        ("$(var(x){s.sub|", "s.substr"),
        ('xlog("L_W|', "L_WARN"),
        ("max_whi|", "max_while_loops"),
        ("enable_asserts=|", "yes"),
        ("event_route[E_X] { whi|", "while"),
        ("event_route[E_X] {\n  # note\n  xl|", "xlog"),
        ('event_route[E_X] {\n  xlog("a")\n  xl|', "xlog"),
        ('event_route[E_X] {\n  xlog("abc);\n  xl|', "xlog"),
        ("event_route[E_X] {\nevent_route[E_PIKE_BLOCKED] {\n  $param(|", "ip"),
        ("$var(x) = nu|", "null"),
        ("if (is_|", "is_method"),
        ('loadmodule "mq|', "mqueue.so"),
        ('modparam("mq|', "mqueue"),
        ('modparam("mqueue", "db|', "db_url"),
        ("%log format=p|", "plain"),
        ("%config repl|", "replace="),
        ("%config replace=q|", "quiet"),
        ("%timer st|", "stop"),
        ("%timer start cl|", "clean"),
        ("%%check\nxl|", "xlog"),
        ("%%migrate\nevent_route[E_PIKE_BLOCKED] { $param(|", "ip"),
        ("$avp(ov|", "overZoë"),
        ("%stub t_rep|", "t_reply"),
        ("%stub t_reply sets $var(se|", "seen"),
        ("%assert $shv(x) == $va|", "var"),
        ('%%raise E_PIKE_BLOCKED\n{"|', "ip"),
    ],
)
def test_contexts(notebook: Notebook, sample: str, expected: str) -> None:
    assert expected in matches(notebook, sample)


@pytest.mark.parametrize(
    "sample", ["|", 'xlog("|', "\n|", "é|", "$nosuchvariable|", "%raise E_NOBODY x|", "((|", "%|%"]
)
def test_odd_places_are_answered(notebook: Notebook, sample: str) -> None:
    assert reply(notebook, sample)["status"] == "ok"


def test_the_range_counts_characters(notebook: Notebook) -> None:
    found = reply(notebook, 'xlog("Zoë 😀"); rais|')
    assert (found["cursor_start"], found["cursor_end"]) == (15, 19)
    types = found["metadata"]["_jupyter_types_experimental"]
    assert [t["text"] for t in types] == found["matches"]
    assert {t["type"] for t in types} == {"function"}


def test_files(notebook: Notebook, tmp_path: Path) -> None:
    (tmp_path / "a.cfg").touch()
    (tmp_path / "a.png").touch()
    (tmp_path / "above").mkdir()
    assert matches(notebook, f"%load {tmp_path}/a|") == [f"{tmp_path}/a.cfg", f"{tmp_path}/above/"]
    assert matches(notebook, f"%load {tmp_path}/none/|") == []


@pytest.mark.parametrize(
    "sample",
    ["# rais|", "/* $va|", "event_route[E_X] { /* a */ /* rais|", 'xlog("plain te|', "$(avp(x)[|", "$avp(ow|)"],
)
def test_nothing_is_offered(notebook: Notebook, sample: str) -> None:
    assert matches(notebook, sample) == []


def test_a_route_is_offered_what_it_may_call(notebook: Notebook) -> None:
    inside, outside = matches(notebook, "event_route[E_X] { t_re|"), matches(notebook, "route[x] { t_re|")
    assert "t_reply" in outside
    assert "t_reply" not in inside


def test_parameters_tell_type_and_sample(notebook: Notebook) -> None:
    (first,) = reply(notebook, "event_route[E_PIKE_BLOCKED] { $param(i|")["metadata"]["_jupyter_types_experimental"]
    assert (first["type"], first["signature"]) == ("string", 'string, such as "192.0.2.66"')


@pytest.mark.parametrize(
    ("sample", "start"),
    [
        ('xlog("é😀 $par|', 10),
        ("event_route[E_Zo|", 12),
        ("%raise E_Zo|", 7),
        ('xlog("Zoë $(var(x){s.su|', 19),
        ("event_route[E_PIKE_BLOCKED] { # 😀\n $param(|", 42),
    ],
)
def test_ranges(notebook: Notebook, sample: str, start: int) -> None:
    found = reply(notebook, sample)
    assert found["matches"]
    assert (found["cursor_start"], found["cursor_end"]) == (start, sample.index("|"))


@pytest.mark.parametrize("cursor", [-5, 99])
def test_a_cursor_outside_is_brought_back(notebook: Notebook, cursor: int) -> None:
    found = complete(notebook, "rais", cursor)
    assert 0 <= found["cursor_start"] <= found["cursor_end"] <= 4


def test_half_characters_are_never_sent(notebook: Notebook) -> None:
    sample = "$var(a\ud83d) = 1; $var(b) = $var(|"
    assert matches(notebook, sample) == ["b", "seen"]


def test_names_follow_the_definitions(notebook: Notebook) -> None:
    notebook.session.load("route[passing] { $var(gone) = 1; }", "In[9]", owner="nine")
    assert "gone" in matches(notebook, "$var(|")
    notebook.session.forget_owner("nine")
    assert "gone" not in matches(notebook, "$var(|")
