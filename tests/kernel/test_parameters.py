"""Parameters of papermill as script."""

from __future__ import annotations

from typing import Any

import pytest
from papermill.engines import papermill_engines
from papermill.translators import papermill_translators, translate_parameters

from evroute_kernel.engine.session.session import Session
from evroute_kernel.kernel.parameters import ScriptTranslator


@pytest.mark.parametrize(
    ("value", "script"),
    [
        (3, "3"),
        (-(2**31), "-2147483648"),
        (4930123456, '"4930123456"'),
        (True, "1"),
        (False, "0"),
        (None, "NULL"),
        (0.5, '"0.5"'),
        ("Zoë", '"Zoë"'),
        ('a "b" \\ $c\n\t', '"a \\"b\\" \\\\ $c\\n\\t"'),
        ([1, "ö"], '"[1, \\"ö\\"]"'),
        ({"a": None}, '"{\\"a\\": null}"'),
    ],
)
def test_values(value: Any, script: str) -> None:
    assert ScriptTranslator.translate(value) == script


def test_the_cell_sets_what_was_asked_for() -> None:
    text = translate_parameters("evroute", "opensips", {"limit": 3, "name": 'a "b" \\ $c', "none": None}, "Parameters")
    assert text.splitlines()[0] == "# Parameters"
    with Session(workers=1) as session:
        loaded = session.load(text + 'xlog("$shv(limit) $shv(name) $shv(none)\\n");', scratch=True)
        assert loaded.run is not None
        assert [record.text for record in loaded.run.log] == ['3 a "b" \\ $c 0\n']


@pytest.mark.parametrize("parameters", [{"a b": 1}, {"a)": 1}, {"": 1}, {"a": "\0"}])
def test_what_no_script_can_hold(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"name for a parameter|NUL"):
        ScriptTranslator.codify(parameters)


def test_inspection() -> None:
    cell = {"source": '# them\n$shv(limit) = 3;   # how many\n$shv( name )="a;b";\n$var(x) = 1;\n$shv(y) = $var(x);'}
    assert [tuple(parameter) for parameter in ScriptTranslator.inspect(cell)] == [
        ("limit", "int", "3", "how many"),
        ("name", "string", '"a;b"', ""),
        ("y", "None", "$var(x)", ""),
    ]


def test_papermill_knows_it() -> None:
    assert papermill_translators.find_translator("whatever", "opensips").__name__ == "ScriptTranslator"
    assert papermill_engines.get_engine("evroute").__name__ == "Engine"
