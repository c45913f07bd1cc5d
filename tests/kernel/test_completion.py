"""What is offered at the cursor. `|` marks it in the samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.server import Server
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.questions.completion import complete
from evroute_kernel.source import Source
from support.frontend import Frontend

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
        ("%time %rai|", "%raise"),
        ("%time %raise E_PIKE_BLOCKED i|", "ip="),
        ("%time xl|", "xlog"),
        ("%%time\n%raise E_PIK|", "E_PIKE_BLOCKED"),
        ("%%time\nevent_route[E_PIKE_BLOCKED] { $param(|", "ip"),
        ("%%time %rai|", "%raise"),
        ("%routes --h|", "--help"),
        ("%history --l|", "--last"),
        ("%env PAT|", "PATH"),
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
    assert matches(notebook, f"%cd {tmp_path}/|") == [f"{tmp_path}/above/"]


@pytest.mark.parametrize(
    "sample",
    [
        "!xl|",
        "!echo $va|",
        "# rais|",
        "/* $va|",
        "event_route[E_X] { /* a */ /* rais|",
        'xlog("plain te|',
        "$(avp(x)[|",
        "$avp(ow|)",
    ],
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


# -- doors to other programs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("%subscribe E_MINE u|", "udp:"),
        ("%subscribe E_MINE route:E_M|", "route:E_MINE"),
        ("%record calls.jsonl E_M|", "E_MINE"),
        ("%record s|", "stop"),
        ("%replay calls.jsonl --only E_MINE,E_PIK|", "E_PIKE_BLOCKED"),
        ("%replay calls.jsonl --log er|", "errors"),
        ("%replay calls.jsonl --speed |", "max"),
        ("%%replay --format |", "csv"),
        ("%migrate --to |", "4.0"),
        ("%connect mi=d|", "datagram:"),
        ("%connect mi=datagram:127.0.0.1:8080 events=E_PIKE_BLOCKED,E_M|", "E_MINE"),
        ("%connect listen=t|", "tcp:"),
        ("%timer start cl|", "clean"),
        ("%mi raise_event E_M|", "E_MINE"),
        ("%mi raise_event event=E_M|", "E_MINE"),
        ("%mi event_subscribe E_MINE ud|", "udp:"),
        ("%mi which shv|", "shv_get"),
        ("%mi shv_set n|", "name="),
        ("%mi cache_fetch l|", "local"),
        ("%mi serve f|", "fifo:"),
        ("%mi serve http:127.0.0.1:0 --to|", "--token"),
    ],
)
def test_doors(notebook: Notebook, sample: str, expected: str) -> None:
    assert expected in matches(notebook, sample)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("%replay c|", ["calls.jsonl"]),
        ("%record c|", ["calls.jsonl"]),
        ("%replay --limit 5 c|", ["calls.jsonl"]),
        ("%inbox --save c|", ["calls.jsonl"]),
        ("%subscribe E_MINE flatstore:{folder}/c|", ["flatstore:{folder}/calls.jsonl", "flatstore:{folder}/clean.cfg"]),
        ("%connect mi=fifo:{folder}/s|", ["fifo:{folder}/server.fifo"]),
    ],
)
def test_files_of_doors(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: str, expected: list[str]
) -> None:
    for name in ("calls.jsonl", "clean.cfg", "server.fifo"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert matches(notebook, sample.format(folder=tmp_path)) == [text.format(folder=tmp_path) for text in expected]


@pytest.mark.parametrize(
    "sample",
    [
        "%mi serve datagram:127.0.0.1:8080 d|",
        "%mi nonsense E_M|",
        "%mi uptime |",
        "%mi stop |",
        "%mi raise_event nix=E_M|",
        "%replay calls.jsonl --limit |",
        "%subscribe E_MINE udp:127.0.0.1:9000 |",
    ],
)
def test_nothing_that_does_not_fit(notebook: Notebook, sample: str) -> None:
    assert not [match for match in matches(notebook, sample) if not match.startswith("--")]


def test_open_doors_can_be_stopped() -> None:
    notebook = Notebook()
    try:
        server = Server.of(notebook.session)
        address = server.open("datagram:127.0.0.1:0", Management(notebook.session))
        assert matches(notebook, "%mi stop data|") == [str(address)]
    finally:
        notebook.close()


# -- values, and what comes first ------------------------------------------------------------------------------------

HANDLED = "event_route[E_DISPATCHER_STATUS] { "


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("%raise E_DISPATCHER_STATUS status=|", ["active", "inactive"]),
        ("%raise --async E_DISPATCHER_STATUS group=1 status=in|", ["inactive"]),
        ('%raise E_DISPATCHER_STATUS status="|', ["active", "inactive"]),
        ("%raise E_DROUTING_STATUS status=d|", []),
        ("%raise E_DROUTING_STATUS status=|", ["active", "inactive", "probing", '"disabled MI"']),
        ('%raise E_DROUTING_STATUS status="disabled |', ["disabled MI"]),
        ("%raise E_CLUSTERER_NODE_STATE_CHANGED new_state=|", ["0", "1"]),
        ("%raise E_PIKE_BLOCKED ip=|", ["192.0.2.66"]),
        ("%compare E_DISPATCHER_STATUS status=|", ["active", "inactive"]),
        ('%%raise E_DISPATCHER_STATUS\n{"status": |', ['"active"', '"inactive"']),
        ('%%raise E_DISPATCHER_STATUS\n{"group": 1, "status": "in|', ["inactive"]),
        ('%%raise E_CLUSTERER_NODE_STATE_CHANGED\n{"new_state":|', ["0", "1"]),
        (HANDLED + 'if ($param(status) == "|', ["active", "inactive"]),
        (HANDLED + 'if ($param(status) != "in|', ["inactive"]),
        (HANDLED + 'if ($(param(status)) == "|"', ["active", "inactive"]),
        (HANDLED + "if ($param(status) == '|", ["active", "inactive"]),
        (HANDLED + "if ($param(status) == |", ['"active"', '"inactive"']),
        (HANDLED + 'switch ($param(status)) { case "a": exit; case "|', ["active", "inactive"]),
        (HANDLED + "switch ($param(status)) { case |", ['"active"', '"inactive"']),
        ("event_route[E_DLG_STATE_CHANGED] { if ($param(new_state) == |", ["1", "2", "3", "4", "5"]),
        ("event_route[E_DLG_STATE_CHANGED] { if ($param(new_state) == 4|", ["4"]),
        ('event_route[E_DLG_STATE_CHANGED] { if ($param(new_state) == "|', []),
        (HANDLED + 'if ($(param(status){s.len}) == "|', []),
        (HANDLED + 'if ($param(address) == "|', []),
        ('event_route[E_X] { if ($msg.type == "|', ["reply", "request"]),
        ('event_route[E_X] { if ($cluster.sh_tag(vip1) == "|', ["active", "backup"]),
        ("event_route[E_X] { if ($DLG_status == |", ["1", "2", "3", "4", "5"]),
        ('event_route[E_X] { load_dialog_ctx("1", "|', ["callid", "did"]),
        ('event_route[E_X] { rl_check("calls", 10, "|', ["FEEDBACK", "NETWORK", "NOP", "RED", "SBT", "TAILDROP"]),
        ('event_route[E_X] { rl_check("|', []),
    ],
)
def test_values(notebook: Notebook, sample: str, expected: list[str]) -> None:
    assert sorted(matches(notebook, sample)) == sorted(expected)


def test_a_dollar_offers_first_what_event_routes_use_most(notebook: Notebook) -> None:
    first = ["param", "var", "avp", "shv", "json"]
    for sample in ("event_route[E_X] { $|", "event_route[E_X] { $(|", 'event_route[E_X] { xlog("$|', "%assert $|"):
        assert matches(notebook, sample)[:5] == first
    rest = matches(notebook, "event_route[E_X] { $|")[5:]
    assert rest == sorted(rest, key=str.casefold)


def test_events_that_are_handled_come_first_and_then_those_of_loaded_modules() -> None:
    notebook = Notebook()
    try:
        notebook.session.load('event_route[E_MINE] { exit; }\nloadmodule "dispatcher.so"', "In[1]")
        here = 'event_route[E_PIKE_BLOCKED] { exit; }\nloadmodule "b2b_logic.so"\n%raise |'
        assert matches(notebook, here)[:3] == ["E_PIKE_BLOCKED", "E_MINE", "E_DISPATCHER_STATUS"]
        assert matches(notebook, 'event_route[E_THIS] { exit; }\nraise_event("|')[:2] == ["E_THIS", "E_MINE"]
        assert matches(notebook, "event_route[|")[:2] == ["E_MINE", "E_DISPATCHER_STATUS"]
        loaded = matches(notebook, 'loadmodule "pike.so"\nevent_route[|')[1:3]
        assert loaded == ["E_DISPATCHER_STATUS", "E_PIKE_BLOCKED"]
    finally:
        notebook.close()


def test_a_front_end_is_told_values_and_the_order(kernel: Frontend) -> None:
    kernel.run('event_route[E_MINE] { exit; }\nloadmodule "dispatcher.so"')

    def asked(code: str) -> list[str]:
        matches: list[str] = kernel.ask("complete_request", code=code, cursor_pos=len(code)).reply["matches"]
        return matches

    assert asked("%raise E_DISPATCHER_STATUS status=") == ["active", "inactive"]
    assert asked('event_route[E_DISPATCHER_STATUS] { if ($param(status) == "') == ["active", "inactive"]
    assert asked("$")[:5] == ["param", "var", "avp", "shv", "json"]
    assert asked("%raise ")[:2] == ["E_MINE", "E_DISPATCHER_STATUS"]
