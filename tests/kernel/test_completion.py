"""What is offered at the cursor. `|` marks it in the samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.kernel.completion import complete
from evroute_kernel.kernel.inspection import inspect
from evroute_kernel.kernel.notebook import Notebook


@pytest.fixture(scope="module")
def notebook() -> Iterator[Notebook]:
    found = Notebook()
    found.session.load('route[greet] { exit; } event_route[E_MINE] { exit; } event_route["E_Zoë"] { exit; }', "In[1]")
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
    ("sample", "expected"),
    [
        ("xlog|", "xlog("),
        ("xl|og(1);", "xlog("),
        ('xlog("a", |', "xlog("),
        ("%rai|se E_X", "%raise EVENT"),
        ("event_route[E_PIKE|_BLOCKED]", "Raised when pike"),
        ("$a|vp(x)", "$avp of core"),
        ("route(gre|et)", "route[greet]: defined in In[1]"),
        ("$(var(x){s.sub|str,1,2})", "{s.substr,"),
    ],
)
def test_inspection(notebook: Notebook, sample: str, expected: str) -> None:
    cursor = sample.index("|")
    found = inspect(notebook, sample.replace("|", ""), cursor)
    assert found["found"] is True
    assert expected in found["data"]["text/plain"]
    assert set(found["data"]) == {"text/plain", "text/html"}


@pytest.mark.parametrize("sample", ["|", "nosuchthing|", "(((|", "é|", '"|'])
def test_nothing_to_inspect(notebook: Notebook, sample: str) -> None:
    cursor = sample.index("|")
    found = inspect(notebook, sample.replace("|", ""), cursor)
    assert (found["status"], found["found"], found["data"]) == ("ok", False, {})
