"""`flatstore:`: lines of values in a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.delivery.transports import flatstore
from evroute_kernel.worker.sockets import BadSocket
from support.full_disk import small_disk

PARAMS = (("neg", -3), ("e", ""), ("str", 'a,b"\\\t\x01/\xc3\xa9'), ("null", None), ("int", 7))


def written(path: Path, bench: Any, outgoing: Any, *params: Any) -> bytes:
    target = bench.open(f"flatstore:{path}")
    for given in params:
        assert target.deliver(outgoing("E_F", given)).ok
    return path.read_bytes()


def test_values_in_a_line(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    found = written(tmp_path / "flat", bench, outgoing, PARAMS, ())
    assert found == b'E_F,-3,,a b"\\\t\x01/\xc3\xa9,,7\nE_F\n'


def test_a_new_file_is_for_its_owner(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        written(tmp_path / "flat", bench, outgoing, ())
    finally:
        os.umask(before)
    assert (tmp_path / "flat").stat().st_mode & 0o777 == 0o600


def test_a_value_begins_no_line(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    target = bench.open(f"flatstore:{tmp_path}/flat")
    assert target.deliver(outgoing("E_F\nx", ((None, "a\nssh-rsa AAAA\r\n"), (None, "\n")))).ok
    assert (tmp_path / "flat").read_bytes() == b"E_F x,a ssh-rsa AAAA  , \n"


class TestLinks:
    def test_those_of_this_user_are_followed(self, bench: Any, outgoing: Any, tmp_path: Path) -> None:
        (tmp_path / "inner").mkdir()
        (tmp_path / "inner" / "second").symlink_to("../file")
        (tmp_path / "first").symlink_to("inner/second")
        written(tmp_path / "first", bench, outgoing, ())
        assert (tmp_path / "file").read_bytes() == b"E_F\n"

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can make links of another user")
    def test_those_of_other_users_are_not(self, bench: Any, outgoing: Any, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        (tmp_path / "theirs").symlink_to("file")
        (tmp_path / "own").symlink_to("theirs")
        os.lchown(tmp_path / "theirs", 65534, 65534)
        for name in ("theirs", "own"):
            outcome = bench.open(f"flatstore:{tmp_path}/{name}").deliver(outgoing("E_F", ()))
            assert outcome.lines == ("Opening socket error", "cannot write to socket")
        assert (tmp_path / "file").read_bytes() == b""

    def test_those_that_lead_in_a_circle(self, bench: Any, outgoing: Any, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to("a")
        outcome = bench.open(f"flatstore:{tmp_path}/a").deliver(outgoing("E_F", ()))
        assert outcome.lines == ("Opening socket error", "cannot write to socket")

    def test_what_a_process_has_open(self, bench: Any, outgoing: Any, tmp_path: Path) -> None:
        with (tmp_path / "out").open("wb") as out:
            (tmp_path / "link").symlink_to(f"/proc/self/fd/{out.fileno()}")
            assert bench.open(f"flatstore:{tmp_path}/link").deliver(outgoing("E_F", ())).ok
        assert (tmp_path / "out").read_bytes() == b"E_F\n"


@pytest.mark.parametrize(
    ("modparams", "params", "line"),
    [
        ({"delimiter": ";"}, ((None, "a;b,c"), (None, 1)), b"E_F;a b,c;1\n"),
        # the first byte of a long delimiter is taken out of values wherever it stands
        ({"delimiter": "::"}, ((None, "a:b::c"),), b"E_F::a b  c\n"),
        # so the escape finds nothing, unless that byte is a blank
        ({"delimiter": ",", "escape_delimiter": "_"}, ((None, "a,b"),), b"E_F,a b\n"),
        ({"delimiter": " |", "escape_delimiter": "__"}, ((None, "a |b"),), b"E_F |a__b\n"),
        ({"suppress_event_name": 1}, ((None, "a"), (None, 0)), b"a,0\n"),
        # nothing has been written before the second value, so no delimiter goes before it
        ({"suppress_event_name": 1}, ((None, ""), (None, "a"), (None, "")), b"a,\n"),
        ({"suppress_event_name": 1}, (), b"\n"),
    ],
)
def test_module_parameters(
    bench: Any, outgoing: Any, tmp_path: Path, modparams: dict[str, Any], params: Any, line: bytes
) -> None:
    bench.modparams.update({("event_flatstore", name): [value] for name, value in modparams.items()})
    assert written(tmp_path / "flat", bench, outgoing, params) == line


@pytest.mark.parametrize(("given", "mode"), [("0600", 0o600), ("640", 0o640), ("rw", 0o600)])
def test_permissions(bench: Any, outgoing: Any, tmp_path: Path, given: str, mode: int) -> None:
    bench.modparams["event_flatstore", "file_permissions"] = [given]
    written(tmp_path / "flat", bench, outgoing, ())
    assert (tmp_path / "flat").stat().st_mode & 0o777 == mode


def test_lines_are_appended_to_what_is_there(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    (tmp_path / "flat").write_bytes(b"before\n")
    assert written(tmp_path / "flat", bench, outgoing, ()) == b"before\nE_F\n"


def test_rotation_when_asked(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    path, moved = tmp_path / "flat", tmp_path / "moved"
    target = bench.open(f"flatstore:{path}")
    target.deliver(outgoing("E_1", ()))
    path.rename(moved)
    target.deliver(outgoing("E_2", ()))
    assert bench.destinations.rotate(str(path))
    target.deliver(outgoing("E_3", ()))
    assert (moved.read_bytes(), path.read_bytes()) == (b"E_1\nE_2\n", b"E_3\n")
    assert not bench.destinations.rotate(str(moved))
    target.close()
    assert not bench.destinations.rotate(str(path))


@pytest.mark.parametrize(
    ("modparams", "first"),
    [
        ({"rotate_count": 2}, b"E_F\nE_F\n"),
        ({"rotate_count": "2"}, b"E_F\nE_F\n"),
        ({"rotate_size": 5}, b"E_F\nE_F\n"),
        ({"rotate_size": "8 bytes"}, b"E_F\nE_F\n"),
        ({"rotate_size": "1k"}, b"E_F\nE_F\nE_F\n"),
    ],
)
def test_rotation_by_amount(bench: Any, outgoing: Any, tmp_path: Path, modparams: dict[str, Any], first: bytes) -> None:
    bench.modparams.update({("event_flatstore", name): [value] for name, value in modparams.items()})
    bench.modparams["event_flatstore", "suffix"] = [".1"]
    target = bench.open(f"flatstore:{tmp_path}/flat")
    for n in range(3):
        if n == 2:
            bench.modparams["event_flatstore", "suffix"] = [".$var(n)"]
        target.deliver(outgoing("E_F", ()))
    assert (tmp_path / "flat.1").read_bytes() == first
    assert (tmp_path / "flat.7").exists() == (first.count(b"\n") == 2)


def test_rotation_by_time(bench: Any, outgoing: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(flatstore, "time", lambda: now)
    bench.modparams["event_flatstore", "rotate_period"] = [60]
    path = tmp_path / "flat"
    target = bench.open(f"flatstore:{path}")
    for moment, name in ((1000.0, "a"), (1019.0, "b"), (1020.0, "c")):
        now = moment
        target.deliver(outgoing("E_F", ()))
        path.replace(tmp_path / name) if path.exists() else None
    assert (tmp_path / "a").read_bytes() == b"E_F\nE_F\n"
    assert (tmp_path / "c").read_bytes() == b"E_F\n"
    assert not (tmp_path / "b").exists()


def test_files_that_cannot_be(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    with pytest.raises(BadSocket, match="is a directory"):
        bench.open(f"flatstore:{tmp_path}")
    with pytest.raises(BadSocket, match=r"the directory of flatstore:.* does not exist"):
        bench.open(f"flatstore:{tmp_path}/none/flat")
    target = bench.open(f"flatstore:{tmp_path}/flat")
    (tmp_path / "flat").mkdir()  # since then
    outcome = target.deliver(outgoing("E_F", ()))
    assert outcome.lines == ("Opening socket error", "cannot write to socket")
    (tmp_path / "flat").rmdir()
    assert target.deliver(outgoing("E_F", ())).ok


def test_a_file_that_nobody_can_look_at(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    with pytest.raises(BadSocket, match="does not exist"):
        bench.open(f"flatstore:{tmp_path}/{'x' * 300}/flat")
    target = bench.open(f"flatstore:{tmp_path}/{'x' * 300}")
    assert "file name too long" in target.deliver(outgoing("E_F", ())).reason


def test_a_fifo_that_nobody_reads_blocks_nobody(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    target = bench.open(f"flatstore:{tmp_path}/fifo")
    outcomes = [target.deliver(outgoing("E_F", ((None, "x" * 4000),))) for _ in range(40)]
    assert outcomes[0].ok
    assert outcomes[-1].lines == ("cannot write to socket",)


def test_a_full_disk(bench: Any, outgoing: Any) -> None:
    outcome = bench.open("flatstore:/dev/full").deliver(outgoing("E_F", ()))
    assert outcome.lines == ("cannot write to socket",)


def test_a_full_disk_leaves_whole_lines(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16 * 1024) as disk:
        target = bench.open(f"flatstore:{disk}/flat")
        outcomes = [target.deliver(outgoing("E_F", ((None, "x" * 1000), (None, n)))) for n in range(20)]
        taken = [outcome.ok for outcome in outcomes].count(True)
        assert 10 <= taken < 20
        written = (disk / "flat").read_bytes()
        assert written == b"".join(b"E_F,%s,%d\n" % (b"x" * 1000, n) for n in range(taken))
        assert outcomes[-1].lines == ("cannot write to socket",)
        assert outcomes[-1].reason.startswith("cannot write to the file: ")
        assert (target.sent, target.failed, target.error) == (taken, 20 - taken, outcomes[-1].reason)


def test_a_torn_line_in_a_fifo_is_not_glued_to_the_next(bench: Any, outgoing: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    target = bench.open(f"flatstore:{tmp_path}/fifo")
    assert not target.deliver(outgoing("E_F", ((None, "x" * 100_000),))).ok  # more than a pipe holds
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    torn = os.read(reader, 1 << 20)
    assert torn.startswith(b"E_F,xxx")
    assert target.deliver(outgoing("E_F", ((None, 1),))).ok
    assert os.read(reader, 1 << 20) == b"\nE_F,1\n"
    os.close(reader)
