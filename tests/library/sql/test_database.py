"""The connection itself: what scripts can hardly bring about."""

from __future__ import annotations

import pytest

from evroute_kernel.library.sql.database import Database, file_of
from evroute_kernel.library.sql.types import SqlError


@pytest.fixture
def base():
    opened = Database("sqlite://:memory:")
    opened.query("create table t(a text); insert into t values('x');")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/x.db", "/var/x.db"),
        ("sqlite:////var/x.db", "//var/x.db"),
        ("sqlite://x.db", "x.db"),
        ("sqlite://:memory:", ":memory:"),
        ("sqlite:///t\xc3\xbcr", "/tür"),
    ],
)
def test_files(url, path):
    assert file_of(url) == path


def test_a_pragma_that_makes_no_sense():
    with pytest.raises(SqlError, match="cannot be opened"):
        Database("sqlite://:memory:", pragmas=["("])


def test_an_interrupt_leaves_nothing_that_matters(base):
    base.execute("create temp view evroute_result as select 1")
    result = base.query("select a from t")
    assert result is not None
    assert result.rows == [("x",)]
    assert base.query("select name from sqlite_temp_master").rows == []


def test_statements_have_a_longest_length(base):
    fits = "insert into t values('{}')"
    room = 65536 - len(fits.format(""))
    assert base.query(fits.format("x" * (room - 1))) is None
    with pytest.raises(SqlError, match="too long"):
        base.query(fits.format("x" * room))
    column = "/*{}*/ a"
    room = 65536 - len("select  from t ") - len(column.format(""))
    statement = f"select {column} from t "
    assert len(base.select(statement.format("x" * (room - 2)), "t").rows) == 2
    with pytest.raises(SqlError, match="too long"):
        base.select(statement.format("x" * (room - 1)), "t")


def test_what_hides_behind_a_comment_does_not_run(base):
    with pytest.raises(SqlError):
        base.query("/* select */ delete from t")
    assert base.query("select a from t").rows == [("x",)]


def test_many_marks_in_a_text_take_no_long_time(base):
    text = ";'';" * 10_000
    base.query(f"insert into t values('{text}'); insert into t values(';')")
    assert base.query("select a from t").rows[1:] == [(text.replace("''", "'"),), (";",)]


def test_a_statement_ends_at_its_first_zero(base):
    base.execute("insert into t values('y')\0 nonsense")
    assert base.query("select a from t").rows == [("x",), ("y",)]


def test_numbers_of_parameters_are_no_statement(base):
    with pytest.raises(SqlError):
        base.query("select a from t where a = ?")


def test_columns_of_a_view_are_those_of_its_tables(base):
    base.query("create view v as select a from t")
    assert base.query("select a from v").computed == ()
    assert base.query("select a || 'y', 1, a from v").computed == ("a || 'y'", "1")
