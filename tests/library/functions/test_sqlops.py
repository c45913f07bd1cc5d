"""SQL from scripts. Codes and values were observed on OpenSIPS 3.6 with its SQLite driver."""

from __future__ import annotations

import json
import sqlite3
import time

import pytest

from evroute_kernel.engine.session.session import Session
from evroute_kernel.errors import ScriptError
from evroute_kernel.library import table
from evroute_kernel.runtime.control import ScriptCrash

LIBRARY = table.of("3.6")

SCHEMA = """
create table t(id integer primary key autoincrement, name varchar(20), n int, big bigint, r real, d datetime, b blob,
    x numeric);
insert into t values(1, 'a', 10, 5000000000, 1.5, '2024-01-02 03:04:05', x'4142004301', 1.25);
insert into t values(2, 'b', -20, -1, 0.1, '2024-01-02', x'', '7');
insert into t(id) values(3);
create table u(a text, b text);
insert into u values('x', '1'), ('y', '2');
create table empty(a text);
create view seen as select a from u;
"""
LOAD = 'loadmodule "sqlops.so"\n'


def url(path, number=""):
    return f'modparam("sqlops", "db_url", "{number}sqlite://{path}")\n'


@pytest.fixture
def play(script, file):
    """Run statements on the file; `extra` are more module parameters."""
    return lambda statements, extra="": script(statements, LOAD + url(file) + extra)


def literal(value):
    """An argument as a script writes it: JSON for what is no text, nothing for None."""
    if value is None:
        return ""
    return json.dumps(value if isinstance(value, str) else json.dumps(value), ensure_ascii=False)


def call(name, *arguments):
    """A call, and its code printed."""
    return f'{name}({", ".join(map(literal, arguments))}); xlog("$rc");'


# -- sql_query --------------------------------------------------------------------------------------------------------


def test_rows_are_pushed_with_the_first_on_top(play):
    assert play('sql_query("select id, name from t"); xlog("$rc $avp(1) $(avp(1)[*]) $(avp(2)[*])");') == [
        "1 1 1, 2, 3 a, b, <null>"
    ]


def test_rows_come_on_top_of_what_an_avp_holds(play):
    assert play('$avp(n) = "old"; sql_query("select a from u", "$avp(n)"); xlog("$(avp(n)[*])");') == ["x, y, old"]


def test_null_is_a_text_on_an_avp(play):
    statements = 'sql_query("select name from t where id = 3", "$avp(n)"); xlog("$avp(n) $(avp(n){s.len})");'
    assert play(statements) == ["<null> 6"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("$avp(p);$avp(q)", "x, y 1, 2"),
        (" $avp(p) , $avp(q);", "x, y 1, 2"),
        ("$avp(p)$avp(q)", "x, y 1, 2"),
        ("$avp(p)", "x, y <null>"),
        ("$(avp(p)[1]) $(avp(q){s.len})", "x, y 1, 2"),
        ("$avp($var(name)) $avp(q)", "x, y 1, 2"),
    ],
)
def test_lists_of_avps(play, names, expected):
    statements = f'$var(name) = "p"; sql_query("select a, b from u", "{names}"); xlog("$(avp(p)[*]) $(avp(q)[*])");'
    assert play(statements) == [expected]


def test_a_variable_may_hold_the_list(play, complaints):
    statements = '$var(l) = "{}"; sql_query("select a from u", $var(l)); xlog("$rc $(avp(p)[*])");'
    assert play(statements.format("$avp(p)")) == ["1 x, y"]
    assert play(statements.format("junk")) == ["-1 <null>"]
    assert "junk" in complaints()[0]


def test_a_bad_list_lets_nothing_run(play, rows):
    for name in ("sql_query", "sql_query_one"):
        assert play(f"""$var(l) = "junk"; {name}("delete from u", $var(l)); xlog("$rc");""") == ["-1"]
    assert len(rows("select * from u")) == 2


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select a from u", 1),
        ("  SELECT a FROM u", 1),
        ("select a from u; select nope from nowhere", 1),
        ("/* select */ select a from u", 1),
        ("select a from u where a = 'none'", -2),
        ("insert into u values('z', '3')", -2),
        ("update u set a = 'q' where a = 'none'", -2),
        ("create table more(a int); drop table more;", -2),
        ("with w as (select a from u) select a from w", -2),
        ("pragma table_info(u)", -2),
        ("-- x\nselect a from u", -2),
        ("bogus", -1),
        ("bogus statement", -1),
        ("", -1),
        ("select nope from u", -1),
        ("select a from nowhere", -1),
        ("(select a from u)", -1),
        ("drop", -1),
        ("insert into u values('z'); insert into nowhere values(1)", -1),
    ],
)
def test_codes_of_a_query(play, complaints, query, code):
    assert play(f'sql_query({json.dumps(query)}); xlog("$rc");') == [str(code)]
    assert len(complaints()) == (code == -1)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select 1", -1),
        ("select a\nfrom u", -1),
        ("select a from u limit 1 offset 1", -1),
        ("select a from u limit 0", -1),
        ("select a from empty group by a", -1),
        ("select ' from u' from empty", -1),
        ("select a from u group by a", 1),
        ("select a from empty union select a from u", -2),
    ],
)
def test_the_driver_counts_rows_before_it_reads_them(play, query, code):
    assert play(f'sql_query({json.dumps(query)}); xlog("$rc");') == [str(code)]


def test_a_query_may_have_so_many_bytes_behind_from(play):
    query = "select a from u where a = '" + "{}" + "'"
    fits = 2033 - len(query.format("").removeprefix("select a"))
    statements = 'sql_query("{}"); xlog("$rc");'
    assert play(statements.format(query.format("x" * fits))) == ["-2"]
    assert play(statements.format(query.format("x" * (fits + 1)))) == ["-1"]
    fits += 2  # the blanks around the operator
    assert play(select(["a"], "u", [{"a": "x" * fits}])) == ["1 <null>"]
    assert play(select(["a"], "u", [{"a": "x" * (fits + 1)}])) == ["-1 <null>"]


def test_transactions_are_the_scripts_own(play, rows):
    play("""sql_query("begin; insert into u values('z', '9'); insert into nowhere values(1)");""")
    assert rows("select count(*) from u") == [(2,)]
    assert play('sql_query("select a from u", "$avp(a)"); xlog("$(avp(a)[*])"); sql_query("rollback");') == ["x, y, z"]
    assert play('sql_query("select a from u", "$avp(a)"); xlog("$(avp(a)[*])");') == ["x, y"]


def test_quotes_and_comments_hide_the_end_of_a_statement(play, rows):
    query = "insert into u values('a;''b', '--'); -- x; y\\n insert into u values('/*', ';') /* ; */;"
    assert play(f'sql_query("{query}"); xlog("$rc");') == ["-2"]
    assert rows("select * from u where rowid > 2") == [("a;'b", "--"), ("/*", ";")]


# -- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("n", "10, -20, <null>"),
        ("big", "705032704, -1, <null>"),
        ("r", "1.50000000, 0.10000000, <null>"),
        ("x", "1, 7, <null>"),
    ],
)
def test_values_by_their_declared_type(play, column, expected):
    assert play(f'sql_query("select {column} from t", "$avp(v)"); xlog("$(avp(v)[*])");') == [expected]


def test_a_blob_keeps_its_zeros_and_a_text_ends_at_one(play):
    statements = 'sql_query("{} from t where id = 1", "$avp(v)"); xlog("$(avp(v){{s.len}})");'
    assert play(statements.format("select b")) == ["5"]
    play("""sql_query("update t set name = cast(x'610062' as text) where id = 1");""")
    assert play(statements.format("select name")) == ["1"]


def test_dates_are_seconds_in_local_time(play):
    first = int(time.mktime((2024, 1, 2, 3, 4, 5, 0, 0, -1)))
    second = int(time.mktime((2024, 1, 2, 0, 0, 0, 0, 0, -1)))
    assert play('sql_query("select d from t", "$avp(v)"); xlog("$(avp(v)[*])");') == [f"{first}, {second}, <null>"]


@pytest.mark.parametrize(
    ("declared", "value", "expected"),
    [
        ("int", "'7abc'", "1 7"),
        ("int", "'abc'", "1 0"),
        ("integer", "99999999999", "1 1215752191"),
        ("decimal(10,2)", "1.99", "1 1"),
        ("tinytext", "'5'", "1 5"),
        ("char", "'g'", "1 g"),
        ("double precision", "'abc'", "1 0.00000000"),
        ("date", "'notadate'", "-1 <null>"),
        ("datetime", "'2024-13-01'", "-1 <null>"),
        ("timestamp", "'2024-01-01'", "-1 <null>"),
        ("json", "'{}'", "-1 <null>"),
        ("json", "null", "1 <null>"),
    ],
)
def test_the_first_letters_of_a_type_decide(play, declared, value, expected):
    play(f'sql_query("create table v(a {declared}); insert into v values({value});");')
    assert play('sql_query("select a from v", "$avp(v)"); xlog("$rc $avp(v)");') == [expected]


def test_large_integers_may_be_kept_whole(play):
    extra = 'modparam("sqlops", "bigint_to_str", 1)\n'
    statements = 'sql_query("select big, id from t where id = 1", "$avp(v) $avp(i)"); xlog("$avp(v) $(avp(i){s.len})");'
    assert play(statements, extra) == ["5000000000 1"]


def test_a_computed_column_has_a_value_and_a_warning_for_each_place(play, complaints):
    statements = 'sql_query("select count(*), max(r), max(name), null from t", "$avp(a),$avp(b),$avp(c),$avp(d)");'
    assert play(f'{statements} {statements} xlog("$rc $avp(a) $avp(b) $avp(c) $avp(d)");') == [
        "1 3 1.50000000 b <null>"
    ]
    assert ["count(*)" in text and "dies" in text for text in complaints()] == [True, True]
    play(statements)
    assert complaints() == []


def test_bytes_pass_through_as_they_are(play, rows):
    byte = '$var(h) = "ff27"; $var(b) = $(var(h){s.decode.hexa});'
    play(f"""{byte} sql_query("insert into u values('Zoë', '$var(b)')");""")
    assert rows("select a, hex(b) from u where rowid = 3") == []
    play(f"""{byte} sql_query("insert into u values('Zoë', '$var(b)'')");""")
    assert rows("select a, hex(b) from u where rowid = 3") == [("Zoë", "FF27")]
    query = f"""{byte} sql_query("select a from u where b = '$var(b)''", "$avp(a)");"""
    assert play(f'{query} xlog("$avp(a) $(avp(a){{s.len}})");') == ["Zoë 4"]


def test_bytes_that_are_no_utf8_stand_in_texts_alone(play, complaints):
    byte = '$var(h) = "ff"; $var(b) = $(var(h){s.decode.hexa});'
    assert play(f'{byte} sql_query("select $var(b) from u"); xlog("$rc");') == ["-1"]
    assert "UTF-8" in complaints()[0]


# -- sql_query_one ----------------------------------------------------------------------------------------------------


def test_one_row_goes_into_variables(play):
    query = 'sql_query_one("select name, n, big from t", "$var(a), $avp(b); $json(c)");'
    assert play(f'{query} xlog("$rc $var(a) $avp(b) $json(c)");') == ["1 a 10 705032704"]


def test_a_real_is_zero_in_one_row(play):
    assert play('sql_query_one("select r from t", "$var(a)"); $var(b) = $var(a) + 1; xlog("$var(a) $var(b)");') == [
        "0 1"
    ]


def test_null_in_one_row_is_null_and_drops_the_newest_value(play):
    statements = """$var(a) = 1; $avp(k) = "old"; $avp(k) = "new";
        sql_query_one("select name, n from t where id = 3", "$var(a) $avp(k)"); xlog("$rc $var(a) $(avp(k)[*])");"""
    assert play(statements) == ["1 <null> old"]


@pytest.mark.parametrize(
    ("query", "names", "expected"),
    [
        ("select name from t where id = 99", '"$var(a)"', "-2 old"),
        ("update t set n = 1", '"$var(a)"', "-2 old"),
        ("select name, n from t", '"$var(a)"', "-1 a"),
        ("select name from t", "", "-1 old"),
        ("select name from t", '""', "-1 old"),
        ("select name from t", '"$var(a) $var(b)"', "1 a"),
        ("select name from t", '"$json(j/a)"', "-1 old"),
    ],
)
def test_codes_of_one_row(play, query, names, expected):
    statements = f'$var(a) = "old"; sql_query_one("{query}", {names}); xlog("$rc $var(a)");'.replace(", )", ")")
    assert play(statements) == [expected]


@pytest.mark.parametrize(("query", "code"), [("select id from t", "-1"), ("select a from u", "1")])
def test_a_variable_that_takes_texts_alone(play, complaints, query, code):
    assert play(f'sql_query_one("{query}", "$du"); xlog("$rc");') == [code]
    assert len(complaints()) == (code == "-1")


# -- structured statements --------------------------------------------------------------------------------------------


def select(columns=None, table="t", filter=None, order=None):
    return call("sql_select", columns, table, filter, order, "$avp(a)").replace("$rc", "$rc $(avp(a)[*])")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"columns": ["name"]}, "1 a, b, <null>"),
        ({}, "1 1, 2, 3"),
        ({"columns": ["name"], "filter": [{"id": 2}]}, "1 b"),
        ({"columns": ["name"], "filter": [{"id": {">": 1}}, {"n": {"<": 0}}]}, "1 b"),
        ({"columns": ["name"], "filter": []}, "1 a, b, <null>"),
        ({"columns": ["name"], "filter": [{"id": 99}]}, "1 <null>"),
        ({"columns": ["id"], "order": "id desc"}, "1 3, 2, 1"),
        ({"columns": ["id"], "filter": [{"name": {" like ": "A%"}}]}, "1 1"),
        ({"columns": ["id"], "filter": [{"name": None}]}, "1 <null>"),
        ({"columns": ["id"], "filter": [{"name": {" is ": None}}]}, "1 3"),
        ({"columns": ["id"], "filter": [{"id": 1.9}]}, "1 1"),
        ({"columns": ["id"], "filter": [{"id": 1, "name": "none"}]}, "1 1"),
        ({"columns": ["id"], "filter": [{"id": {">": 1, "<": 0}}]}, "1 2, 3"),
        ({"columns": ["id"], "filter": [{"name": "a' or '1'='1"}]}, "1 <null>"),
        ({"columns": ["A"], "table": "U"}, "1 x, y"),
        ({"columns": ["u.a"], "table": "u"}, "1 x, y"),
        ({"columns": ["distinct a"], "table": "u"}, "1 x, y"),
        ({"columns": ["rowid"], "table": "u"}, "1 1, 2"),
    ],
)
def test_selects(play, arguments, expected):
    assert play(select(**arguments)) == [expected]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"columns": ["name as z"]}, "'z'"),
        ({"columns": ["nope"]}, "nope"),
        ({"columns": ["a"], "table": "seen"}, "'seen'"),
        ({"columns": ["a"], "table": "main.u"}, "'main.u'"),
        ({"table": "nowhere"}, "nowhere"),
        ({"table": ""}, ""),
        ({"columns": {"name": 1}}, "array"),
        ({"columns": [1]}, "a number"),
        ({"columns": [[]]}, "an array"),
        ({"columns": ["name"], "filter": {"id": 1}}, "array"),
        ({"columns": ["name"], "filter": [1]}, "a number"),
        ({"columns": ["name"], "filter": [{"id": True}]}, "true"),
        ({"columns": ["name"], "filter": [{"id": [1]}]}, "an array"),
        ({"columns": ["name"], "filter": [{"id": {">": {"x": 1}}}]}, "an object"),
    ],
)
def test_selects_that_fail(play, complaints, arguments, why):
    assert play(select(**arguments)) == ["-1 <null>"]
    (complaint,) = complaints()
    assert complaint.startswith("sql_select(): ")
    assert why in complaint


@pytest.mark.parametrize("columns", ["[]", "", '["name"', "name"])
def test_columns_that_are_none(play, columns):
    assert play(call("sql_select", columns, "t")) == ["-1"]


def test_json_may_have_text_behind_it(play):
    assert play('sql_select("[\\"a\\"] junk", "u",,, "$avp(a)"); xlog("$rc $(avp(a)[*])");') == ["1 x, y"]


@pytest.mark.parametrize("filter", [[{}], [{"a": {}}]])
def test_an_empty_object_would_kill_the_server(play, filter):
    with pytest.raises(ScriptCrash, match="empty object"):
        play(select(["a"], "u", filter))


def one(columns, table, filter, names="$var(a), $var(b)"):
    return call("sql_select_one", columns, table, filter, None, names).replace("$rc", "$rc $var(a) $var(b)")


def test_select_one(play):
    assert play(one(["a", "b"], "u", [{"a": "y"}])) == ["1 y 2"]
    assert play(one(["a", "b"], "u", [{"a": "none"}])) == ["1 y 2"]
    assert play(one(None, "u", [], "$var(a)")) == ["-1 x 2"]


def test_select_one_has_a_table_of_its_own(play):
    extra = 'modparam("sqlops", "usr_table", "u")\n'
    assert play(one(["b", "a"], None, [{"a": "y"}]), extra) == ["1 2 y"]


def test_update(play, rows):
    assert play(call("sql_update", [{"name": "zed"}, {"n": -1.9}], "t", [{"id": 1}])) == ["1"]
    assert rows("select name, n from t where id = 1") == [("zed", -1)]
    assert play(call("sql_update", [{"n": 5}], "t", [{"id": 99}])) == ["1"]
    assert play(call("sql_update", [{"n": 99999999999}], "t")) == ["1"]
    assert rows("select n from t") == [(2147483647,)] * 3


def test_insert_replace_and_delete(play, rows):
    assert play(call("sql_insert", "t", [{"name": "o'neil"}, {"n": -3}, {"b": None}])) == ["1"]
    assert rows("select id, name, n, b from t where id > 3") == [(4, "o'neil", -3, None)]
    assert play(call("sql_insert", "t", [{"id": 4}])) == ["-1"]
    assert play(call("sql_replace", "t", [{"id": 4}, {"name": "new"}])) == ["1"]
    assert rows("select name, n from t where id > 3") == [("new", None)]
    assert play(call("sql_delete", "t", [{"id": {">=": 2}}])) == ["1"]
    assert rows("select id from t") == [(1,)]
    assert play(call("sql_delete", "t") * 2) == ["1", "1"]
    assert rows("select id from t") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("sql_update", [], "t"),
        ("sql_update", [{"nope": 1}], "t"),
        ("sql_update", [{"n": {"=": 1}}], "t"),
        ("sql_update", {"n": 1}, "t"),
        ("sql_update", [{"n": False}], "t"),
        ("sql_insert", "t", []),
        ("sql_insert", "t", "junk"),
        ("sql_replace", "nowhere", [{"n": 1}]),
        ("sql_delete", "nowhere"),
        ("sql_delete", "t", "junk"),
    ],
)
def test_changes_that_fail(play, rows, complaints, arguments):
    before = rows("select * from t")
    assert play(call(*arguments)) == ["-1"]
    assert len(complaints()) == 1
    assert rows("select * from t") == before


def test_a_statement_has_a_longest_length(context, modparam, file, complaints):
    modparam("sqlops", "db_url", f"sqlite://{file}")
    room = 65534 - len("insert into u (a) values ('')")
    codes = [
        LIBRARY.functions["sql_insert"].behaviour.call(context, "u", json.dumps([{"a": "x" * n}]), None)
        for n in (room, room + 1)
    ]
    assert codes == [1, -1]
    assert "too long" in complaints()[0]


# -- databases --------------------------------------------------------------------------------------------------------


def test_several_databases(script, file, tmp_path):
    before = LOAD + url(file) + url(tmp_path / "two.db", " 2 ")
    statements = """sql_query("create table u(a text); insert into u values('two')",, 2);
        sql_query("select a from u", "$avp(a)", 2); sql_query("select a from u", "$avp(b)"); $var(id) = 2;
        sql_query("select a from u", "$avp(c)", $var(id)); xlog("$(avp(a)[*]) | $(avp(b)[*]) | $(avp(c)[*])");"""
    assert script(statements, before) == ["two | x, y | two"]


def test_the_first_database_is_the_default_without_a_zero(script, file, tmp_path):
    before = LOAD + url(file, "7 ") + url(tmp_path / "two.db", "-1 ")
    assert script('sql_query("select a from u"); xlog("$(avp(1)[*])");', before) == ["x, y"]


def test_a_number_that_no_database_has(play, complaints):
    with pytest.raises(ScriptError, match="no database 3"):
        play('sql_query("select a from u",, 3);')
    assert play('$var(id) = 3; sql_query("select a from u",, $var(id)); xlog("$rc");') == ["-1"]
    assert "no database 3" in complaints()[0]


def test_paths(script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    statements = 'sql_query("create table if not exists v(a int)"); xlog("$rc");'
    for written in ("sqlite://near.db", f"sqlite://{tmp_path}/far.db", "sqlite://:memory:"):
        assert script(statements, f'{LOAD}modparam("sqlops", "db_url", "{written}")\n') == ["-2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["far.db", "near.db"]


def test_a_file_that_cannot_be_opened(script, tmp_path, complaints):
    before = LOAD + url(tmp_path / "nowhere" / "t.db")
    assert script('sql_query("select a from u"); xlog("$rc");', before) == ["-1"]
    (complaint,) = complaints()
    assert "nowhere/t.db' cannot be opened" in complaint
    assert "root" in complaint


def test_a_file_that_is_no_database(script, tmp_path, complaints):
    path = tmp_path / "t.db"
    path.write_text("no database, but long enough to be looked at" * 30)
    assert script('sql_query("select a from u"); xlog("$rc");', LOAD + url(path)) == ["-1"]
    assert "not a database" in complaints()[0]


def test_a_locked_file_costs_its_timeout(play, file, complaints):
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("begin exclusive")
    extra = 'loadmodule "db_sqlite.so"\nmodparam("db_sqlite", "busy_timeout", 20)\n'
    started = time.monotonic()
    assert play('sql_query("select a from u"); xlog("$rc");', extra) == ["-1"]
    assert time.monotonic() - started < 5
    assert "locked" in complaints()[0]
    holder.close()
    assert play('sql_query("select a from u"); xlog("$rc");', extra) == ["1"]


def test_pragmas_are_executed(play):
    extra = 'loadmodule "db_sqlite.so"\nmodparam("db_sqlite", "exec_pragma", "case_sensitive_like=1")\n'
    assert play(select(["a"], "u", [{"a": {" like ": "X"}}]), extra) == ["1 <null>"]


def test_a_connection_is_kept_for_the_next_run(script):
    before = LOAD + 'modparam("sqlops", "db_url", "sqlite://:memory:")\n'
    script("""sql_query("create table v(a text); insert into v values('kept')");""", before)
    assert script('sql_query("select a from v"); xlog("$avp(1)");', before) == ["kept"]


def test_a_file_that_is_made_anew_is_opened_again(play, file, complaints):
    statements = 'sql_query("select a from u", "$avp(a)"); xlog("$rc $(avp(a)[*])");'
    assert play(statements) == ["1 x, y"]
    other = file.with_name("other.db")
    with sqlite3.connect(other) as connection:
        connection.executescript("create table u(a text); insert into u values('new')")
    connection.close()
    other.replace(file)
    assert play(statements) == ["1 new"]
    file.unlink()
    assert play(statements) == ["-1 <null>"]
    assert "no such table" in complaints()[0]


def test_workers_of_a_session_share_a_file(file):
    route = """event_route[E_A] { sql_query("insert into u(a) values('$param(1)')");
        sql_query("select a from u order by a"); xlog("$(avp(1)[*])"); }"""
    with Session(workers=2) as session:
        session.load(LOAD + url(file) + route)
        session.raise_event("E_A", ["p"])
        runs = [session.submit("E_A", [name]) for name in "qr"]
        assert all(run.result(30).ok for run in runs)
        last = session.raise_event("E_A", ["s"])
    assert [record.text for record in last.log] == ["p, q, r, s, x, y"]


# -- what is refused at start -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        'sql_query("select a from u", "junk")',
        'sql_query("select a from u", "$avp(a) junk")',
        'sql_query("select a from u", "$var(a)")',
        'sql_query("select a from u", "$json(a)")',
        'sql_query("select a from u", " ; ,")',
        'sql_query_one("select a from u", "$Ts")',
        'sql_select(, "u",,, "$var(a)")',
        'sql_select_one(, "u", "[]",, "$Ts")',
        'sql_delete("u",, 9)',
        'sql_avp_load("bob", "*", 9)',
        'sql_avp_load("bob/foo", "*")',
        'sql_avp_load("$nope", "*")',
        'sql_avp_load("bob", "x")',
        'sql_avp_load("bob", "sx")',
        'sql_avp_load("bob", "")',
        'sql_avp_load("bob", "$var(x)")',
        'sql_avp_load("bob", "$avp(x)y")',
        'sql_avp_load("bob", "$avp(x)/$nope")',
        'sql_avp_load("bob", "*/$known")',
        'sql_avp_store("bob", "$avp(x)/$known")',
        'sql_avp_delete("bob", "$avp(x)/")',
    ],
)
def test_calls_that_are_refused(play, call):
    with pytest.raises(ScriptError) as refusal:
        play(f"{call};", 'modparam("sqlops", "db_scheme", "known: table=s")\n')
    (diagnostic,) = refusal.value.diagnostics
    assert diagnostic.code == "argument"
    assert diagnostic.span.line == 6


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("db_url", "sqlite:/t.db"),
        ("db_scheme", "abc"),
        ("db_scheme", "abc:"),
        ("db_scheme", "abc: table"),
        ("db_scheme", "abc: foo=1"),
        ("db_scheme", "abc: value_type=float"),
        ("db_scheme", "abc: table=a;table=b"),
    ],
)
def test_parameters_that_are_refused(script, parameter, value):
    with pytest.raises(ScriptError) as refusal:
        script("exit;", f'{LOAD}modparam("sqlops", "{parameter}", "{value}")\n')
    assert [d.code for d in refusal.value.diagnostics] == ["parameter-value"]


def test_the_module_must_be_loaded(script):
    with pytest.raises(ScriptError, match=r"sqlops\.so"):
        script('sql_query("select a from u");')


# -- stubs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["", 'modparam("sqlops", "db_url", "mysql://user@host/base")\n'])
def test_without_sqlite_the_functions_are_stubs(script, process, complaints, before):
    calls = []
    process.stub_called = lambda *call: calls.append(call)
    assert script('sql_query("select $var(x)", "$avp(a)"); xlog("$rc");', LOAD + before) == ["-1"]
    assert calls == [("sql_query", ("select <null>", "$avp(a)", None))]
    assert "%stub sql_query returns 1" in complaints()[0]
    process.settings.stubs["sql_query"] = (1, (("$avp(a)", "row"),))
    assert script('sql_query("select x", "$avp(a)"); xlog("$rc $avp(a)");', LOAD + before) == ["1 row"]


def test_one_database_may_be_real_and_another_not(script, file, process, complaints):
    calls = []
    process.stub_called = lambda *call: calls.append(call)
    before = LOAD + 'modparam("sqlops", "db_url", "mysql://user@host/base")\n' + url(file, "1 ")
    assert script('sql_query("select a from u"); sql_query("select a from u",, 1); xlog("$rc");', before) == ["1"]
    assert [name for name, _ in calls] == ["sql_query"]
    assert len(complaints()) == 1


@pytest.mark.parametrize("name", [n for n, f in LIBRARY.functions.items() if f.module == "sqlops"])
def test_none_is_declared_a_stub_but_all_take_rules(name):
    assert not LIBRARY.functions[name].stub
    assert LIBRARY.functions[name].takes_rules


def test_exec_stays_a_stub(script, process, complaints, tmp_path):
    calls = []
    process.stub_called = lambda *call: calls.append(call)
    target = tmp_path / "made"
    assert script(f'exec("touch {target}",, $var(out)); xlog("$rc");', 'loadmodule "exec.so"\n') == ["-1"]
    assert calls == [("exec", (f"touch {target}", None, "$var(out)=<null>", None, None))]
    assert not target.exists()
    assert LIBRARY.functions["exec"].stub
    assert "stub" in LIBRARY.functions["exec"].doc
    assert len(complaints()) == 1
