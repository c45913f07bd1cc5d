"""Files in blocks of whole lines, and what is wrong with them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from evroute_kernel.engine.replay.reading import FileSource, LineSource
from evroute_kernel.worker.recorded import LINE_LIMIT

LINES = [b'{"event":"E_%d"}' % number for number in range(2000)]


def read(source: FileSource | LineSource, size: int = 1000) -> tuple[list[tuple[int, bytes]], list[tuple[int, str]]]:
    """Numbered lines, and broken ones."""
    broken: list[tuple[int, str]] = []
    found = []
    try:
        for block in source.blocks(lambda: size, lambda line, why: broken.append((line, why))):
            lines = block.data.split(b"\n")
            found += [(block.first_line + i, line) for i, line in enumerate(lines) if line]
    finally:
        source.close()
    return found, broken


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("size", [1, 100, 5000, 10**7])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_every_line_once(tmp_path: Path, size: int, end: bytes) -> None:
    path = written(tmp_path / "x.jsonl", b"\n".join(LINES) + end)
    assert read(FileSource(path), size) == (list(enumerate(LINES, 1)), [])


def test_the_head_is_not_lost(tmp_path: Path) -> None:
    source = FileSource(written(tmp_path / "x", b"\n".join(LINES)))
    assert source.head().startswith(LINES[0])
    assert source.head().startswith(LINES[0])
    assert len(read(source)[0]) == 2000
    assert source.position == source.size


@pytest.mark.parametrize("name", ["x.jsonl.gz", "x"])
def test_compressed(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, gzip.compress(b"\n".join(LINES)))
    assert read(FileSource(path)) == (list(enumerate(LINES, 1)), [])


def test_a_compressed_file_that_ends_too_early(tmp_path: Path) -> None:
    lines = [b"%d %d" % (n, n * 7919 % 10007) for n in range(200_000)]
    path = written(tmp_path / "x.gz", gzip.compress(b"\n".join(lines))[:-5000])
    found, broken = read(FileSource(path), 10**5)
    assert len(found) > 1000
    assert broken == [(found[-1][0], "the compressed file ends too early")]
    assert [line for _, line in found[:-1]] == lines[: len(found) - 1]


def test_a_compressed_file_that_is_none(tmp_path: Path) -> None:
    found, broken = read(FileSource(written(tmp_path / "x.gz", b"hello\n")))
    assert found == []
    assert "the compressed file is damaged" in broken[0][1]


def test_a_line_without_end_is_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "x", b"one\n" + b"x" * (3 * LINE_LIMIT) + b"\nthree\n")
    found, broken = read(FileSource(path))
    assert found == [(1, b"one"), (3, b"three")]
    assert broken == [(2, f"the line is longer than {LINE_LIMIT} bytes")]


def test_a_stream_without_line_ends_is_cut_between_its_texts(tmp_path: Path) -> None:
    one = b'{"jsonrpc":"2.0","method":"E_X","params":{"a":"}{\\"x\\":","b":"}{"}}'
    path = written(tmp_path / "x", one * 50_000)
    found, broken = read(FileSource(path), 10_000)
    assert broken == []
    assert {line for line, _ in found} == {1}
    assert b"".join(data for _, data in found) == one * 50_000
    assert all(data.startswith(b'{"jsonrpc"') and data.endswith(b'"b":"}{"}}') for _, data in found)
    assert max(len(data) for _, data in found) < 20_000


def test_an_empty_file(tmp_path: Path) -> None:
    source = FileSource(written(tmp_path / "x", b""))
    assert source.head() == b""
    assert read(source) == ([], [])


def test_lines_of_a_caller() -> None:
    source = LineSource(["one\n", b"two", "drei ü"])
    assert source.head() == b"one\n"
    assert read(source) == ([(1, b"one"), (2, b"two"), (3, "drei ü".encode())], [])
