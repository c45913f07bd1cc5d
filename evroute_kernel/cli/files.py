"""Scripts as the command reads them, and findings as it prints them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evroute_kernel.cli.colours import print_findings
from evroute_kernel.cli.outcome import RefusedError, StoppedError, UsageError
from evroute_kernel.cli.output import allow_colours
from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.lang.files import decoded, read_text
from evroute_kernel.runtime.files import LARGEST, FileError, too_large
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Run, Session
    from evroute_kernel.engine.state.stubs import StubRule
    from evroute_kernel.runtime.versions import ServerVersion


def add_network(parser: argparse.ArgumentParser) -> None:
    """The option that `%config network=on` is in a notebook."""
    words = "let the script reach other machines: rest_get() and its like, sockets of subscribe_event()"
    parser.add_argument("--network", action="store_true", help=words)


def add_stubs(parser: argparse.ArgumentParser) -> None:
    """The option that `%stub` is in a notebook."""
    words = "what a function that is not simulated returns and sets, as after %%stub; may be given several times"
    parser.add_argument(
        "--stub", dest="stubs", action="append", default=[], metavar='"NAME returns 1 sets $var(x)=..."', help=words
    )


def read_stubs(texts: Sequence[str], version: ServerVersion) -> list[StubRule]:
    """The rules that `--stub` gives; raises UsageError with all that cannot be understood."""
    if not texts:
        return []
    from evroute_kernel.engine.state.stubs import parse_stub
    from evroute_kernel.library import table

    rules, faults = [], []
    for text in texts:
        try:
            rules.append(parse_stub(text, table.of(version), Source("--stub", text)))
        except ScriptError as error:
            faults.append(error.render())
    if faults:
        raise UsageError("\n".join(faults))
    return rules


def prepare(session: Session, options: argparse.Namespace, stubs: Sequence[StubRule] = ()) -> None:
    """Give a new session what the options say, and its script the colours that it asks for."""
    session.settings["network"] = options.network
    for rule in stubs:
        session.stub(rule)
    allow_colours(lambda: bool(session.settings["xlog_force_color"]))


def read(file: str) -> str:
    """The text of a script file, line breaks as they are; raises UsageError."""
    if is_notebook(file):
        ways = (
            "check judges it, evroute export makes a script of it, jupyter execute runs it, %migrate rewrites its cells"
        )
        raise UsageError(f"error: {file} is a notebook, not a script (evroute {ways})")
    try:
        return decoded(_standard_input()) if file == "-" else read_text(Path(file))
    except FileError as error:
        hint = "what another program writes is read with -" if Path(file).is_fifo() else error.hint
        hint = f" ({hint})" if hint else ""
        if error.line:
            raise UsageError(f"{file}:{error.line}:{error.column}: error: {error.reason}{hint}") from None
        raise UsageError(f"error: cannot read {file}: {error.reason}{hint}") from None


def is_notebook(file: str) -> bool:
    """Whether a file is one by its name."""
    return file.endswith(".ipynb")


def _standard_input() -> bytes:
    """All of it, which must not be more than a script can have. Raises FileError."""
    try:
        data = sys.stdin.buffer.read(LARGEST + 1)
    except OSError as error:
        raise FileError((error.strerror or str(error)).lower()) from error
    if len(data) > LARGEST:
        raise too_large(LARGEST)
    return data


def source_of(file: str, text: str) -> Source:
    """Named as the user named it; included files are looked for beside it."""
    return Source(file, text) if file == "-" else Source(file, text, str(Path(file).absolute()))


def on_one_line(finding: Diagnostic, file: str) -> str:
    """A finding on one line, with a place in any case, and its code."""
    return f"{finding if finding.span else f'{file}:1:1: {finding}'} [{finding.code}]"


def load(session: Session, source: Source) -> Run | None:
    """Load a script and print what there is to say about it; what it ran at once. Raises FailedError."""
    try:
        loaded = session.load(source, whole=True)
    except ScriptError as error:
        raise RefusedError(error) from None
    print_findings(loaded.diagnostics)
    return loaded.run


def check_run(run: Run | None) -> None:
    """Raise FailedError for a run that did not come to its end."""
    if run is not None and run.errors:
        raise StoppedError(run.errors)
