"""What docs/opensips-4.0.md says is true: programs were recorded, the example logs what it says, commands work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from evroute_kernel import Session
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.lints import LINTS
from evroute_kernel.lang.migration.targets import migrated
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source
from support.recorded import read_cases

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "opensips-4.0.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_programs_were_recorded() -> None:
    named = set(re.findall(r"\bv40-[\w-]+", PAGE))
    assert len(named) > 20
    assert named <= {case.name for case in read_cases(version="4.0")}


@pytest.mark.parametrize(("version", "lines"), [("3.6", "12b"), ("4.0", "1b2")])
def test_the_example_logs_in_this_order(version: ServerVersion, lines: str) -> None:
    [script] = [text for language, text in BLOCKS if language == "opensips"]
    with Session(version=version, workers=1) as session:
        session.load(script)
        session.raise_event("E_A")
        assert "".join(record.text.strip() for record in session.log) == lines


def test_lints_are_explained() -> None:
    lints = set(re.findall(r"lints\.md#([\w-]+)", PAGE))
    assert lints
    assert lints <= set(LINTS)


def test_the_page_is_found() -> None:
    for page in (ROOT / "README.md", ROOT / "docs" / "architecture.md"):
        assert "opensips-4.0.md" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("line", [line for name, text in BLOCKS if name == "sh" for line in text.splitlines()])
def test_commands_work(tmp_path: Path, line: str) -> None:
    (tmp_path / "opensips.cfg").write_text('event_route[E_PIKE_BLOCKED] { xlog("$param(ip)\\n"); }\n')
    (tmp_path / "check_health.sh").write_text("opensips-cli -x mi evi:list\n")
    command = f"PATH={Path(sys.executable).parent}:$PATH; {line}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


#: a word of the page, a text, what is made of it
SETTINGS = [
    ("log_stderror", "log_stderror=yes\n", "stderror_enabled=yes\nsyslog_enabled=no\n"),
    ("tcp_parallel_read_on_workers", "tcp_parallel_read_on_workers=1\n", ""),
    ("proxy", "route[proxy] { exit; }\n", 'route["proxy"] { exit; }\n'),
    ("proto_tcp.so", 'socket=udp:lo:5060\nloadmodule "proto_tcp.so"\n', "socket=udp:lo:5060\n"),
    ("tcp_parallel_handling", 'modparam("proto_tcp", "tcp_parallel_handling", 1)\n', ""),
]


@pytest.mark.parametrize(("word", "old", "new"), SETTINGS, ids=[word for word, _, _ in SETTINGS])
def test_what_is_rewritten(word: str, old: str, new: str) -> None:
    assert word in PAGE
    assert migrated(Source("a.cfg", old), Environment(version="4.0", whole=True)).text == new
