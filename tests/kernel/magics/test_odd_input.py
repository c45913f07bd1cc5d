"""Paths and addresses that the system cannot take: an error with its place, and never one of the kernel's own."""

from __future__ import annotations

import json

import pytest

from support.frontend import Frontend


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%export a\0b", "the name of the file holds a zero byte"),
        ("%load a\0b", "the name of the file holds a zero byte"),
        ("%record a\0b", "the name of the file holds a zero byte"),
        ("%replay a\0b", "the name of the file holds a zero byte"),
        ("%inbox --save a\0b", "the name of the file holds a zero byte"),
        ("%export ''", "the name of the file is empty"),
        ("%load ~nobody-of-this-name/x.cfg", "no home directory is known for ~nobody-of-this-name"),
        ("%sh echo \0", "the command holds a zero byte"),
        ("!echo \0", "the command holds a zero byte"),
        ("%cd a\0b", "the name of the file holds a zero byte"),
        ("%cd ~nobody-of-this-name", "no home directory is known for ~nobody-of-this-name"),
        ("%%writefile a\0b\nx", "the name of the file holds a zero byte"),
        ("%history -f a\0b", "the name of the file holds a zero byte"),
        ("%env A=x\0", "the value holds a zero byte"),
        ("%mi serve unix:/x\0y", "the address holds a zero byte"),
        ("%connect mi=unix:/x\0y", "the address holds a zero byte"),
        ("%subscribe E_X udp:\0:9", "a socket cannot hold a zero byte"),
        ("%subscribe E_X flatstore:/x\0y", "a socket cannot hold a zero byte"),
        ("%raise ''", "the event's name is empty"),
        ("%config max_while_loops=3000000000", "expected a number from -2147483648 to 2147483647, not '3000000000'"),
        ("%config max_while_loops=many", "expected a number, not 'many'"),
        ("%log last=9999999999", "a number of records, 1 or more, below 1000000000, not '9999999999'"),
        ("%timeout 1e10", "a number of seconds greater than 0, below 1000000000, not '1e10'"),
        ("event_route[''] { exit; }", "the name of the event is empty"),
    ],
)
def test_it_is_an_error_with_a_place(kernel: Frontend, line: str, said: str) -> None:
    kernel.run("event_route[E_X] { exit; }")
    found = kernel.run(line)
    assert found.status == "error"
    assert found.error["ename"] != "InternalError"
    assert said in found.error["evalue"]
    assert "]:1:" in found.traceback
    assert kernel.run("%raise E_X").status == "ok"


def test_a_cell_that_names_no_file_is_exported_as_refused(kernel: Frontend) -> None:
    kernel.run("%load ~nobody-of-this-name/x.cfg")
    found = kernel.run("%export /dev/null --force")
    assert (found.error["ename"], "it is no ordinary file" in found.error["evalue"]) == ("MagicError", True)


def test_half_a_character_is_one_that_cannot_be_shown(kernel: Frontend) -> None:
    """A front end may send one, cut out of an emoji: Jupyter's reader replaces it before the kernel sees it."""
    pack = kernel.client.session.pack
    kernel.client.session.pack = lambda content: json.dumps(content, default=str).encode()  # as a browser does
    try:
        kernel.run('event_route[E_X] { xlog("$param(v)\\n"); }')
        assert kernel.run("%raise E_X v=<\ud800>").stdout == "<?>\n"
        assert kernel.run('xlog("<\ud800>\\n");').stdout == "<?>\n"
        assert kernel.run("%raise \ud800").error["ename"] == "UnknownEvent"
    finally:
        kernel.client.session.pack = pack
