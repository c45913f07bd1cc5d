"""A real server to measure beside: the program that the environment variable OPENSIPS names.

OPENSIPS_MODULES names the folder of its modules; without it, that of the usual places beside the program which exists.
It gets a configuration of its own in a new folder, ports that the system chooses, and nothing of the machine's.
"""

from __future__ import annotations

import os
import resource
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROGRAM: Final = "OPENSIPS"
MODULES: Final = "OPENSIPS_MODULES"
#: seconds within which it must answer, or end
PATIENCE: Final = 20.0
_FOLDERS: Final = ("lib64/opensips/modules", "lib/opensips/modules", "lib/x86_64-linux-gnu/opensips/modules")
#: modules without which there is nothing to measure; the first one is part of the program
_BUILT_IN: Final = ("proto_udp",)
_NEEDED: Final = ("cfgutils", "mi_datagram")
#: those that are loaded where they were built
_WANTED: Final = ("mi_fifo", "httpd", "mi_http")
_PWD: Final = b'{"jsonrpc":"2.0","id":1,"method":"pwd"}'


@dataclass(frozen=True, slots=True)
class RealServer:
    """One that runs. `doors`: kind -> address, as `benchmarks/clients.py` takes it."""

    doors: dict[str, str]

    def ask(self, request: bytes) -> bytes:
        """The answer to a request of its management interface; b"" when none has come in a second."""
        host, port = self.doors["datagram"].rsplit(":", 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(1.0)
            client.connect((host, int(port)))
            with suppress(OSError):
                client.send(request)
                return client.recv(1 << 16)
        return b""

    def shared(self, name: str) -> int:
        """The number in a shared variable; 0 where there is none."""
        reply = self.ask(b'{"jsonrpc":"2.0","id":1,"method":"shv_get","params":["%b"]}' % name.encode())
        digits = reply.partition(b'"value":')[2].lstrip(b'"')
        return int("".join(map(chr, _leading_digits(digits))) or "0")


def _leading_digits(text: bytes) -> Iterator[int]:
    for byte in text:
        if not 48 <= byte <= 57:
            return
        yield byte


def program() -> Path | None:
    """The server's program; None where the environment names none. Raises FileNotFoundError."""
    named = os.environ.get(PROGRAM)
    if not named:
        return None
    found = Path(named)
    if not found.is_file():
        raise FileNotFoundError(f"{PROGRAM}={named} names no program")
    return found


def modules(server: Path) -> Path:
    """The folder of its modules. Raises FileNotFoundError."""
    named = os.environ.get(MODULES)
    candidates = [Path(named)] if named else [server.parent.parent / folder for folder in _FOLDERS]
    for folder in candidates:
        if all((folder / f"{name}.so").is_file() for name in _NEEDED):
            return folder
    raise FileNotFoundError(f"{' or '.join(map(str, candidates))} has no {', '.join(_NEEDED)}; set {MODULES}")


def version(server: Path) -> str:
    """What it says it is: `opensips 3.6.8 (x86_64/linux)`."""
    told = subprocess.run([server, "-V"], capture_output=True, text=True, check=False).stdout
    return told.partition("\n")[0].removeprefix("version: ").strip()


@contextmanager
def running(script: str, workers: int = 2) -> Iterator[RealServer | None]:
    """A server with these routes, until the block ends; None where the environment names no program."""
    server = program()
    if server is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="evroute-benchmark-") as folder:
        doors, text = _configuration(Path(folder), modules(server), script, workers)
        (Path(folder) / "server.cfg").write_text(text)
        command = [str(server), "-F", "-f", f"{folder}/server.cfg", "-w", folder]
        with (Path(folder) / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                found = RealServer(doors)
                _wait_for(found, process, Path(folder) / "log")
                yield found
            finally:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(PATIENCE)
                process.kill()


def check_seconds(script: str, rounds: int) -> float | None:
    """Processor seconds in which a server checks its configuration (`-C`), the median; None without one."""
    server = program()
    if server is None:
        return None
    with tempfile.TemporaryDirectory(prefix="evroute-benchmark-") as folder:
        more = 'loadmodule "cachedb_local.so"\n'
        _, text = _configuration(Path(folder), modules(server), more + script, 1)
        (Path(folder) / "server.cfg").write_text(text)
        return statistics.median(
            _seconds_of([str(server), "-M", "64", "-C", "-f", f"{folder}/server.cfg"]) for _ in range(rounds)
        )


def _seconds_of(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _wait_for(server: RealServer, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while b"result" not in server.ask(_PWD):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the server does not run: {log.read_text()[-2000:]}")
        time.sleep(0.05)


def _configuration(folder: Path, module_folder: Path, script: str, workers: int) -> tuple[dict[str, str], str]:
    """The doors that it has, and its text."""
    sip, datagram, http = _free_ports(socket.SOCK_DGRAM, 2) + _free_ports(socket.SOCK_STREAM, 1)
    loaded = [*_BUILT_IN, *_NEEDED, *(name for name in _WANTED if (module_folder / f"{name}.so").is_file())]
    doors = {"datagram": f"127.0.0.1:{datagram}"}
    lines = [
        "log_level=1",
        "stderror_enabled=yes",
        "syslog_enabled=no",
        f"udp_workers={workers}",
        f"socket=udp:127.0.0.1:{sip}",
        f'mpath="{module_folder}/"',
        *(f'loadmodule "{name}.so"' for name in loaded),
        f'modparam("mi_datagram", "socket_name", "udp:127.0.0.1:{datagram}")',
    ]
    if "mi_fifo" in loaded:
        doors["fifo"] = f"{folder}/mi"
        lines += [f'modparam("mi_fifo", "fifo_name", "{folder}/mi")', f'modparam("mi_fifo", "reply_dir", "{folder}/")']
    if "mi_http" in loaded and "httpd" in loaded:
        doors["http"] = f"127.0.0.1:{http}/mi"
        lines += [f'modparam("httpd", "port", {http})', 'modparam("httpd", "ip", "127.0.0.1")']
        lines += ['modparam("mi_http", "root", "mi")']
    return doors, "\n".join([*lines, "route { exit; }", script, ""])


def _free_ports(kind: socket.SocketKind, count: int) -> list[int]:
    """Ports that nobody uses at the moment."""
    opened = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
    try:
        for each in opened:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in opened]
    finally:
        for each in opened:
            each.close()
