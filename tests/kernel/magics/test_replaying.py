"""`%record`, `%replay` and `%%replay`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.frontend import Frontend, wait_until

ROUTES = """event_route[E_X] {
    xlog("x $param(n)\\n");
    $var(x) = 100;
    $var(x) /= $param(n);
}"""


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    lines = [json.dumps({"event": "E_X", "params": {"n": n}, "time": n / 100}) for n in range(1, 4)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def last(kernel: Frontend, code: str) -> tuple[str, str, str]:
    """Status, standard output and the last thing shown."""
    found = kernel.run(code)
    updates = found.contents("update_display_data")
    return found.status, found.stdout, updates[-1]["data"]["text/plain"] if updates else ""


def test_a_file_is_replayed(kernel: Frontend, events: Path) -> None:
    kernel.run(ROUTES + "\n%workers 1")
    assert last(kernel, f"%replay {events}") == ("ok", "x 1\nx 2\nx 3\n", "events.jsonl: 3 events run, none failed")
    assert last(kernel, f"%replay {events} --speed 10x --only E_X --limit 2")[1] == "x 1\nx 2\n"
    assert last(kernel, f"%replay {events} --log 1")[1:] == (
        "x 1\n",
        "events.jsonl: 3 events run, none failed\n"
        "where  what       why\n"
        "-----  ---------  ---------\n"
        "log    not shown  2 records",
    )


def test_why_nothing_was_replayed(kernel: Frontend, events: Path) -> None:
    assert kernel.run(f"%replay {events} --only E_Y").stderr == "events.jsonl: --only has left out every event\n"
    assert kernel.run("%replay /dev/null").stderr == "null: it holds no event\n"


def test_events_that_nobody_knows_are_remarked_on(kernel: Frontend, tmp_path: Path) -> None:
    kernel.run(ROUTES + "\n%event declare E_OWN n")
    assert kernel.run(f"%record {tmp_path}/1 E_X E_OWN E_PIKE_BLOCKED").shown == []
    assert kernel.run(f"%record {tmp_path}/2 E_PIKE_BLOKED").shown == [
        "no event E_PIKE_BLOKED is known so far; did you mean 'E_PIKE_BLOCKED'?"
    ]
    assert kernel.run("%record stop").status == "ok"


def test_times_are_shown_to_who_asks(kernel: Frontend, events: Path) -> None:
    kernel.run(ROUTES)
    assert "a second" not in last(kernel, f"%replay {events}")[2]
    shown = last(kernel, f"%replay {events} --stats")[2]
    assert "events a second" in shown
    assert "95 % within" in shown


def test_a_bar_shows_how_far_it_is(kernel: Frontend, events: Path) -> None:
    kernel.run("event_route[E_X] { usleep(400000); }\n%workers 1")
    found = kernel.run(f"%replay {events}")
    bars = [content["data"]["text/plain"] for content in found.contents("update_display_data")]
    assert found.contents("display_data")[0]["data"]["text/plain"].endswith("events.jsonl: 0")
    assert len(bars) > 1
    assert bars[-1] == "events.jsonl: 3 events run, none failed"


def test_events_below_the_line(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    code = '%%replay --workers 1\n{"event": "E_X", "params": {"n": 1}}\nno event\n{"event": "E_GONE"}'
    status, stdout, shown = last(kernel, code)
    assert (status, stdout) == ("ok", "x 1\n")
    assert shown.splitlines()[0] == "replay: 1 event run, none failed, 1 not handled, 1 broken line"
    assert [line.split()[:3] for line in shown.splitlines()[3:]] == [
        ["E_GONE", "not", "handled"],
        ["line", "2", "broken"],
    ]


def test_a_failing_route_fails_the_cell(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    found = kernel.run('%%replay\n{"event": "E_X", "params": {"n": 0}}\n{"event": "E_X", "params": {"n": 5}}')
    assert found.status == "error"
    shown = found.contents("update_display_data")[-1]["data"]["text/plain"]
    assert shown.startswith("replay: 2 events run, 1 failed")
    assert "line 1" in shown
    assert "/= 0" in found.traceback


def test_an_interrupt_says_how_far_it_came(kernel: Frontend, tmp_path: Path) -> None:
    kernel.run('event_route[E_X] { usleep(5000); xlog("here\\n"); }')
    path = tmp_path / "many.jsonl"
    path.write_text('{"event": "E_X"}\n' * 5000, encoding="utf-8")
    request = kernel.execute(f"%replay {path} --log 1")
    kernel.messages(request, "stream")
    kernel.interrupt()
    found = kernel.gather(request)
    assert found.status == "error"
    shown = found.contents("update_display_data")[-1]["data"]["text/plain"]
    assert "stopped, all done up to line" in shown
    assert kernel.run("%raise E_X").status == "ok"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%replay", "which file?"),
        ("%replay /absent/file", "cannot read /absent/file: no such file or directory"),
        ("%replay /", "is a directory"),
        ("%replay {events} --speed fast", "expected max, or a factor such as 10x, not 'fast'"),
        ("%replay {events} --speed 0x", "expected max, or a factor"),
        ("%replay {events} --workers 0", "expected a number of workers"),
        ("%replay {events} --log some", "expected all or errors or none"),
        ("%replay {events} --format xml", "expected json or text or csv"),
        ("%replay {events} --event E_X", "a name for all events is for CSV files; this one is json"),
        ("%replay /bin/sh", "this is no text, so it holds no events in any of the formats json, text, csv"),
        ("%%replay {events}\nx", "%%replay takes the events from the lines below"),
        ('%%replay --speed 1x\n{{"event": "E_X"}}', "the recorded events have no times to keep"),
        ("%record /absent/file", "cannot write /absent/file"),
        ("%record {events}", "exists"),
        ("%record {events} --force --append", "which of them?"),
        ("%record stop", "nothing is being recorded"),
        ("%record stop now", "takes nothing more"),
    ],
)
def test_mistakes(kernel: Frontend, events: Path, line: str, said: str) -> None:
    found = kernel.run(line.format(events=events))
    assert found.status == "error"
    assert said in found.traceback


def test_a_recording(kernel: Frontend, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    kernel.run('event_route[E_X] { raise_event("E_NOBODY"); }')
    assert kernel.run("%record").shown == ["nothing is being recorded"]
    assert kernel.run(f"%record {path}").stdout == "events.jsonl.gz: recording every event\n"
    assert "is being recorded already" in kernel.run(f"%record {path} --append").traceback
    kernel.run("%raise E_X ip=192.0.2.1 port=5060")
    assert "every event" in kernel.run("%record").shown[0]
    assert kernel.run("%record stop").stdout == "events.jsonl.gz: 2 events recorded\n"
    assert kernel.run(f"%record {path} E_X E_Y --append").stdout == "events.jsonl.gz: recording E_X, E_Y\n"
    kernel.run("%raise E_X 7")
    kernel.run("%record stop")
    kernel.run('event_route[E_X] { xlog("$param(1) $param(2)\\n"); }\n%workers 1\n%log level=ERROR')
    shown = last(kernel, f"%replay {path}")[2]
    assert shown.splitlines()[0] == "events.jsonl.gz: 2 events run, none failed, 1 not handled"


def test_a_full_disk_is_told_under_the_cell_that_records(kernel: Frontend, tmp_path: Path) -> None:
    path = tmp_path / "full.jsonl"
    path.symlink_to("/dev/full")
    kernel.run("event_route[E_X] { exit; }")
    recording = kernel.execute(f"%record {path} --append")
    assert kernel.gather(recording).stdout == "full.jsonl: recording every event\n"
    kernel.run("%raise E_X")

    def said() -> list[str]:
        kernel.is_quiet(0.1)
        own = [m for m in kernel.others if m["parent_header"].get("msg_id") == recording]
        return [m["content"]["data"]["text/plain"] for m in own if m["msg_type"] == "display_data"]

    wait_until(lambda: bool(said()))
    fault = f"cannot write {path}: no space left on device"
    assert f"{fault}; the recording has stopped: 0 events are in the file, 1 event is lost" in said()[0]
    kernel.run("%raise E_X")
    assert f"0        2     {fault}" in kernel.run("%record").shown[0]
    stopped = kernel.run("%record stop")
    assert stopped.stdout == "full.jsonl: 0 events recorded\n"
    assert "0 events are in the file, 2 events are lost" in stopped.stderr
