"""`$json` and its views."""

from __future__ import annotations

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.references import iterate
from evroute_kernel.library.template import TemplateError, parse_variable
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import Dual, int_of

LIBRARY = table.of("3.6")


@pytest.fixture
def doc(put):
    """Set `$json(o)` from JSON text."""
    return lambda text: put("$json(o)", text, ":=")


@pytest.fixture
def each(context):
    """All elements of a collection, as for-each meets them."""

    def elements(text):
        get = iterate(text, LIBRARY)
        found, index = [], 0
        while (value := get(context, index)) is not None:
            found.append(value)
            index += 1
        return found

    return elements


def test_reading_by_path(doc, show):
    doc('{"a":{"b":[1,"two",null,true,1.50]},"u":"x/y"}')
    assert show("$json(o/a/b[0]) $json(o/a/b[1]) $json(o/a/b[3]) $json(o/a/b[4]) $json(o/a/b[-1])") == (
        "1 two true 1.50 1.50"
    )


@pytest.mark.parametrize("path", ["o/zz", "o/a/b[9]", "o/a/b[-9]", "o/a/b[2]", "o[0]", "o/a/b/c", "o/a/b[]", "none/x"])
def test_what_is_not_there_is_null_silently(doc, read, said, path):
    doc('{"a":{"b":[1,"two",null]}}')
    assert read(f"$json({path})") is None
    assert said == []


def test_the_three_views(doc, show):
    doc('{"a":1,"b":[1,2]}')
    assert show("$json(o)") == '{ "a": 1, "b": [ 1, 2 ] }'
    assert show("$json_compact(o)") == '{"a":1,"b":[1,2]}'
    assert show("$json_pretty(o)") == '{\n  "a":1,\n  "b":[\n    1,\n    2\n  ]\n}'


def test_kinds_of_values(doc, read):
    doc('{"n":7,"s":"7","t":true,"f":1e3,"big":4294967297}')
    assert read("$json(o/n)") == 7
    assert read("$json(o/s)") == "7"
    assert (read("$json(o/t)"), read("$json(o/f)")) == ("true", "1e3")
    big = read("$json(o/big)")
    assert (str(big), int_of(big)) == ("4294967297", 1)


def test_large_integers_can_be_texts(doc, read, process):
    process.settings.modparams[("json", "enable_long_quoting")] = [1]
    doc('{"big":4294967297,"n":5}')
    assert not isinstance(read("$json(o/big)"), Dual)
    assert read("$json(o/n)") == 5


def test_building_a_document(put, show):
    put("$json(o)", "{}", ":=")
    put("$json(o/s)", "5")
    put("$json(o/i)", 5)
    put("$json(o/l)", "[]", ":=")
    put("$json(o/l[])", "x")
    put("$json(o/l[])", 2)
    put("$json(o/l[0])", "y")
    put("$json(o/l[-1])", 3)
    assert show("$json_compact(o)") == '{"s":"5","i":5,"l":["y",3]}'
    put("$json(o/s)", None)
    put("$json(o/l[0])", None)
    put("$json(o/nope)", None)
    assert show("$json_compact(o)") == '{"i":5,"l":[3]}'


def test_assigning_stores_text_and_interpreting_parses_it(put, read, show):
    put("$json(a)", '{"x":1}')
    assert (show("$json(a)"), read("$json(a/x)")) == ('{"x":1}', None)
    put("$json(a)", '{"x":1}', ":=")
    assert read("$json(a/x)") == 1


def test_interpreting_integers(put, read):
    assert put("$json(o)", 12, ":=")  # of a variable: its digits
    assert not put("$json(o)", 13, ":=bare")  # of a literal, or computed
    assert read("$json(o)") == 12
    assert put("$json(o)", 14, "=bare")
    assert read("$json(o)") == 14


@pytest.mark.parametrize("text", ["{bad", "", "null"])
def test_text_that_means_nothing_deletes_what_was_there(doc, put, show, said, text):
    doc('{"keep":1,"bad":2}')
    assert not put("$json(o/bad)", text, ":=")
    assert show("$json_compact(o)") == '{"keep":1}'
    assert len(said) == 1
    assert not doc(text)
    assert show("$json(o)") == "<null>"


@pytest.mark.parametrize(
    ("path", "value"),
    [("$json(new/x)", 1), ("$json(o/n/deeper)", 1), ("$json(o/l/a)", 1), ("$json(o/n[0])", 1), ("$json(o/l[7])", 1),
     ("$json(o/l[-7])", 1), ("$json(o/l[])", None), ("$json(o/x/y)", 1)],
)  # fmt: skip
def test_writing_where_nothing_fits_is_one_error(doc, put, show, said, path, value):
    doc('{"n":5,"l":[1]}')
    assert not put(path, value)
    assert show("$json_compact(o)") == '{"n":5,"l":[1]}'
    assert len(said) == 1


def test_keys_and_indexes_from_variables(doc, put, read):
    doc('{"a.b/c":{"l":[10,20]},"1001":"alice"}')
    put("$var(k)", "a.b/c")
    put("$var(i)", 1)
    put("$var(ext)", 1001)
    assert read("$json(o/$var(k)/l[$var(i)])") == 20
    assert read("$json(o/$var(ext))") == "alice"
    assert put("$json(o/$var(k)/l[$var(i)])", 7)
    assert read("$json(o/$var(k)/l[1])") == 7


@pytest.mark.parametrize("path", ["$json(o/$var(none))", "$json(o[$param(k)])", "$json(nothing/$var(none))"])
def test_a_variable_without_the_right_value_is_one_error(doc, read, put, said, path):
    doc("{}")
    assert read(path) is None
    assert len(said) == 1
    assert not put(path, 1)
    assert len(said) == 2


def test_names_are_whole_texts(put, read):
    put("$json($var(x))", 5)
    assert read("$json($var(x))") == 5
    put("$json( a b )", 6)
    assert read("$json( a b )") == 6


@pytest.mark.parametrize(("path", "value"), [("o//", "slash below the empty key"), ("o/", "slash")])
def test_a_slash_at_the_end_is_a_key(doc, read, path, value):
    doc('{"/":"slash","":{"/":"slash below the empty key"}}')
    assert read(f"$json({path})") == value


def test_for_each(doc, each):
    doc('{"l":["PCMU",8,{"n":1},null],"o":{"a":"x","b":null}}')
    assert each("$(json(o/l)[*])") == ["PCMU", 8, '{ "n": 1 }', "null"]
    assert each("$(json(o/o.keys)[*])") == ["a", "b"]
    assert each("$(json(o/o.values)[*])") == each("$(json(o/o)[*])") == ["x", "null"]
    assert each("$(json(nothing)[*])") == each("$(json(o/l[0])[*])") == each("$(json(o/l.keys)[*])") == []


def test_a_loop_may_change_what_it_runs_over(doc, put, context):
    doc('{"a":1,"b":2,"c":3}')
    get, met, index = iterate("$(json(o.keys)[*])", LIBRARY), [], 0
    while (key := get(context, index)) is not None:
        met.append(key)
        index += 1
        if key == "a":
            put("$json(o/b)", None)
            put("$json(o/d)", 4)
        if key == "d":
            put("$json(o/late)", 5)
    assert met == ["a", "c", "d"]


def test_all_elements_only_in_for_each(doc, read, said):
    doc("[1]")
    assert read("$(json(o)[*])") is None
    assert len(said) == 1


@pytest.mark.parametrize(
    "text",
    ["$json(o[first])", "$json(o[1)", "$json(o[1]x)", "$json(o.nope)", "$json(o.keys/x)", "$json(o.)", "$(json(o)[0])",
     "$(json(o)[$var(i)])", "$json(o/$nope)", "$json(o[ $var(i)])", "$(json_compact(o)[*])"],
)  # fmt: skip
def test_what_is_refused_at_start(text):
    with pytest.raises(TemplateError):
        parse_variable(text, LIBRARY)


def test_without_a_name_it_kills_the_server(read, put):
    with pytest.raises(ScriptCrash):
        read("$json")
    with pytest.raises(ScriptCrash):
        put("$json", 1)


def test_documents_live_in_the_process(doc, process):
    doc('{"a":1}')
    from evroute_kernel.library.references import reference

    assert reference("$json(o/a)", LIBRARY).get(Context(process, "E_OTHER")) == 1
