"""What is told about the thing at the cursor. `|` marks it in the samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.questions.inspection import inspect
from evroute_kernel.kernel.questions.pages import bundle_of, known_names
from evroute_kernel.lang.lints import LINTS

LONG = "route[long] {\n" + "".join(f"    $var(x{i}) = {i};\n" for i in range(60)) + "}\n"


@pytest.fixture(scope="module")
def notebook() -> Iterator[Notebook]:
    found = Notebook()
    found.session.load('route[greet] { xlog("<b>"); } event_route[E_MINE] { exit; }' + LONG, "In[1]")
    found.session.declare_event("E_OWN ip port:int [why]")
    found.session.raise_event("E_MINE")
    yield found
    found.close()


def reply(notebook: Notebook, sample: str, detail: int = 0) -> dict[str, Any]:
    return inspect(notebook, sample.replace("|", ""), sample.index("|"), detail)


def text(notebook: Notebook, sample: str, detail: int = 0) -> str:
    found: str = reply(notebook, sample, detail)["data"]["text/plain"]
    return found


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("xlog|", "xlog("),
        ("xl|og(1);", "xlog("),
        ('xlog("a", |', "xlog("),
        ("%rai|se E_X", "%raise EVENT"),
        ("%raise E_MI|NE", "has run once"),
        ("%connect m|i=fifo:/x", "%connect [mi=ADDRESS]"),
        ("%mi raise_e|vent E_X", "%mi raise_event event params"),
        ("%mi raise_event E_MI|NE", "has run once"),
        ("%mi ser|ve unix:/x", "%mi [COMMAND]"),
        ("%raise E_PIKE_BLOCKED i|p=1", "192.0.2.66"),
        ("%ti|me %raise E_MINE", "%time STATEMENT"),
        ("%time %rai|se E_MINE", "%raise EVENT"),
        ("%time %raise E_PIKE_BLOCKED i|p=1", "192.0.2.66"),
        ('%time xlo|g("a");', "xlog("),
        ("%%time\n\n%raise E_MI|NE", "has run once"),
        ("%%time\n%raise E_PIKE_BLOCKED i|p=1", "192.0.2.66"),
        ('%%raise E_PIKE_BLOCKED\n{"i|p": 1}', "192.0.2.66"),
        ("!ls xlo|g", "%sh COMMAND"),
        ("%wh|o", "%routes lists what is defined"),
        ("if ($DLG_di|r == 1) exit;", "one of downstream, upstream"),
        ("call_trans|fer();", "one of caller, callee"),
        ("%raise E_DISPATCHER_STATUS reas|on=x", "one of 200 OK probing reply, negative probing reply"),
        ("event_route[E_PIKE|_BLOCKED]", "Raised when pike"),
        ("event_route[E_PIKE_BLOCKED] { $param(i|p)", "192.0.2.66"),
        ('event_route[E_OWN] { xlog("$(param(po|rt){s.len})', "int, of E_OWN"),
        ("event_rou|te[E_MINE]", "event_route[E_MINE]: defined in In[1]"),
        ("event_rou|te", "event_route[EVENT]"),
        ('raise_event("E_OW|N")', "E_OWN(ip, port:int, [why])"),
        ("$a|vp(x)", "$avp(NAME) of core"),
        ("$(av|p(x)[1])", "$avp(NAME) of core"),
        ("$avp(|", "$avp(NAME) of core"),
        ("route(gre|et)", "route[greet]: defined in In[1]"),
        ("route(greet, |", "route[greet]: defined in In[1]"),
        ("$(var(x){s.sub|str,1,2})", "{s.substr,"),
        ("$(var(x){s.|", "{s.tolower}"),
        ("whi|le (1)", "max_while_loops"),
        ("max_while|_loops = 5", "Here it is 10000."),
        ('loadmodule "mq|ueue.so"', "mq_add"),
        ("t_re|ply(", "not simulated"),
    ],
)
def test_places(notebook: Notebook, sample: str, expected: str) -> None:
    found = reply(notebook, sample)
    assert found["found"] is True
    assert expected in found["data"]["text/plain"]
    assert set(found["data"]) == {"text/plain", "text/html"}


@pytest.mark.parametrize("sample", ["|", "nosuchthing|", "(((|", "é|", '"|', "# xlo|g", "/* whi|le"])
def test_nothing_to_inspect(notebook: Notebook, sample: str) -> None:
    found = reply(notebook, sample)
    assert (found["status"], found["found"], found["data"]) == ("ok", False, {})


@pytest.mark.parametrize(
    ("sample", "marked"),
    [
        ("cache_store(|", "backend:string"),
        ('cache_store("local", "k|', "key:string"),
        ('cache_store("a,b", $(avp(x){s.select,0,,}), |', "value:string"),
        ('cache_store("local", "k", "v", 5, 6|', "[timeout:int]"),
        ('xlog("L_INFO", |', "FORMAT"),
    ],
)
def test_a_call_marks_its_parameter(notebook: Notebook, sample: str, marked: str) -> None:
    title, marks = text(notebook, sample).splitlines()[:2]
    assert title[marks.index("^") : len(marks)] == marked


def test_source_in_full_only_when_asked_for(notebook: Notebook) -> None:
    assert "$var(x59)" not in text(notebook, "route(lo|ng)")
    assert "more lines" in text(notebook, "route(lo|ng)")
    assert "$var(x59)" in text(notebook, "route(lo|ng)", detail=1)


def test_html_is_escaped(notebook: Notebook) -> None:
    html = reply(notebook, "route(gre|et)")["data"]["text/html"]
    assert "&lt;b&gt;" in html
    assert "&quot;<b>" not in html


def test_an_event_tells_who_handles_it(notebook: Notebook) -> None:
    assert "Nothing handles it here." in text(notebook, "event_route[E_PIKE|_BLOCKED]")
    notebook.session.load("event_route[E_PIKE_BLOCKED] { exit; }", "In[2]", owner="two")
    assert "Handled by event_route[E_PIKE_BLOCKED] of In[2]." in text(notebook, "event_route[E_PIKE|_BLOCKED]")
    notebook.session.forget_owner("two")


def test_every_known_name_is_described(notebook: Notebook) -> None:
    assert [name for name in (*known_names(notebook), *LINTS) if bundle_of(name, notebook) is None] == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("avp_printf", ["avp_printf: no function of OpenSIPS 3.6", "it is pv_printf() now", "%%migrate"]),
        ("fetch_event_params", ["$param(name)", "`evroute migrate FILE`"]),
        ("children", ["no setting of OpenSIPS 3.6", "udp_workers"]),
        ("avpops", ["no module of OpenSIPS 3.6", "sqlops"]),
        ("$Ri", ["$Ri: no variable of OpenSIPS 3.6", "$socket_in(ip)"]),
    ],
)
def test_what_became_of_names_of_other_versions(notebook: Notebook, name: str, told: list[str]) -> None:
    page = bundle_of(name, notebook)
    assert page is not None
    assert [text for text in told if text not in page["text/plain"]] == []


def test_names_of_nothing(notebook: Notebook) -> None:
    assert [bundle_of(name, notebook) for name in ("", "nosuchthing", "$", "%", "[]")] == [None] * 5
    assert bundle_of("nosuchthing", notebook) is None
