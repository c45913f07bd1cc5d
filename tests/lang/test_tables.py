"""The tables of the parser, which are kept in a file."""

import subprocess
import sys

from evroute_kernel.lang.grammar import generated
from evroute_kernel.lang.parser import parse
from evroute_kernel.lang.tables import STARTS, TABLES, tables
from evroute_kernel.source import Source


def test_they_are_those_of_the_grammar() -> None:
    text = TABLES.read_text("utf-8")
    assert text == generated(), "the tables are out of date: run python -m evroute_kernel.lang.grammar"


def test_the_order_of_sets_does_not_change_them() -> None:
    code = "from evroute_kernel.lang.grammar import generated\nprint(generated(), end='')"
    run = [sys.executable, "-c", code]
    found = {
        subprocess.run(run, env={"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True).stdout
        for seed in ("1", "2")
    }
    assert found == {generated()}


def test_a_file_and_a_cell_begin_in_different_states() -> None:
    script, cell = map(tables, STARTS)
    assert script.states is cell.states
    assert script.start != cell.start


def test_parsing_needs_no_lark() -> None:
    code = (
        "import sys\nfrom evroute_kernel.lang.compiler import compile_script\n"
        "from evroute_kernel.lang.environment import Environment\nfrom evroute_kernel.source import Source\n"
        "compile_script(Source('x', 'event_route[E_A] { exit; }'), Environment())\nprint('lark' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"


def test_repetitions_are_spliced() -> None:
    aliases = " ".join(f"host{number}" for number in range(2_000))
    script, found = parse(Source("x", f"alias = {aliases}\n"), version="3.6")
    assert not found
    [item] = script.items
    assert item.span.text == f"alias = {aliases}"
