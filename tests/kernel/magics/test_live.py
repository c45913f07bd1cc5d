"""`%connect`, `%disconnect`, `%inbox` and `%raise --live` in a real kernel, against a server of its own process."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.server import Server
from evroute_kernel.engine.session.session import Session
from support.frontend import SPIN, Frontend, Result, started, wait_until
from support.live_server import LiveServer, live_server

ROUTE = 'event_route[E_A] { xlog("got $param(n)\\n"); }\n'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    with live_server(tmp_path) as running:
        yield running


def shown_last(found: Result) -> str:
    """What the updated display holds in the end."""
    return str(found.contents("update_display_data")[-1]["data"]["text/plain"])


def live(kernel: Frontend, code: str) -> str:
    """Start a cell that connects; returns when it listens."""
    request = kernel.execute(code)
    kernel.messages(request, "display_data")
    return request


def streams(kernel: Frontend, request: str, text: str) -> str:
    """Wait until a cell has shown a text; all that it has written by then."""
    found = ""
    while text not in found:
        found += kernel.messages(request, "stream")[-1]["content"]["text"]
    return found


def arrived(kernel: Frontend, count: int) -> Result:
    """The inbox, once it holds so many events that have ended."""
    found: list[Result] = []

    def is_there() -> bool:
        found.append(kernel.run("%inbox"))
        rows = found[-1].shown[0].splitlines()[2:]
        return len(rows) == count and not any("running" in row for row in rows)

    wait_until(is_there)
    return found[-1]


def listening(kernel: Frontend) -> list[Any]:
    """Sockets of the kernel that anybody could send to, apart from Jupyter's own and the client's."""
    return [c for c in kernel.process.net_connections("udp") if c.laddr and not c.raddr]


def test_what_arrives_is_shown_with_its_log(kernel: Frontend, server: LiveServer) -> None:
    kernel.run(ROUTE)
    request = live(kernel, f"%connect mi={server.mi} --count 3")
    for number in range(3):
        server.call("raise_event", event="E_A", params=json.dumps({"n": number, "text": 'a "b"'}))
    found = kernel.gather(request)
    assert found.status == "ok"
    assert found.stdout == "".join(f'--> E_A n={n} text="a \\"b\\""\ngot {n}\n' for n in range(3))
    assert shown_last(found) == f"disconnected from {server.mi}: 3 events received"
    assert listening(kernel) == []
    assert server.subscriptions()[-1][2] == 0


def test_an_interrupt_ends_the_cell_well(kernel: Frontend, server: LiveServer) -> None:
    kernel.run('event_route[E_A] { xlog("open"); }')
    request = live(kernel, f'%connect mi={server.mi} events=E_A,E_B\nxlog("after\\n");')
    server.call("raise_event", event="E_A")
    server.call("raise_event", event="E_B", params=["x", "7"])
    found = streams(kernel, request, "E_B")
    kernel.interrupt()
    rest = kernel.gather(request)
    assert (rest.status, rest.kinds[-1]) == ("ok", "idle")
    # a log that leaves its line open, and an event that nothing handles
    assert found + rest.stdout == '--> E_A\nopen\n--> E_B x "7"  (no route)\nafter\n'
    assert shown_last(rest) == f"disconnected from {server.mi}: 2 events received; 1 without a route"
    assert server.subscriptions()[-2:] == [[event, server.subscriptions()[-1][1], 0] for event in ("E_A", "E_B")]


def test_an_interrupt_ends_the_routes_that_run(kernel: Frontend, server: LiveServer) -> None:
    kernel.run(SPIN.replace("E_SPIN", "E_B"))
    request = live(kernel, f"%connect mi={server.mi} events=E_B")
    for _ in range(3):
        server.call("raise_event", event="E_B")
    streams(kernel, request, "spinning")
    kernel.interrupt()
    found = kernel.gather(request)
    assert (found.status, found.stderr) == ("ok", "")
    assert re.search(r": (\d) events? received; \1 interrupted", shown_last(found))
    assert "running" not in kernel.run("%inbox").shown[0]


def test_a_route_that_fails_does_not_end_the_cell(kernel: Frontend, server: LiveServer) -> None:
    kernel.run("%timeout 0.2")
    inner = "$var(j) = 0; while ($var(j) < 9999) { $var(j) += 1; }"
    kernel.run(f"event_route[E_A] {{ $var(i) = 0; while ($var(i) < 9999) {{ {inner} $var(i) += 1; }} }}")
    request = live(kernel, f"%connect mi={server.mi} events=E_A,E_B --count 2")
    server.call("raise_event", event="E_A")
    server.call("raise_event", event="E_B")
    found = kernel.gather(request)
    assert (found.status, found.stdout) == ("ok", "--> E_A\n--> E_B  (no route)\n")
    assert "longer than 0.2" in found.told or "0.2 s" in found.told
    assert "1 failed" in shown_last(found)


def test_a_server_that_comes_back(kernel: Frontend, server: LiveServer) -> None:
    kernel.run(ROUTE)
    request = live(kernel, f"%connect mi={server.mi} expire=2 --count 1")
    server.kill()
    assert "the server does not answer" in streams(kernel, request, "trying again")
    server.start_again()
    assert "answers again" in streams(kernel, request, "---")
    server.call("raise_event", event="E_A", params=["x"])
    assert kernel.gather(request).status == "ok"


def test_a_cell_that_ends_by_itself(kernel: Frontend, server: LiveServer) -> None:
    found = kernel.run(f"%connect mi=fifo:{server.folder}/mi.fifo reply_dir={server.folder} events=E_A --for 0.05")
    assert (found.status, shown_last(found).endswith("no events received")) == ("ok", True)


def test_in_the_background(kernel: Frontend, server: LiveServer, tmp_path: Path) -> None:
    kernel.run(ROUTE + 'event_route[E_MINE] { xlog("x\\n"); }')
    assert kernel.run(f"%connect mi={server.mi} --background").shown == [
        "the server does not know E_MINE: not subscribed",
        f"connected to {server.mi}: E_A",
    ]
    payloads = ['{"method":"E_A","params":{"n":1,"t":"<b>\xff"}}', "broken", '{"method":"E_A","params":[-7]}']
    server.call("fake_send", event="E_A", payloads=payloads)
    rows = [row.split() for row in arrived(kernel, 2).shown[0].splitlines()[2:]]
    assert [(row[0], row[1], row[-3], row[-1]) for row in rows] == [("1", "E_A", "1", "ok"), ("2", "E_A", "1", "ok")]
    whole = kernel.run("%inbox 1")
    assert whole.shown[0].splitlines()[0].endswith(" --> E_A n=1 t=<b>\ufffd")
    assert whole.shown[0].splitlines()[1:] == ["1 route run: ok", "got 1"]
    assert "<b>" not in whole.contents("display_data")[0]["data"]["text/html"]
    status = kernel.run("%connect").shown[0]
    assert "2 received; 1 broken notifications" in status
    assert kernel.run(f"%inbox --save {tmp_path}/events.jsonl").shown == [
        f"2 events are saved in {tmp_path}/events.jsonl"
    ]
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text("utf-8").splitlines()]
    assert [(line["event"], line["params"]) for line in lines] == [("E_A", {"n": 1, "t": "<b>\udcff"}), ("E_A", [-7])]
    assert kernel.run(f"%replay {tmp_path}/events.jsonl").stdout == "got 1\ngot <null>\n"
    assert kernel.run("%disconnect").shown == [
        f"disconnected from {server.mi}: 2 events received; 1 broken notifications"
    ]
    assert kernel.run("%disconnect").shown == ["not connected"]
    assert kernel.run("%inbox --clear\n%inbox").shown == ["nothing has arrived"]
    assert listening(kernel) == []


def test_a_second_connection_takes_the_place_of_the_first(kernel: Frontend, server: LiveServer) -> None:
    for _ in range(2):
        assert kernel.run(f"%connect mi={server.mi} events=E_A --background").status == "ok"
        assert len(listening(kernel)) == 1
    assert [entry[2] for entry in server.subscriptions()] == [60, 0, 60]


def test_a_reset_closes_the_connection(kernel: Frontend, server: LiveServer) -> None:
    kernel.run(f"%connect mi={server.mi} events=E_A --background")
    kernel.run("%reset")
    assert (listening(kernel), server.subscriptions()[-1][2]) == ([], 0)
    assert kernel.run("%connect").shown[0].startswith("not connected")


@pytest.mark.parametrize(
    ("line", "name", "text"),
    [
        ("%connect events=E_A", "MagicError", "mi= is missing"),
        ("%connect mi=datagrm:127.0.0.1:1", "MagicError", "did you mean 'datagram'?"),
        ("%connect fifo:/x", "MagicError", "write mi=fifo:/x"),
        ("%connect mi=fifo:/x listen=sctp:1", "MagicError", "listen"),
        ("%connect mi=fifo:/x events=E_A,", "MagicError", "an event's name is empty"),
        ("%connect mi=fifo:/x expire=1", "MagicError", "2 seconds or more"),
        ("%connect mi=fifo:/x --background --count 3", "MagicError", "--count is for a cell that waits"),
        ("%connect mi=fifo:/x --no-subscribe events=E_A", "MagicError", "events= is idle"),
        ("%connect mi=fifo:/nonexistent/x events=E_A", "LiveError", "there is no such file"),
        ("%inbox 7", "NotThere", "there is no event 7"),
        ("%inbox --save /nonexistent/x", "FileError", "cannot write /nonexistent/x"),
        ("%raise --live E_A", "LiveError", "not connected to a server"),
        ("%raise --live --report E_A", "MagicError", "--report is about routes here"),
    ],
)
def test_mistakes(kernel: Frontend, line: str, name: str, text: str) -> None:
    found = kernel.run(line)
    assert found.error["ename"] == name
    assert text in found.traceback


def test_mistakes_of_which_only_the_server_knows(kernel: Frontend, server: LiveServer) -> None:
    found = kernel.run(f"%connect mi={server.mi} events=E_AA")
    assert "the server does not know the event E_AA" in found.traceback
    assert "did you mean 'E_A'?" in found.traceback
    assert "^" * len("E_AA") + "\n" in found.traceback
    assert "no event to subscribe: no route handles any" in kernel.run(f"%connect mi={server.mi}").traceback


def test_raising_on_the_server(kernel: Frontend, server: LiveServer) -> None:
    kernel.run(ROUTE + f"%connect mi={server.mi} --background")
    assert kernel.run("%raise --live E_A n=5 --count 2").shown == [f"E_A is raised 2 times on {server.mi}"]
    arrived(kernel, 2)
    assert kernel.run("%inbox 2").shown[0].endswith("got 5")
    refused = kernel.run('%raise --live E_A {"n": {"deep": 1}}')
    assert "parameter n is an object" in refused.traceback
    assert "n='{\"deep\":1}'" in refused.traceback
    assert "nothing on the server handles the event E_B" in kernel.run("%raise --live E_B").traceback
    assert "did you mean 'E_PIKE_BLOCKED'?" in kernel.run("%raise --live E_PIKE_BLOKED --timeout 5").traceback
    assert "empty names" in kernel.run("%raise --live E_A 1 2").shown[0]


def test_raising_without_subscriptions(kernel: Frontend, server: LiveServer) -> None:
    assert kernel.run(f"%connect mi={server.mi} --no-subscribe").shown == [
        f"connected to {server.mi}, subscribed to nothing"
    ]
    server.call("event_subscribe", event="E_A", socket="udp:127.0.0.1:9")
    assert kernel.run("%raise --live E_A {}").status == "ok"
    assert listening(kernel) == []


def test_an_interrupt_while_the_server_is_silent(kernel: Frontend, server: LiveServer) -> None:
    server.call("fake_silence", replies=1)
    request = kernel.execute(f"%connect mi={server.mi} events=E_A")
    kernel.messages(request, "execute_input")
    kernel.interrupt()
    found = kernel.gather(request)
    assert found.error["ename"] == "Interrupted"
    assert kernel.run('xlog("alive\\n");').stdout == "alive\n"


@pytest.mark.parametrize("signal", ["shutdown", "kill"])
def test_nothing_outlives_the_kernel(tmp_path: Path, server: LiveServer, signal: str) -> None:
    with started(tmp_path) as kernel:
        kernel.run(f"%connect mi=datagram:{server.folder}/mi.sock events=E_A listen=unix --background")
        process = kernel.process
        folder = Path(server.subscriptions()[-1][1].removeprefix("unix:")).parent
        assert folder.exists()
        if signal == "kill":
            process.kill()
            process.wait(30)
    assert not psutil.pid_exists(process.pid)
    if signal == "kill":  # what a killed kernel leaves is removed by the next that connects
        assert folder.exists()
        with started(tmp_path) as kernel:
            kernel.run(f"%connect mi=datagram:{server.folder}/mi.sock --no-subscribe")
    assert not folder.exists()
    assert folder.parent == Path(tempfile.gettempdir())
    assert server.subscriptions()[-1][2] == (60 if signal == "kill" else 0)


class TestVersions:
    @pytest.fixture
    def newer(self) -> Iterator[str]:
        """A server of 4.0; where it is."""
        with Session(workers=1, version="4.0") as session:
            session.load(ROUTE)
            yield Server.of(session).open("datagram:127.0.0.1:0", Management(session))

    def test_another_version_is_told(self, kernel: Frontend, newer: str) -> None:
        kernel.run(f"%config version=3.6\n{ROUTE}")
        shown = "\n".join(kernel.run(f"%connect mi={newer} --background").shown)
        assert "the server is OpenSIPS 4.0-evroute_kernel" in shown
        assert "(as 4.0: %reset, %config version=4.0, and %connect again)" in shown
        assert re.search(rf"connected to {newer} \(OpenSIPS 4\.0\S+\): E_A", shown)
        assert re.search(r"release +OpenSIPS 4\.0", kernel.run("%connect").shown[0])
        assert kernel.run("%raise --live E_A n=5").status == "ok"
        arrived(kernel, 1)
        assert kernel.run(f"%reset\n%config version=4.0\n{ROUTE}\n%connect mi={newer} --background").status == "ok"
        kernel.run("%disconnect")

    def test_the_same_version_is_only_shown(self, kernel: Frontend, newer: str) -> None:
        kernel.run(f"%config version=4.0\n{ROUTE}")
        shown = "\n".join(kernel.run(f"%connect mi={newer} --background").shown)
        assert "(OpenSIPS 4.0" in shown
        assert "the server is" not in shown
        kernel.run("%disconnect")
        kernel.run("%config version=3.6")
