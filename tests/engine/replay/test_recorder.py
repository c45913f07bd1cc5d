"""Recordings: what is raised is in the file, and reads back as it was raised."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from evroute_kernel.engine.replay import recorder as recording
from evroute_kernel.engine.replay.recorder import Recorder, recorded_line
from evroute_kernel.engine.replay.writing import PlainFile
from evroute_kernel.engine.session.session import Session
from evroute_kernel.worker.recorded import VERSION, BrokenLine, events_of
from support.full_disk import small_disk

PARAMS: list[Any] = [
    (),
    (("ip", "192.0.2.1"), ("port", 5060)),
    (("port", "5060"), ("n", -1)),
    (("a", "1"), ("a", 2), ("", "")),
    ((None, "x"), (None, 7), (None, "7")),
    (("a", 1), (None, "x"), ("b", None)),
    (("text", 'quotes " and \\ and \n and \x00 and \x7f'),),
    (("Ã¼", "ZoÃ«"),),
    (("bytes", bytes(range(256)).decode("latin-1")),),
    (("cut", "Zo\xc3"),),
    (("escaped", "\\udcff and \\u00eb"),),
]


@pytest.mark.parametrize("params", PARAMS)
def test_a_line_reads_back_as_it_was(params: Any) -> None:
    line = recorded_line("E_\xc3\xbc", params, 1764000000.25)
    json.loads(line.decode())  # valid UTF-8 and valid JSON
    assert line.count(b"\n") == 1
    assert list(events_of(line.rstrip())) == [("E_\xc3\xbc", params, 1764000000.25)]


def test_a_line_can_be_read_by_people() -> None:
    line = recorded_line("E_X", (("name", "Zo\xc3\xab"), ("port", 5060)), 5.0)
    assert line == '{"event": "E_X", "params": {"name": "Zoë", "port": 5060}, "time": 5.0}\n'.encode()


def test_a_recording_says_its_version_on_its_first_line(session: Session, tmp_path: Path) -> None:
    session.load("event_route[E_X] { exit; }")
    path = tmp_path / "x.jsonl"
    modes: list[Any] = ["new", "append"]
    for mode in modes:
        with session.record(path, mode=mode):
            session.raise_event("E_X", {"n": 1})
            session.raise_event("E_X", {"n": 2})
    assert [each.get("recording") for each in lines(path)] == [VERSION, None, VERSION, None]
    replayed = session.replay(path)
    assert (replayed.events, replayed.broken) == (4, 0)


@pytest.mark.parametrize("version", ["1", "0", '"2"', "null", "1.0"])
def test_a_line_with_a_version_that_is_known_or_none_is_read(version: str) -> None:
    assert [name for name, *_ in events_of(f'{{"event": "E_X", "recording": {version}}}'.encode())] == ["E_X"]


def test_a_line_of_a_newer_version_is_refused() -> None:
    line = json.dumps({"event": "E_X", "recording": VERSION + 1}).encode()
    with pytest.raises(BrokenLine, match=rf"is of version {VERSION + 1}, and {VERSION} is the last known"):
        list(events_of(line))


def lines(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.name.endswith(".gz") else data
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", ["x.jsonl", "x.jsonl.gz"])
def test_every_event_in_order(session: Session, tmp_path: Path, name: str) -> None:
    session.load(
        """
        event_route[E_X] { $avp(v) = $param(n); raise_event("E_NOBODY", , $avp(v)); raise_event("E_NEXT"); }
        event_route[E_NEXT] { $var(x) = 1; }
        """
    )
    session.raise_event("E_X", {"n": 0})
    with session.record(tmp_path / name) as recorder:
        session.raise_event("E_X", {"n": 1})
        session.submit_batch("E_NEXT", [{"k": n} for n in range(2000)]).result()
        assert session.recordings == [recorder]
    session.raise_event("E_X", {"n": 2})
    found = lines(tmp_path / name)
    assert [each["event"] for each in found] == ["E_X", "E_NOBODY", "E_NEXT", *["E_NEXT"] * 2000]
    assert [each.get("params") for each in found[:3]] == [{"n": 1}, [1], None]
    assert [each["params"]["k"] for each in found[3:]] == list(range(2000))
    assert recorder.written == 2003
    assert session.recordings == []


def test_chosen_events(session: Session, tmp_path: Path) -> None:
    session.load("event_route[E_X] { exit; }\nevent_route[E_Ü] { exit; }".replace("[E_Ü]", '["E_Ü"]'))
    with session.record(tmp_path / "x", ["E_Ü"]) as recorder:
        assert recorder.events == ["E_Ü"]
        session.raise_event("E_X")
        session.raise_event("E_Ü")
    assert [each["event"] for each in lines(tmp_path / "x")] == ["E_Ü"]


def test_files_that_exist(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    session.load("event_route[E_X] { exit; }")

    def record(**options: Any) -> None:
        with session.record(path, **options):
            session.raise_event("E_X", {"n": len(path.name)})

    record()
    with pytest.raises(FileExistsError):
        session.record(path)
    record(mode="append")
    assert len(lines(path)) == 2
    record(mode="replace")
    assert len(lines(path)) == 1
    with pytest.raises(FileNotFoundError):
        session.record(tmp_path / "absent" / "x")
    with pytest.raises(ValueError, match="there is no mode 'appent': did you mean 'append'"):
        record(mode="appent")


def test_a_torn_last_line_does_not_spoil_the_next(session: Session, tmp_path: Path) -> None:
    session.load("event_route[E_X] { exit; }")
    path = tmp_path / "x"
    path.write_bytes(b'{"event": "E_X", "par')
    with session.record(path, mode="append"):
        session.raise_event("E_X")
    assert json.loads(path.read_bytes().splitlines()[1])["event"] == "E_X"


def test_a_recording_ends_complete_with_its_session(tmp_path: Path) -> None:
    with Session(workers=1) as session:
        session.load("event_route[E_X] { exit; }")
        session.record(tmp_path / "x.gz")
        session.submit_batch("E_X", [{"n": n} for n in range(5000)]).result()
    assert [each["params"]["n"] for each in lines(tmp_path / "x.gz")] == list(range(5000))


def test_a_replay_of_a_recording_is_recorded_alike(session: Session, tmp_path: Path) -> None:
    session.load("event_route[E_X] { exit; }")
    with session.record(tmp_path / "one"):
        session.submit_batch("E_X", [{"n": n, "s": str(n)} for n in range(1000)]).result()
    with session.record(tmp_path / "two"):
        session.replay(tmp_path / "one")
    first, second = lines(tmp_path / "one"), lines(tmp_path / "two")
    assert [each["params"] for each in first] == [each["params"] for each in second]


def never_ends() -> None:
    """The end of a listener that was never one."""


@pytest.mark.parametrize("name", ["full", "full.gz"])
def test_what_cannot_be_written_is_counted_and_told(
    tmp_path: Path, name: str, wait: Callable[[Callable[[], bool]], None]
) -> None:
    path = tmp_path / name
    path.symlink_to("/dev/full")
    listeners: list[Any] = []

    def tap(listener: Any) -> Callable[[], None]:
        listeners.append(listener)
        return never_ends

    with Recorder(path, tap, mode="append") as recorder:
        listeners[0]("E_X", (), 1.0)
        wait(lambda: recorder.fault is not None)
        listeners[0]("E_X", (), 1.0)
    assert f"cannot write {path}: no space left on device" in (recorder.fault or "")
    assert (recorder.written, recorder.lost, recorder.dropped) == (0, 2, 0)


@pytest.mark.parametrize("mode", ["new", "append"])
@pytest.mark.parametrize("name", ["x.jsonl", "x.jsonl.gz"])
def test_a_full_disk_is_told_at_once_with_the_right_count(
    tmp_path: Path, wait: Callable[[Callable[[], bool]], None], name: str, mode: Any
) -> None:
    told: list[tuple[Any, object]] = []
    # one write, which holds at most 1,000 events, has room there, but not all of them
    with (
        small_disk(tmp_path / "disk", 128 * 1024) as disk,
        Session(workers=1, on_record=lambda record, origin: told.append((record, origin))) as session,
    ):
        session.load("event_route[E_X] { exit; }")
        path = disk / name
        events = [{"n": n, "text": sha256(str(n).encode()).hexdigest()} for n in range(4000)]
        with session.record(path):
            session.submit_batch("E_X", events[:10]).result()
        path.unlink() if mode == "new" else None
        with session.record(path, mode=mode, origin="the cell") as recorder:
            session.submit_batch("E_X", events).result()
            wait(lambda: bool(told))
            session.raise_event("E_X", {"n": -1})
        assert recorder.fault is not None
        assert "too large" in recorder.fault or "no space left on device" in recorder.fault
        found = [each["params"]["n"] for each in lines(path)]  # all of it can be read
        before = [] if mode == "new" else list(range(10))
        assert found == before + list(range(recorder.written))
        assert (recorder.written + recorder.lost, recorder.dropped) == (4001, 0)
        assert recorder.written > 400
        ((record, origin),) = told
        assert (record.level, record.diagnostic, origin) == ("ERROR", True, "the cell")
        assert record.text.startswith(f"{recorder.fault}; the recording has stopped: {recorder.written} events are in")
        replayed = session.replay(path)
        assert (replayed.events, replayed.broken) == (len(found), 0)


def test_a_full_disk_at_the_end_of_a_recording(tmp_path: Path) -> None:
    """What is found out when the file is closed counts too."""
    with small_disk(tmp_path / "disk", 16 * 1024) as disk, Session(workers=1) as session:
        session.load("event_route[E_X] { exit; }")
        (disk / "ballast").write_bytes(b"x" * 12 * 1024)
        with session.record(disk / "x.gz") as recorder:
            texts = [sha256(str(n).encode()).hexdigest() for n in range(500)]  # fewer than are written at once
            session.submit_batch("E_X", [{"text": text} for text in texts]).result()
        assert (recorder.fault is None) == (recorder.lost == 0)
        assert recorder.written + recorder.lost == 500
        assert len(lines(disk / "x.gz")) == recorder.written


def test_half_a_line_that_cannot_be_taken_back_is_told(tmp_path: Path) -> None:
    """A reader goes away while a line is on its way into a pipe."""
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    file = PlainFile(tmp_path / "fifo", "append")
    done = Event()

    def leave() -> None:
        os.set_blocking(reader, True)
        os.read(reader, 1)
        os.close(reader)
        done.set()

    Thread(target=leave).start()
    with pytest.raises(BrokenPipeError):
        file.write([b"x" * 1_000_000 + b"\n"])
    assert done.wait(30)
    assert (file.is_torn, file.lines) == (True, 0)
    file.close()


def test_what_comes_faster_than_it_can_be_written_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "WAITING_LIMIT", 10)
    monkeypatch.setattr(recording, "GATHER", 3600)
    listeners: list[Any] = []

    def tap(listener: Any) -> Callable[[], None]:
        listeners.append(listener)
        return never_ends

    with Recorder(tmp_path / "x", tap) as recorder:
        for n in range(15):
            listeners[0]("E_X", (("n", n),), 1.0)
    assert (recorder.written, recorder.dropped) == (10, 5)
    assert len(lines(tmp_path / "x")) == 10


@pytest.mark.parametrize("kept", [-4, 12])
def test_nothing_is_added_to_a_torn_compressed_file(session: Session, tmp_path: Path, kept: int) -> None:
    path = tmp_path / "events.jsonl.gz"
    with session.record(path):
        session.load("event_route[E_A] { exit; }")
        session.raise_event("E_A")
    path.write_bytes(torn := path.read_bytes()[:kept])
    with pytest.raises(OSError, match="torn"):
        session.record(path, mode="append")
    assert path.read_bytes() == torn
