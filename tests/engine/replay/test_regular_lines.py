"""Stretches of regular lines are read at once, and mean what each of their lines means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evroute_kernel.worker import recorded
from evroute_kernel.worker.recorded import events_in
from evroute_kernel.worker.regular_lines import STRETCH, events_of_stretch

#: holds no event, and is not regular: with it, a stretch is read line by line
IRREGULAR = b"\n[]"


def read(data: bytes) -> tuple[list[Any], list[tuple[int, str]]]:
    broken: list[tuple[int, str]] = []
    return list(events_in(data, 7, lambda line, why: broken.append((line, why)))), broken


def is_regular(*lines: str) -> bool:
    text = "\n".join(lines)
    return events_of_stretch(text, 0, len(text)) is not None


texts = st.text(st.sampled_from('aE"\\{}[],: 19\xff\xc3\t\x00u'), max_size=6)
integers = st.sampled_from([0, -1, 5060, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 10**25])
values = st.one_of(texts, integers, st.sampled_from([None, True, 1.5, [], [1], {}, {"a": "}"}]))
#: as some program writes them, and torn or mixed up
params = st.one_of(
    st.lists(st.tuples(st.sampled_from(["ip", "port", "x"]), st.one_of(texts, integers)), max_size=3),
    st.lists(st.tuples(texts, values), max_size=3),
)
names = st.one_of(st.just("E_X"), texts, st.just("E" * 65))
ends = st.sampled_from(["}", ', "time": 1764000000.25}', ', "time": 07}', ', "recording": 1}', "} ", "}\r", "", "}}"])


@st.composite
def lines(draw: st.DrawFn) -> str:
    colon = draw(st.sampled_from([": ", ":"]))
    pairs = ", ".join(f"{_text(name)}{colon}{_text(value)}" for name, value in draw(params))
    head = draw(st.sampled_from(['{"event": ', '{"jsonrpc":"2.0","method":', '{"method": ', '{"event":  ']))
    rest = draw(st.sampled_from([f', "params"{colon}{{{pairs}}}'] * 5 + ["", ', "params": []']))
    line = f"{head}{_text(draw(names))}{rest}{draw(ends)}"
    if draw(st.integers(0, 7)) == 0:  # torn, or with something inside it that does not belong there
        at = draw(st.integers(0, len(line)))
        line = line[:at] + draw(st.sampled_from(["", "{", "}", '"', ",", "\\u00e9", "\\", "\n"])) + line[at:]
        line = line[draw(st.integers(0, 1)) :]
    return line


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@settings(max_examples=600, derandomize=True, database=None, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=4), st.sampled_from(["", "\n", "\r\n"]))
def test_a_stretch_is_read_as_its_lines_are(found: list[str], end: str) -> None:
    data = ("\n".join(found) + end).encode("latin-1", "replace")
    assert read(data) == read(data + (b"" if end else b"\n") + IRREGULAR[1:])


def test_what_programs_write_is_regular() -> None:
    own = '{"event": "E_X", "params": {"ip": "2001:db8::1", "port": 5060}, "time": 1764000000.25}'
    servers = '{"jsonrpc":"2.0","method":"E_X","params":{"ip":"192.0.2.1","n":-7}}'
    assert is_regular(own, servers, own + "\r", '{"jsonrpc":"2.0","method":"E_X"}', '{"event": "E_X", "time": 5}')


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "E_X", "params": {"a": 2147483648}}',
        '{"event": "E_X", "params": {"a": true}}',
        '{"event": "E_X", "params": {"a": null}}',
        '{"event": "E_X", "params": {"a": 1.5}}',
        '{"event": "E_X", "params": {"a": [1]}}',
        '{"event": "E_X", "params": {"a": "}"}}',
        '{"event": "E_X", "params": {"a": "\\u00eb"}}',
        '{"event": "E_X", "params": {}, "params": {"a": 1}}',
        '{"event": "E_X", "params": {"a": 1}, "time": 07}',
        '{"event": "E\\tX", "params": {"a": 1}}',
        '{"event": "", "params": {}}',
        "",
    ],
)
def test_anything_else_is_not(line: str) -> None:
    assert not is_regular(line)
    assert not is_regular('{"event": "E_X", "params": {"a": 1}}', line)


def test_texts_that_only_make_sense_together() -> None:
    torn = '{"event": "E_X", "params": {"x": "a}}', '{"event": "E_X", "params": {","y": "b"}}'
    assert not is_regular(*torn)
    assert [line for line, _ in read("\n".join(torn).encode())[1]] == [7, 8]


def test_stretches_count_their_lines() -> None:
    regular = b'{"event": "E_X", "params": {"n": %d}}\n'
    many = b"".join(regular % n for n in range(STRETCH // 10))
    found, broken = read(many + b"torn\n" + many + b"\n" + regular % 5)
    count = STRETCH // 10
    assert broken == [(7 + count, "no JSON at column 1: expecting value")]
    assert [line for line, *_ in found] == [*range(7, 7 + count), *range(8 + count, 8 + 2 * count), 9 + 2 * count]
    assert [dict(params)["n"] for _, _, params in found] == [*range(count), *range(count), 5]


def test_an_irregular_line_costs_its_neighbours_only(monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one: list[str] = []
    plainly = recorded._events_of_lines

    def counted(lines: list[str], *rest: Any) -> Any:
        one_by_one.extend(lines)
        return plainly(lines, *rest)

    monkeypatch.setattr(recorded, "_events_of_lines", counted)
    lines = [f'{{"event": "E_X", "params": {{"n": {n}}}}}' for n in range(5000)]
    lines[700] = lines[4000] = '{"event": "E_X", "params": {"n": null}}'
    found, broken = read("\n".join(lines).encode())
    assert ([line for line, *_ in found], broken) == ([*range(7, 5007)], [])
    assert len(one_by_one) < 100
