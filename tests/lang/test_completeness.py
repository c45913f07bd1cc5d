"""Is a cell complete? The answer to a console that asks after every line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evroute_kernel.lang.completeness import is_complete

ANSWERS = {
    "": ("complete", ""),
    "\n  \n": ("complete", ""),
    "# only a comment": ("complete", ""),
    "$var(x) = 1;": ("complete", ""),
    "$var(x) + 1": ("complete", ""),
    '"text"': ("complete", ""),
    "f()": ("complete", ""),
    "event_route[E_X] {\n    exit;\n}": ("complete", ""),
    "if (1) exit;": ("complete", ""),
    "event_route[E_X] {": ("incomplete", "    "),
    "event_route[E_X] {  # why": ("incomplete", "    "),
    "event_route[E_X]": ("incomplete", ""),
    "event_route[E_X] {\n    if (1) {": ("incomplete", "        "),
    "event_route[E_X] {\n    exit;": ("incomplete", "    "),
    "event_route[E_X] {\n    exit;\n\n": ("incomplete", "    "),
    "switch ($var(x)) {\n  case 1:": ("incomplete", "      "),
    "$var(x) = 1": ("incomplete", ""),
    "$var(x) = 1 +": ("incomplete", ""),
    'xlog("a")': ("incomplete", ""),
    'xlog("a': ("incomplete", ""),
    "/* a": ("incomplete", ""),
    "$(var(x)": ("incomplete", ""),
    "if (1)": ("incomplete", ""),
    "exit; }": ("invalid", ""),
    "xlog($var(x));": ("invalid", ""),
    "event_route[E-X] {": ("invalid", ""),
    "foo bar; event_route[E] {": ("invalid", ""),
    # no file is opened, whether it is there or not
    'include_file "none.cfg"': ("complete", ""),
    'include_file "/dev/zero"\nevent_route[E_X] {': ("incomplete", "    "),
}


@pytest.mark.parametrize("text", ANSWERS)
def test_is_complete(text: str) -> None:
    assert is_complete(text, "3.6") == ANSWERS[text]


def test_no_file_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "bad.cfg").write_text("exit; }")
    assert is_complete(f'include_file "{tmp_path}/fifo"\nimport_file "{tmp_path}/bad.cfg"\n', "3.6") == ("complete", "")
