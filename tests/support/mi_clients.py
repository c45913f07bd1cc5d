"""The clients that people have, unmodified: the programs of the packages `opensips` and `opensipscli`, as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PROGRAMS = Path(sys.executable).parent
DEADLINE = 60.0
#: raises E_X with numbers of a range, through one object of the client's library; prints what differs from "OK"
MANY = """
import json, sys
from opensips.mi import OpenSIPSMI
kind, options, *numbers = json.loads(sys.argv[1])
client = OpenSIPSMI(kind, **options)
for number in range(*numbers):
    reply = client.execute("raise_event", ["E_X", [number]])
    if reply != "OK":
        print(number, reply)
print("done")
"""


def wait_until(condition: Callable[[], Any]) -> None:
    """Wait for something that nothing tells us of."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@dataclass(frozen=True)
class Clients:
    """Clients of the door at an address; what they write is in `folder`, which is also where FIFO replies go."""

    address: str
    folder: Path

    @property
    def kind(self) -> str:
        return self.address.partition(":")[0]

    @property
    def port(self) -> str:
        return self.address.split(":")[-1].partition("/")[0]

    @property
    def path(self) -> str:
        return self.address.partition(":")[2]

    def mi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`opensips-mi COMMAND ...`."""
        options = {
            "datagram": ["-t", "datagram", "-i", "127.0.0.1", "-p", self.port, "-dt", "30"],
            "unix": ["-t", "datagram", "-ds", self.path, "-dt", "30"],
            "fifo": ["-t", "fifo", "-f", self.path, "-fd", str(self.folder)],
            "http": ["-t", "http", "-i", "127.0.0.1", "-p", self.port],
        }[self.kind]
        return self._run("opensips-mi", *options, *arguments)

    def ask(self, command: str, params: Any = None) -> Any:
        """The reply that `opensips-mi COMMAND -j PARAMS` prints."""
        done = self.mi(command, *([] if params is None else ["-j", json.dumps(params)]))
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        return json.loads(done.stdout)

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`opensips-cli -x mi COMMAND ...`."""
        options = {
            "datagram": [f"datagram_port={self.port}", "datagram_timeout=30"],
            "unix": [f"datagram_unix_socket={self.path}", "datagram_timeout=30"],
            "fifo": [f"fifo_file={self.path}", f"fifo_reply_dir={self.folder}"],
            "http": [f"url=http://127.0.0.1:{self.port}/mi"],
        }[self.kind]
        kind = "datagram" if self.kind == "unix" else self.kind
        given = [word for option in (f"communication_type={kind}", *options) for word in ("-o", option)]
        return self._run("opensips-cli", *given, "-x", "mi", *arguments)

    def many(self, count: int, first: int = 0) -> str:
        """Raise E_X so many times, with a number from `first` on, in one connection; what it printed."""
        options = {
            "datagram": {"datagram_ip": "127.0.0.1", "datagram_port": self.port, "datagram_timeout": 30},
            "unix": {"datagram_unix_socket": self.path, "datagram_timeout": 30},
            "fifo": {"fifo_file": self.path, "fifo_file_fallback": "", "fifo_reply_dir": str(self.folder)},
            "http": {"url": f"http://127.0.0.1:{self.port}/mi"},
        }[self.kind]
        kind = "datagram" if self.kind == "unix" else self.kind
        done = self._run("python", "-c", MANY, json.dumps([kind, options, first, first + count]))
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    @contextmanager
    def listening(self, event: str) -> Iterator[IO[str]]:
        """`opensips-event EVENT` while it has subscribed; what it prints."""
        place = {
            "datagram": ["-t", "datagram", "-i", "127.0.0.1", "-p", self.port],
            "fifo": ["-t", "fifo", "-f", self.path, "-fd", str(self.folder)],
            "http": ["-t", "http", "-i", "127.0.0.1", "-p", self.port],
        }[self.kind]
        command = [PROGRAMS / "opensips-event", *place, "-li", "127.0.0.1", event]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self._environment, cwd=self.folder
        ) as process:
            assert process.stdout is not None
            try:
                wait_until(lambda: process.poll() is not None or "udp:" in json.dumps(self._subscribers(event)))
                assert process.poll() is None, process.stdout.read()
                yield process.stdout
                process.send_signal(signal.SIGTERM)
                assert process.wait(DEADLINE) == 0
            finally:
                if process.poll() is None:
                    process.kill()

    def _subscribers(self, event: str) -> Any:
        return self.ask("subscribers_list", {"event": event})

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAMS / program, *arguments],
            capture_output=True,
            timeout=DEADLINE,
            check=False,
            text=True,
            env=self._environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
        )

    @property
    def _environment(self) -> dict[str, str]:
        """Without the settings of whoever runs the tests."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENSIPS_")}
        return {**kept, "HOME": str(self.folder), "PYTHONUNBUFFERED": "1", "no_proxy": "127.0.0.1"}


def read_json(stream: IO[str]) -> Any:
    """The next object that a client prints, over several lines."""
    text = ""
    for line in stream:
        text += line
        if line == "}\n":
            return json.loads(text)
    raise AssertionError(f"it ended with {text!r}")
