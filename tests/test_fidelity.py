"""`fidelity`: generated programs, comparing, recording, facts from a source tree. With a server where one is named."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evroute_kernel import Session
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion

sys.path.insert(0, str(Path(__file__).parent.parent))  # beside the tests, not a part of what is installed
from fidelity import generating, recording
from fidelity.comparing import Comparison, Difference, Tally, batches, kind_of
from fidelity.configuration import configuration
from fidelity.facts import catalogue, tree
from fidelity.facts.c_text import stripped, tables, text_of
from fidelity.facts.command import write
from fidelity.installed import Installed, NotInstalledError, installed
from fidelity.outcomes import Outcome, differences
from fidelity.programs import Program, script_of
from fidelity.reporting import keep, show
from fidelity.running import Ours
from fidelity.undefined import reads_freed_values

# -- programs ---------------------------------------------------------------------------------------------------------


def test_a_seed_makes_the_same_programs_again() -> None:
    assert generating.programs(7, 0, 30) == generating.programs(7, 0, 30)
    assert generating.programs(7, 10, 1) == generating.programs(7, 0, 30)[10:11]
    assert generating.program(8, 0) != generating.program(7, 0)
    assert generating.programs(7, 10, 1, "4.0") == generating.programs(7, 0, 30, "4.0")[10:11]
    assert generating.programs(7, 0, 30, "4.0") != generating.programs(7, 0, 30)


@pytest.mark.parametrize("version", VERSIONS)
def test_programs_are_valid_scripts(version: ServerVersion) -> None:
    """Hardly any is refused: what does not run tells nothing."""
    programs = generating.programs(1, 0, 150, version)
    with Session(workers=1, version=version) as session:
        refused = [
            program.name
            for program in programs
            if not program.frame.files
            for finding in session.check(f"{program.frame.settings}\n{script_of([program])}")[:50]
            if finding.severity == "error"
        ]
    assert len(set(refused)) <= 3, refused


def test_every_kind_is_made() -> None:
    seen = {construct for program in generating.programs(1, 0, 300) for construct in program.constructs}
    wanted = {"startup routes", "timer routes", "error routes", "async()", "launch()", "several workers", "includes"}
    assert wanted | {"cache", "json, xml, avp stacks", "transformations", "raise in raise", "mathops"} <= seen


def test_half_of_those_for_a_4_0_raise_events_inside_events() -> None:
    programs = generating.programs(1, 0, 400, "4.0")
    inside = [program for program in programs if "events inside events" in program.constructs]
    assert 160 < len(inside) < 240
    seen = {construct for program in inside for construct in program.constructs}
    wanted = {"parameters with names", "parameters without names", "raise in a loop", "several routes for an event"}
    assert wanted | {"raise in a resume route", "E_CORE_LOG", "routes"} <= seen
    assert "startup routes" in {construct for program in programs for construct in program.constructs}


def test_some_of_those_for_a_4_0_kill_it_and_most_do_not() -> None:
    """A name is given to what would: it is told apart from every other error."""
    ours, programs = Ours("4.0"), generating.programs(2, 0, 120, "4.0")
    outcomes: dict[str, Outcome] = {}
    try:
        for batch in batches(programs):
            outcomes |= ours.run(batch, lambda name: False)
    finally:
        ours.close()
    dead = [outcome for outcome in outcomes.values() if outcome.died]
    assert 3 < len(dead) < 40
    assert "the stack of routes is used up" in {outcome.death for outcome in dead}
    assert all(outcome.death for outcome in dead)


@pytest.mark.parametrize("version", VERSIONS)
def test_programs_about_subscriptions(version: ServerVersion) -> None:
    """They are valid, hold all that they are about, end, and hardly one kills."""
    programs = generating.programs(1, 0, 80, version, "subscriptions")
    assert programs[10:11] == generating.programs(1, 10, 1, version, "subscriptions")
    seen = {construct for program in programs for construct in program.constructs}
    wanted = {"notify_on_event()", "filters", "filters with variables", "expiry", "raise in raise", "routes", "tm"}
    assert wanted | {"events without a route", "subscriptions to the event that runs", "odd timeouts"} <= seen
    quick = [program for program in programs if "expiry" not in program.constructs][:40]
    ours, outcomes = Ours(version), dict[str, Outcome]()
    try:
        for batch in batches(quick):
            outcomes |= ours.run(batch, lambda name: False)
    finally:
        ours.close()
    assert not [name for name, outcome in outcomes.items() if outcome.refused]
    assert sum(bool(outcome.log) for outcome in outcomes.values()) > 35
    assert sum(outcome.died for outcome in outcomes.values()) < 8


INNER = """event_route[E_A] {
$avp(v) = "value";
raise_event("E_B"%s);
}
event_route[E_B] {
%s
}
event_route[E_C] {
}
event_route[E_S] {
%s
}"""
RAISES, READS = 'raise_event("E_C");', 'xlog("$param(1)\\n");'
TWICE = 'subscribe_event("E_B", "route:E_C");'


@pytest.mark.parametrize(
    ("given", "inner", "start", "is_undefined"),
    [
        (", $avp(v)", READS, "", False),
        (", $avp(v)", f"{READS}\n{RAISES}", "", False),
        (", $avp(v)", f"{RAISES}\n{READS}", "", True),
        ("", f"{RAISES}\n{READS}", "", False),
        (", $avp(v)", READS, TWICE, True),
        ("", READS, TWICE, False),
        (", $avp(v)", f"while ($var(i) < 2) {{\n$var(i) += 1;\n{READS}\n{RAISES}\n}}", "", True),
    ],
)
def test_what_may_read_freed_values(given: str, inner: str, start: str, is_undefined: bool) -> None:
    assert reads_freed_values(INNER % (given, inner, start)) == is_undefined


def test_batches_hold_programs_of_one_frame() -> None:
    found = list(batches(generating.programs(1, 0, 200)))
    assert sum(map(len, found)) == 200
    assert all(len({program.frame for program in batch}) == 1 for batch in found)


def test_programs_run_here() -> None:
    ours = Ours()
    try:
        for batch in batches(generating.programs(3, 0, 60)):
            outcomes = ours.run(batch, lambda name: False)
            assert set(outcomes) == {program.name for program in batch}
            assert sum(bool(outcome.log) for outcome in outcomes.values()) > len(batch) // 2
    finally:
        ours.close()


def test_a_refused_program_does_not_take_the_others_with_it() -> None:
    good, bad = (
        Program(name, f"event_route[E_{name}] {{ {text} }}", ((f"E_{name}", {"n": 1}),))
        for name, text in (("GOOD", 'xlog("n $param(n)\\n");'), ("BAD", "no_such_function();"))
    )
    ours = Ours()
    try:
        outcomes = ours.run([good, bad], lambda name: False)
    finally:
        ours.close()
    assert outcomes["GOOD"].log == [("NOTICE", "n 1\n")]
    assert outcomes["BAD"].refused is not None


# -- outcomes ---------------------------------------------------------------------------------------------------------


def outcome(*records: str, alarms: tuple[int, ...] = ()) -> Outcome:
    return Outcome([("NOTICE", text) for text in records], dict.fromkeys(alarms, "ERROR x"))


def test_what_differs() -> None:
    assert not differences(outcome("a", "b", alarms=(1,)), outcome("a", "b", alarms=(1,)))
    assert "-NOTICE 'b'" in differences(outcome("a", "b"), outcome("a"))
    assert differences(outcome("a", alarms=(1,)), outcome("a")) == [
        "after 1 records the server says, and we do not: ERROR x"
    ]
    dead = outcome("a")
    dead.died = True
    assert kind_of(differences(dead, outcome("a"))) == "dies"
    assert kind_of(differences(Outcome(refused=(3, "why")), outcome("a"))) == "refuse"
    assert not differences(Outcome(refused=(3, "why")), Outcome(refused=(None, "other")))


def test_a_count_that_cannot_be_is_memory_written_over() -> None:
    said = "route recursion limit reached, giving up! (nested routes: %s, first: 'event_route', last: 'E_X')!"
    for count, is_overwritten in (("101", False), ("32717", True)):
        one = Outcome()
        one.add("ERROR", said % count, is_own=True)
        assert one.overwritten == is_overwritten


def test_bytes_beyond_ascii_are_all_the_same() -> None:
    one, other = Outcome(), Outcome()
    one.add("NOTICE", "Zo\uffff\uffff!", is_own=False)
    other.add("NOTICE", "Zoë!", is_own=False)
    assert not differences(one, other)


def test_a_report_shows_and_keeps_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = generating.program(1, 0)
    tally = Tally(tried=1, died=1, differences=[Difference(program, ["-NOTICE 'b'"])])
    tally.undefined.append(Difference(program, []))
    tally.deaths["the stack of routes is used up"] += 1
    show(tally, "3.6.8", 1, 0)
    keep(tally, tmp_path)
    said = capsys.readouterr().out
    assert "1 differ; " in said
    assert "1 killed the server" in said
    assert "1 by this: the stack of routes is used up" in said
    assert "1 differed where the server reads freed memory or writes over its own: 0" in said
    assert program.script in (tmp_path / "program-0.txt").read_text()


# -- facts ------------------------------------------------------------------------------------------------------------

CORE = """
/* comment with "quotes" { */
#define ALL_ROUTES (REQUEST_ROUTE|EVENT_ROUTE)
const cmd_export_t core_cmds[]={
    {"go", (cmd_function)w_go, { {CMD_PARAM_STR, fix, 0}, {CMD_PARAM_INT|CMD_PARAM_OPT, 0, 0}, {0,0,0}}, ALL_ROUTES},
    {0,0,{{0,0,0}},0}
};
"""
MODULE = """
#define NAME_OF_IT "it" "_too"
#define PREFIX "E_MINE_"
#if 0
static const cmd_export_t dead[]={ {"dead", 0, {{0,0,0}}, REQUEST_ROUTE}, {0,0,{{0,0,0}},0} };
#endif
static const cmd_export_t cmds[]={
    {NAME_OF_IT, (cmd_function)w_it, {{CMD_PARAM_VAR,0,0}, {0,0,0}}, REQUEST_ROUTE|TIMER_ROUTE}, // it
    {"bind_it", (cmd_function)bind, {{0,0,0}}, 0},
    {0,0,{{0,0,0}},0}
};
static const acmd_export_t acmds[] = { {"later", 0, {{CMD_PARAM_INT,0,0},{0,0,0}}}, {0,0,{{0,0,0}}} };
static const param_export_t params[]={ {"size", INT_PARAM, &size}, {"set", STR_PARAM|USE_FUNC_PARAM, f}, {0,0,0} };
static const pv_export_t items[] = {
    { str_const_init("mine"), 1000, pv_get, pv_set, pv_name, 0, 0, 0 },
    { {"other", sizeof("other")-1}, 1001, pv_get, 0, 0, pv_index, 0, 0 },
    { {0, 0}, 0, 0, 0, 0, 0, 0, 0 }
};
static const mi_export_t mi_cmds[] = {
    { "mine_list", 0, 0, 0, { {mi_all, {0}}, {mi_one, {"name", 0}}, {EMPTY_MI_RECIPE}}, {0} }, {EMPTY_MI_EXPORT}
};
static const stat_export_t stats[] = { {"hits", STAT_NO_RESET, &hits}, {0,0,0} };
static const trans_export_t trans[] = { {str_const_init("my"), tr_parse, tr_eval}, {{0,0},0,0} };
int tr_parse(str *in, trans_t *t) { if (name.len==2 && !memcmp(name.s, "up", 2)) return 1; return 0; }
static str ev = str_init(PREFIX "CHANGED");
static int init(void) { id = evi_publish_event(ev); return 0; }
struct module_exports exports = { "mine", };
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "core_cmds.c").write_text(CORE)
    (tmp_path / "modules" / "mine").mkdir(parents=True)
    (tmp_path / "modules" / "mine" / "mine.c").write_text(MODULE)
    return tmp_path


def test_facts_of_a_tree(sources: Path, tmp_path: Path) -> None:
    facts = tree.read(sources)
    assert [fact["name"] for fact in facts["modules"]] == ["core", "mine"]
    functions = {fact["name"]: fact for fact in facts["functions"]}
    assert functions["go"]["params"] == [{"type": "string"}, {"type": "int", "optional": True}]
    assert functions["go"]["routes"] == ["request", "event"]
    assert functions["it_too"]["routes"] == ["request", "timer"]
    assert functions["later"]["async"]
    assert "dead" not in functions
    assert [(p["name"], p["type"], p["parsed_by_function"]) for p in facts["modparams"]] == [
        ("size", "int", False),
        ("set", "string", True),
    ]
    assert [(v["name"], v["writable"], v["takes_name"], v["index"]) for v in facts["variables"]] == [
        ("mine", True, True, False),
        ("other", False, False, True),
    ]
    assert [(c["name"], c["recipes"]) for c in facts["mi"]] == [("mine_list", [[], ["name"]])]
    assert [(s["name"], s["flags"]) for s in facts["statistics"]] == [("hits", ["STAT_NO_RESET"])]
    assert [(t["class"], t["name"]) for t in facts["transformations"]] == [("my", "up")]
    assert [e["name"] for e in facts["events"]] == ["E_MINE_CHANGED"]
    write(facts, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "events.json").read_text())["events"] == facts["events"]


LEXER = """
/* keywords */
OTHER		"other"
MEMLOG		"memlog"|"mem_log"
SOCKET		socket
PROXY		("proxy"|"PROXY")
%%
<INITIAL>{OTHER}	{ count(); return OTHER; }
<INITIAL>{MEMLOG}	{ count(); yylval.strval=yytext;
			return MEMLOG; }
<INITIAL>{SOCKET}	{ count(); return SOCKET_DEF; }
<INITIAL>{PROXY}	{ count(); return PROXY; }
"""
GRAMMAR = """
statement: assign_stm | OTHER
assign_stm: MEMLOG EQUAL NUMBER { x = 1; }
	| MEMLOG EQUAL error { yyerror("no"); }
	| SOCKET_DEF EQUAL socket { ; }
	;
socket: ID PROXY
"""


def test_settings_of_a_tree(sources: Path) -> None:
    assert tree.read(sources)["globals"] == []
    (sources / "cfg.lex").write_text(LEXER)
    (sources / "cfg.y").write_text(GRAMMAR)
    found = tree.read(sources)
    assert [fact["name"] for fact in found["globals"]] == ["memlog", "mem_log", "socket"]
    lines = list(catalogue.differences(found, "4.0"))
    assert "globals: the catalogue has tcp_threads, the tree does not" in lines
    assert "globals: the catalogue has listen, the tree does not" not in lines


def test_a_module_may_be_written_in_cpp(sources: Path) -> None:
    (sources / "modules" / "mine" / "mine.c").rename(sources / "modules" / "mine" / "mine.cpp")
    assert [fact["name"] for fact in tree.read(sources)["modules"]] == ["core", "mine"]


def test_facts_beside_the_catalogue(sources: Path) -> None:
    lines = list(catalogue.differences(tree.read(sources), "3.6"))
    assert "modules: the tree has mine, the catalogue does not" in lines
    assert "functions: the tree has it_too, the catalogue does not" in lines
    assert not any("bind_it" in line for line in lines)
    assert "variables: the catalogue has avp, the tree does not" in lines


def test_a_folder_that_is_no_tree(tmp_path: Path) -> None:
    with pytest.raises(tree.NoTreeError, match="core_cmds"):
        tree.read(tmp_path)


def test_tables_of_c() -> None:
    text = stripped('static const thing_t list[2] = { {"a" /* x */ "b", F(1, 2), {3}}, {0} }; // "list"')
    (found,) = tables(text, "thing_t", {})
    assert (found.name, found.line, len(found.rows)) == ("list", 1, 2)
    assert text_of(found.rows[0].items[0]) == "ab"
    assert found.rows[0].tokens(1) == ["F", "(", "1", ",", "2", ")"]


# -- a server ---------------------------------------------------------------------------------------------------------


def test_the_environment_names_a_server(tmp_path: Path) -> None:
    with pytest.raises(NotInstalledError, match="OPENSIPS_MODULES"):
        installed({})
    with pytest.raises(NotInstalledError, match="is no program"):
        installed({"OPENSIPS": str(tmp_path / "none"), "OPENSIPS_MODULES": str(tmp_path)})
    with pytest.raises(NotInstalledError, match="is no folder"):
        installed({"OPENSIPS": sys.executable, "OPENSIPS_MODULES": str(tmp_path / "none")})


def test_a_server_says_its_version(tmp_path: Path) -> None:
    program = tmp_path / "opensips"

    def says(text: str) -> Installed:
        program.write_text(f"#!/bin/sh\necho 'version: opensips {text} (x86_64/linux)'\n")
        program.chmod(0o755)
        return Installed(program, tmp_path)

    assert says("4.0.1").server_version() == says("4.0.1").server_version("4.0") == "4.0"
    assert says("3.6.8").server_version() == "3.6"
    with pytest.raises(NotInstalledError, match=r"is OpenSIPS 3.6.8, not 4.0"):
        says("3.6.8").server_version("4.0")
    with pytest.raises(NotInstalledError, match=r"3.6 or 4.0"):
        says("3.5.2").server_version()
    with pytest.raises(NotInstalledError, match=r"3.6 or 4.0"):
        says("3.6.8").server_version("nine")


def test_a_configuration_tells_where_the_script_begins(tmp_path: Path) -> None:
    (tmp_path / "json.so").touch()
    settings = 'loadmodule "tm.so"\nmax_while_loops=5'
    text, line = configuration(
        Installed(Path("x"), tmp_path), Path("/door"), 5060, "route[r] { exit; }", settings=settings
    )
    assert text.split("\n")[line - 1] == "route[r] { exit; }"
    assert 'loadmodule "json.so"' in text
    assert "regex.so" not in text
    assert text.index('loadmodule "tm.so"') < text.index("modparam") < text.index("max_while_loops")


@pytest.fixture(scope="module")
def server() -> Installed:
    try:
        return installed()
    except NotInstalledError as error:
        pytest.skip(str(error))


@pytest.fixture
def comparison(server: Installed) -> Iterator[Comparison]:
    made = Comparison(server, patience=5.0, version=server.server_version())
    yield made
    made.close()


def test_programs_log_the_same_on_a_server(comparison: Comparison, server: Installed) -> None:
    tally = Tally()
    comparison.try_all(generating.programs(20261130, 0, 60, server.server_version()), tally)
    assert tally.tried == 60
    assert not tally.differences


def test_programs_about_subscriptions_log_the_same_on_a_server(comparison: Comparison, server: Installed) -> None:
    tally = Tally()
    comparison.try_all(generating.programs(20261130, 0, 40, server.server_version(), "subscriptions"), tally)
    assert tally.tried == 40
    assert not tally.differences


def test_what_kills_a_server_ends_only_its_program(comparison: Comparison) -> None:
    programs = [
        Program(name, f"event_route[E_{name}] {{ {text} }}", ((f"E_{name}", None),))
        for name, text in (("A", 'xlog("a\\n");'), ("B", "$var(x) = 1; $var(x) /= 0;"), ("C", 'xlog("c\\n");'))
    ]
    tally = Tally()
    assert not comparison.compare(programs, tally)
    assert tally.died == 1


def test_recording_gives_what_is_recorded(server: Installed, tmp_path: Path) -> None:
    """Some of the recorded programs again: the same log, diagnostics in the same places, the same refusals."""
    folder = Path(__file__).parent / "conformance"
    cases = json.loads((folder / "second-look.json").read_text("utf-8"))[:6]
    cases += json.loads((folder / "rejected.json").read_text("utf-8"))[:2]
    (tmp_path / "cases.json").write_text(json.dumps(cases), "utf-8")
    assert not list(recording.record_file(server, tmp_path / "cases.json", tmp_path / "again.json"))
    again = json.loads((tmp_path / "again.json").read_text("utf-8"))
    assert [case["expect"]["log"] for case in again] == [case["expect"]["log"] for case in cases]
