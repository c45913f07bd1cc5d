"""Commands of the management interface in comments, texts and shell scripts: the names that 4.0 lists them under.

A name is taken for one where its line says so: behind `mi` or `fifo` of `opensips-cli` and `opensipsctl`, behind
`opensips-mi`, as the method of a JSON-RPC request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang.migration.legacy import Doubt, Edit
from evroute_kernel.library.catalogue.management import mi_successors

_CODE: Final = "mi-name"
_QUOTE: Final = r"\\?[\"']"
_COMMAND: Final = re.compile(
    rf"(?:\bopensips-cli\b[^\n;|&]*?\bmi[ \t]+"
    rf"|^[ \t#]*mi[ \t]+"
    rf"|\bopensips-mi\b(?:[ \t]+-{{1,2}}\S+(?:[ \t]+[^\s-]\S*)?)*?[ \t]+"
    rf"|\bopensips_?ctl[ \t]+(?:fifo|mi)[ \t]+"
    rf"|{_QUOTE}method{_QUOTE}[ \t]*:[ \t]*{_QUOTE}"
    rf"|\bexecute\([ \t]*{_QUOTE})"
    r"(?P<name>[A-Za-z]\w*)(?!\w|:\w)",
    re.MULTILINE,
)


def renamed_commands(text: str) -> Iterator[Edit | Doubt]:
    """Each command that has another name in 4.0."""
    known = mi_successors()
    for found in _COMMAND.finditer(text):
        name, (start, end) = found["name"], found.span("name")
        commands = known.get(name)
        if commands is None:
            continue
        if len(commands) == 1 and commands[0].name != name:
            why = f"the command {name} is {commands[0].name} in 4.0"
            yield Edit(start, end, commands[0].name, _CODE, why)
        elif len(commands) != 1:
            names = " or ".join(command.name for command in commands)
            what = f"4.0 has {names}" if names else "4.0 has nothing in its place"
            yield Doubt(start, end, _CODE, f"the command {name} is gone: {what}")
