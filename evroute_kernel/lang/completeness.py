"""Whether a cell can run as it stands, or is to be continued on another line."""

from __future__ import annotations

import re
from typing import Literal

from evroute_kernel.lang.files import ScriptFiles
from evroute_kernel.lang.parser import parse
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source

Status = Literal["complete", "incomplete", "invalid"]

#: codes of errors that more text may mend
_UNFINISHED = frozenset({"unfinished", "unclosed-string", "unclosed-comment", "unclosed-variable"})
_INDENT = "    "


def is_complete(text: str, version: ServerVersion) -> tuple[Status, str]:
    """The status of a cell's script, and the indentation of the next line when the text is incomplete.

    "incomplete": the text ends inside a block, a statement, a string or a comment. "invalid": it has an error that no
    further line can mend. No file is opened: what the text includes counts as empty.
    """
    # a console asks after every line: nobody has yet said that a file may be read
    _, found = parse(Source("cell", text), version=version, scratch=True, files=ScriptFiles(opens=False))
    errors = [d.code for d in found if d.severity == "error"]
    if not errors:
        return "complete", ""
    if not _UNFINISHED.issuperset(errors):
        return "invalid", ""
    return "incomplete", _next_indent(text)


def _next_indent(text: str) -> str:
    """The indentation of the last line that holds something, one step more after `{` or a case label."""
    lines = [line for line in text.split("\n") if line.strip()]
    last = lines[-1] if lines else ""
    indent = last[: len(last) - len(last.lstrip())]
    code = re.sub(r"#.*$", "", last).rstrip()
    return indent + _INDENT if code.endswith(("{", ":")) else indent
