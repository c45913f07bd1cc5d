"""What commands, files and scripts find around them: the current folder, and the variables of the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import failure
from evroute_kernel.kernel.display.formats import Table
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.kernel.magics.patterns import chosen
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.assist.offers import Candidate
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.export.rehearsal import Rehearsal
    from evroute_kernel.kernel.questions.asked import Asked

#: names whose values are nobody's business on a page that is shown about
_SECRET: Final = re.compile(r"(?i)key|token|secret|passw|(?<!\Aold)(?<!\A)pwd\Z|credential|auth")
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_ASSIGNED: Final = re.compile(r"[ \t]*(?P<name>[^\s=]+)[ \t]*=[ \t]*(?P<value>.*?)[ \t]*")
#: stands for the folder that was current before
_BACK: Final = "-"


# -- the current folder ------------------------------------------------------------------------------------------------


def exported_cd(rehearsal: Rehearsal, offset: int, arguments: Arguments) -> None:
    """Files are looked for in that folder from now on."""
    word = arguments.first
    if word is None:
        rehearsal.change_folder(Path.home())
    else:
        rehearsal.change_folder(rehearsal.before if word.text == _BACK else word.path_in(rehearsal.current))


@magic("cd", "[FOLDER]", on_export=exported_cd)
async def cd(cell: Cell, arguments: Arguments) -> None:
    """Change the current folder, where relative paths of magics, commands and scripts begin, and show it.

    Without an argument it is the home directory, `%cd -` goes back to the folder before. Workers follow. A `cd` of the
    shell, as in `!cd FOLDER`, ends with its command.
    """
    word = arguments.first
    folder = Path.home() if word is None else before(cell, word) if word.text == _BACK else word.path
    here = current()
    try:
        os.chdir(folder)
        chosen_folder = str(Path.cwd())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        span = word.span if word else arguments.line.span
        raise failure("NoFolder", f"cannot change to {folder}: {reason}", span) from error
    cell.notebook.folder_before = here
    cell.session.settings.set_folder(chosen_folder)
    cell.outlet.write(f"{chosen_folder}\n")


def before(cell: Cell, word: Word) -> Path:
    """The folder before; raises CellFailure where there was none."""
    if cell.notebook.folder_before is None:
        raise failure("NoFolder", "there is no folder to go back to", word.span, "%cd FOLDER changes it")
    return cell.notebook.folder_before


def current() -> Path | None:
    """The current folder; None where it is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


@magic("pwd")
async def pwd(cell: Cell, arguments: Arguments) -> None:
    """Show the current folder."""
    folder = current()
    if folder is None:
        raise failure("NoFolder", "the current folder is gone", arguments.line.span, "%cd FOLDER changes it")
    cell.outlet.write(f"{folder}\n")


# -- the environment ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Variable:
    """`NAME=VALUE`, or with None just a name or pattern; without a name all are meant."""

    name: str | None
    value: str | None
    span: Span


def read_env(line: MagicLine) -> Variable:
    """What is to be shown or set; raises ArgumentError."""
    text = line.text.strip()
    found = _ASSIGNED.fullmatch(line.text)
    if found is None:
        name, _, value = text.partition(" ")  # as in IPython: %env NAME VALUE
        found_value = value.strip() or None
    else:
        name, found_value = found["name"], found["value"]
    if found_value is None:
        return Variable(name or None, None, line.span)
    if not _NAME.fullmatch(name):
        raise ArgumentError(f"{name!r} is no name of a variable", line.span, "write %env NAME=VALUE")
    if "\0" in found_value:
        raise ArgumentError("the value holds a zero byte", line.span)
    return Variable(name, unquoted(found_value), line.span)


def unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def known_names(asked: Asked) -> Iterable[Candidate]:
    """The variables that there are."""
    return asked.values(sorted(os.environ))


@magic("env", "[NAME] | NAME=VALUE", read=read_env, offers=Offers(words={"NAME": known_names}))
async def env(cell: Cell, asked: Variable) -> None:
    """Show the variables of the environment, or one; `%env NAME=VALUE` sets one, for commands and for `$env(NAME)`.

    A pattern such as `OPENSIPS_*` keeps those whose name matches. Of names that sound like a secret the value is shown
    only where the name is written in full.
    """
    if asked.name is not None and asked.value is not None:
        os.environ[asked.name] = asked.value
        cell.session.settings.set_environment(asked.name, asked.value)
        cell.outlet.write(f"{asked.name}={asked.value}\n")
        return
    if asked.name is not None and asked.name in os.environ:
        cell.outlet.write(f"{os.environ[asked.name]}\n")
        return
    rows = [(name, "<hidden>" if _SECRET.search(name) else value) for name, value in sorted(os.environ.items())]
    found = chosen(rows, asked.name, lambda row: row[:1])
    if not found:
        raise failure("UnknownVariable", f"no variable {asked.name} is set", asked.span, "%env NAME=VALUE sets it")
    cell.outlet.display(Table(("variable", "value"), found, others="%env PATTERN shows those that match").bundle())
