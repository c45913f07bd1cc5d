"""The formats beside JSON lines: text of 2.x, CSV; and how formats are told apart."""

from __future__ import annotations

import pytest

from evroute_kernel.engine.replay.formats import (
    Entry,
    UnknownFormatError,
    entries,
    known_params,
    recognised,
    written_blocks,
)
from evroute_kernel.engine.replay.reading import Block
from evroute_kernel.library import table
from evroute_kernel.library.catalogue.declared import EventDeclaration

TEXT = b"E_PIKE_BLOCKED\nip::192.0.2.1\n\n"
KNOWN = known_params({"E_OWN": EventDeclaration.parse("E_OWN code:string count:int")}, table.of("3.6").events)


def read(kind: str, data: bytes, event: str | None = None) -> tuple[list[Entry], list[tuple[int, str]]]:
    broken: list[tuple[int, str]] = []
    found: list[Entry] = []
    for block, written in written_blocks(kind, iter([Block(1, data, len(data))]), KNOWN, event):
        found += entries(block, written, lambda line, why: broken.append((line, why)))
    return found, broken


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b'{"event":"E_X"}\n', "json"),
        (b'garbage, this\n{"event":"E_X"}\n', "json"),
        (b'\xef\xbb\xbf{"event":"E_X"}', "json"),
        (b"", "json"),
        (b"\n\n", "json"),
        (TEXT, "text"),
        (b"E_X\r\n\r\n", "text"),
        (b"E_X\nvalue with, comma\n\nE_X\nname::x\n\n", "text"),
        (b"E_X,1,2\n", "csv"),
        (b"event,ip\nE_X,1\n", "csv"),
        (b"#ip,port\n1,2\n", "csv"),
    ],
)
def test_formats_are_recognised(head: bytes, kind: str) -> None:
    assert recognised(head) == kind


@pytest.mark.parametrize("head", [b"\x00\x01\x02", b"hello world\n", b"PK\x03\x04\xff\xff", b"\x7fELF\0\n{\x00\n"])
def test_what_is_no_recording(head: bytes) -> None:
    with pytest.raises(UnknownFormatError, match="of the formats json, text, csv"):
        recognised(head)


def test_text() -> None:
    data = (
        b"\n"
        + TEXT
        + b'E_X\nname::one::two\n2001:db8::1\n42\n007\nn::-5\nlong::"two\nli\\"nes"\nempty::\n\nE_LAST\na::1'
    )
    params = (
        ("name", "one::two"),
        (None, "2001:db8::1"),
        (None, 42),
        (None, "007"),
        ("n", -5),
        ("long", 'two\nli"nes'),
        ("empty", ""),
    )
    expected = [(2, "E_PIKE_BLOCKED", (("ip", "192.0.2.1"),), None), (5, "E_X", params, None)]
    assert read("text", data) == ([*expected, (15, "E_LAST", (("a", 1),), None)], [])


def test_text_with_faults() -> None:
    found, broken = read("text", b"ip::1\n\n" + TEXT + b'E_X\na::"never\nclosed\n')
    assert [event for _, event, *_ in found] == ["E_PIKE_BLOCKED", "E_X"]
    assert [line for line, _ in broken] == [1, 7]


def test_csv_takes_names_from_the_catalogue_and_declarations() -> None:
    found, broken = read("csv", b"E_PIKE_BLOCKED,192.0.2.1\nE_OWN,7,8,9\nE_NEW,a,1,\n\n")
    assert broken == []
    assert [(event, params) for _, event, params, _ in found] == [
        ("E_PIKE_BLOCKED", (("ip", "192.0.2.1"),)),
        ("E_OWN", (("code", "7"), ("count", 8), (None, 9))),
        ("E_NEW", ((None, "a"), (None, 1), (None, ""))),
    ]


def test_csv_with_a_header() -> None:
    assert read("csv", b"event,a,b\r\nE_X,1,two\r\n")[0] == [(2, "E_X", (("a", 1), ("b", "two")), None)]
    assert read("csv", b"#a,b\n1,two\n", "E_X")[0] == [(2, "E_X", (("a", 1), ("b", "two")), None)]


def test_csv_without_the_name_of_the_event() -> None:
    assert read("csv", b"192.0.2.1\n", "E_PIKE_BLOCKED")[0] == [(1, "E_PIKE_BLOCKED", (("ip", "192.0.2.1"),), None)]
    found, broken = read("csv", b",1\n" + b"x" * 65)
    assert found == []
    assert [line for line, _ in broken] == [1, 2]
