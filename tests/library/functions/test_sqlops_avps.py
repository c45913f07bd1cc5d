"""AVPs kept in a table. Codes and rows were observed on OpenSIPS 3.6 with its SQLite driver."""

from __future__ import annotations

import pytest

TABLE = """
    (id integer primary key, uuid varchar(64), username varchar(64), domain varchar(64), attribute varchar(32),
    type integer default 0, value varchar(128));
"""
SCHEMA = f"""
create table usr_preferences {TABLE}
create table other {TABLE}
create table plain(uuid varchar(64), username varchar(64), val varchar(20), num int);
create table untyped(uuid, attribute, value, type);
insert into usr_preferences(uuid, attribute, type, value) values
    ('bob', 'color', 0, 'red'), ('bob', 'color', 0, 'blue'), ('bob', 'size', 1, '42'), ('bob', 'bad', 1, 'x'),
    ('bob', 'none', 0, null), ('bob', 'neg', 3, '18446744073709551611');
insert into usr_preferences(username, domain, attribute, type, value) values
    ('carol', 'ex.org', 'c1', 0, 'v1'), ('carol', 'other', 'c2', 0, 'v2'), ('zed', 'ex.org', 'c3', 0, 'v3');
insert into plain values('bob', 'carol', '12', 7), ('bob', 'zed', 'ab', -1), ('bob', 'zed', null, null);
insert into untyped values('bob', 'u', 'text', 0), ('bob', 'u', 5, 0);
"""
COLUMNS = "select uuid, username, domain, attribute, type, value from usr_preferences where id > 9"


@pytest.fixture
def play(script, file):
    """Run statements on the file; `extra` are more module parameters."""
    return lambda statements, extra="": script(
        statements, f'loadmodule "sqlops.so"\nmodparam("sqlops", "db_url", "sqlite://{file}")\n{extra}'
    )


# -- loading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "shown", "expected"),
    [
        ('"bob", "$avp(color)"', "$(avp(color)[*])", "1 blue, red"),
        ('"$var(user)/UUID", "$avp(color)"', "$(avp(color)[*])", "1 blue, red"),
        ('$var(user), "$avp(color)"', "$(avp(color)[*])", "1 blue, red"),
        ('"bob", "$avp($var(name))"', "$(avp(color)[*])", "1 blue, red"),
        ('"bob", "$(avp(color)[1])"', "$(avp(color)[*])", "1 blue, red"),
        ('"bob", "$avp(size)"', "$avp(size)", "1 42"),
        ('"bob", "$avp(neg)"', "$avp(neg)", "1 -5"),
        ('"bob", "$avp(bad)"', "$avp(bad)", "-1 <null>"),
        ('"bob", "$avp(none)"', "$avp(none)", "-1 <null>"),
        ('"bob", "$avp(missing)"', "$avp(missing)", "-1 <null>"),
        ('"nobody", "*"', "$avp(color)", "-1 <null>"),
        ('"", "*"', "$avp(color)", "-1 <null>"),
        ('"bob", "*"', "$(avp(color)[*]) $avp(size) $avp(bad)", "1 blue, red 42 <null>"),
        ('"bob", "s5"', "$avp(color)", "1 blue"),
        ('"bob", "A",, "pre_"', "$(avp(pre_color)[*]) $avp(color)", "1 blue, red <null>"),
        ('"bob", "$avp(color)",, "p_"', "$(avp(p_color)[*]) $avp(color)", "1 blue, red <null>"),
        ('"bob", "$avp(color)/usr_preferences"', "$avp(color)", "1 blue"),
        ('"bob", "$avp(color)/other"', "$avp(color)", "-1 <null>"),
        ('"bob", "$avp(color)/nowhere"', "$avp(color)", "-1 <null>"),
        ('"sip:carol@ex.org/uri", "*"', "$avp(c1) $avp(c2) $avp(c3)", "1 v1 v2 <null>"),
        ('"sip:carol@ex.org/username", "*"', "$avp(c1) $avp(c2) $avp(c3)", "1 v1 v2 <null>"),
        ('"sip:carol@ex.org/domain", "*"', "$avp(c1) $avp(c2) $avp(c3)", "1 v1 <null> v3"),
        ('"sip:ex.org/uri", "*"', "$avp(c1)", "-1 <null>"),
        ('"carol/uri", "*"', "$avp(c1)", "-1 <null>"),
        ('"$var(unset)", "*"', "$avp(c1)", "-1 <null>"),
        ('"bob", "$avp($var(unset))"', "$avp(c1)", "-1 <null>"),
    ],
)
def test_loading(play, arguments, shown, expected):
    statements = f'$var(user) = "bob"; $var(name) = "color"; sql_avp_load({arguments}); xlog("$rc {shown}");'
    assert play(statements) == [expected]


def test_the_domain_counts_too_when_the_parameter_says_so(play):
    statements = 'sql_avp_load("sip:carol@ex.org/uri", "*"); xlog("$avp(c1) $avp(c2)");'
    assert play(statements, 'modparam("sqlops", "use_domain", 1)\n') == ["v1 <null>"]


def test_a_loaded_integer_is_one(play):
    assert play('sql_avp_load("bob", "$avp(size)"); $var(x) = $avp(size) + 1; xlog("$var(x)");') == ["43"]


def test_rows_that_make_no_avp_are_reported(play, complaints):
    play('sql_avp_load("bob", "*");')
    assert [("'x'" in text, "NULL" in text) for text in complaints()] == [(True, False), (False, True)]


def test_names_have_a_longest_length(play, complaints):
    statements = 'sql_avp_load("bob", "$avp(color)",, "{}"); xlog("$rc");'
    assert play(statements.format("p" * 59)) == ["1"]
    assert play(statements.format("p" * 60)) == ["-1"]
    computed = '$var(n) = "{}"; sql_avp_load("bob", "$avp($var(n))"); xlog("$rc");'
    complaints()
    assert play(computed.format("n" * 64)) == ["-1"]
    assert "too long" in complaints()[0]


@pytest.mark.parametrize(
    ("scheme", "arguments", "expected"),
    [
        ("s: table=plain;value_col=val", '"bob", "$avp(x)/$s"', "1 ab, 12"),
        ("s:table = plain ; value_col = val ; value_type=INTEGER;", '"bob", "$avp(x)/$S"', "1 12"),
        ("s: table=plain;value_col=num;value_type=integer", '"bob", "$avp(x)/$s"', "1 -1, 7"),
        ("s: table=plain;value_col=num", '"bob", "$avp(x)/$s"', "1 18446744073709551615, 7"),
        ("s: table=plain;value_col=val;uuid_col=username", '"carol", "$avp(x)/$s"', "1 12"),
        ("s: value_col=attribute", '"bob", "$avp(x)/$s"', "1 neg, none, bad, size, color, color"),
    ],
)
def test_schemes(play, scheme, arguments, expected):
    statements = f'sql_avp_load({arguments}); xlog("$rc $(avp(x)[*])");'
    assert play(statements, f'modparam("sqlops", "db_scheme", "{scheme}")\n') == [expected]


@pytest.mark.parametrize("arguments", ['"bob", "*/untyped"', '"bob", "$avp(x)/$s"'])
def test_a_table_must_declare_types(play, complaints, arguments):
    extra = 'modparam("sqlops", "db_scheme", "s: table=untyped")\n'
    assert play(f'sql_avp_load({arguments}); xlog("$rc $(avp(u)[*]) $(avp(x)[*])");', extra) == ["-1 <null> <null>"]
    assert all("declare" in text for text in complaints())


# -- storing ----------------------------------------------------------------------------------------------------------


def test_each_value_is_a_row_newest_first(play, rows):
    assert play('$avp(x) = "one"; $avp(x) = 2; $avp(y) = 0; sql_avp_store("ann", "$avp(x)"); xlog("$rc");') == ["1"]
    assert rows(COLUMNS) == [("ann", "", "", "x", 3, "2"), ("ann", "", "", "x", 2, "one")]


@pytest.mark.parametrize(
    ("source", "extra", "expected"),
    [
        ("sip:ann@ex.org/uri", "", ("", "ann", "")),
        ("sip:ann@ex.org/uri", 'modparam("sqlops", "use_domain", 1)\n', ("", "ann", "ex.org")),
        ("sip:ann@ex.org/username", "", ("", "ann", "")),
        ("sip:ann@ex.org/domain", "", ("", "", "ex.org")),
        ("o'neil", "", ("o'neil", "", "")),
    ],
)
def test_whose_avps_are_stored(play, rows, source, extra, expected):
    assert play(f'$avp(x) = "v"; sql_avp_store("{source}", "$avp(x)"); xlog("$rc");', extra) == ["1"]
    assert rows(COLUMNS) == [(*expected, "x", 2, "v")]


def test_what_is_stored_is_not_stored_again_in_the_run(play, rows):
    statements = """$avp(x) = "1"; sql_avp_store("ann", "$avp(x)"); xlog("$rc"); sql_avp_store("ann", "$avp(x)");
        xlog("$rc"); $avp(x) = "1"; $avp(y) = "2"; sql_avp_store("ann", "*"); xlog("$rc");"""
    assert play(statements) == ["1", "-1", "1"]
    assert [row[3:] for row in rows(COLUMNS)] == [("x", 2, "1"), ("y", 2, "2"), ("x", 2, "1")]
    assert play('$avp(x) = "1"; sql_avp_store("ann", "$avp(x)"); xlog("$rc");') == ["1"]


def test_what_was_loaded_is_not_stored(play, rows):
    statements = 'sql_avp_load("bob", "*"); $avp(color) = "new"; sql_avp_store("bob", "*"); xlog("$rc");'
    assert play(statements) == ["1"]
    assert rows(COLUMNS) == [("bob", "", "", "color", 2, "new")]


@pytest.mark.parametrize(
    "arguments", ['"ann", "$avp(missing)"', '"ann", "$avp(x)/nowhere"', '"$var(unset)", "$avp(x)"', '"ann/uri", "*"']
)
def test_storing_that_fails(play, rows, arguments):
    assert play(f'$avp(x) = "v"; sql_avp_store({arguments}); xlog("$rc");') == ["-1"]
    assert rows(COLUMNS) == []


def test_columns_and_table_have_other_names(play, rows):
    extra = "".join(
        f'modparam("sqlops", "{name}", "{value}")\n'
        for name, value in {"usr_table": "other", "uuid_column": "attribute", "attribute_column": "uuid"}.items()
    )
    statements = '$avp(x) = -5; sql_avp_store("ann", "$avp(x)"); sql_avp_load("ann", "*"); xlog("$(avp(x)[*])");'
    assert play(statements, extra) == ["-5, -5"]
    assert rows("select uuid, attribute, value from other") == [("x", "ann", "18446744073709551611")]


# -- deleting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ('"bob", "$avp(color)"', 7),
        ('"bob", "*"', 3),
        ('"bob", "$avp($var(name))"', 8),
        ('"sip:carol@ex.org/uri", "a"', 7),
        ('"sip:carol@ex.org/domain", "a"', 7),
        ('"nobody", "a"', 9),
        ('"bob", "a/other"', 9),
        ('"bob", "a/nowhere"', 9),
    ],
)
def test_deleting(play, rows, arguments, left):
    assert play(f'$var(name) = "size"; sql_avp_delete({arguments}); xlog("$rc");') == ["1"]
    assert rows("select count(*) from usr_preferences") == [(left,)]


def test_deleting_that_fails(play, complaints):
    assert play('sql_avp_delete("$var(unset)", "*"); xlog("$rc"); sql_avp_delete("bob", "a/nowhere");') == ["-1"]
    assert ["null" in text or "nowhere" in text for text in complaints()] == [True, True]


@pytest.mark.parametrize("name", ["sql_avp_store", "sql_avp_delete"])
def test_a_scheme_in_a_variable_is_refused_when_it_runs(play, complaints, name):
    statements = f'$avp(x) = 1; $var(n) = "$avp(x)/$s"; {name}("ann", $var(n)); xlog("$rc");'
    assert play(statements, 'modparam("sqlops", "db_scheme", "s: table=plain")\n') == ["-1"]
    assert "schemes" in complaints()[0]
