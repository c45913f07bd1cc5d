"""The `evroute` command: run a script, check or migrate scripts, export a notebook, install the kernelspec.

It needs no Jupyter, but to install the kernelspec.

Exit codes: 0 all went well; 1 the script has findings, was refused, or a run failed; 2 wrong usage, or a file that
cannot be read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from evroute_kernel import __version__
from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.engine.arguments import Params, RaiseRequest
    from evroute_kernel.engine.session import LogRecord, Run, Session

EXIT_OK: Final = 0
EXIT_FINDINGS: Final = 1
EXIT_USAGE: Final = 2


class UsageError(Exception):
    """The command cannot do its work: a wrong argument, or a file that cannot be read. The text is for the user."""


class FailedError(Exception):
    """The script was refused, or a run did not come to its end. The text is for the user."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point of the command; ends with SystemExit."""
    options = _parser().parse_args(arguments)
    # what scripts log are bytes: those that are no UTF-8 leave as they came
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    try:
        sys.exit(options.command(options))
    except UsageError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_USAGE)
    except FailedError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_FINDINGS)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # the reader of our output is gone; Python must not complain again at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_FINDINGS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="evroute", description="OpenSIPS event routes, run without a server.")
    parser.add_argument("--version", action="version", version=f"evroute {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="load a script, raise events, print what it logs"))
    _add_check(commands.add_parser("check", help="say what is wrong with scripts, without running them"))
    _add_migrate(commands.add_parser("migrate", help="rewrite scripts of OpenSIPS 2.x for 3.x"))
    _add_export(commands.add_parser("export", help="make a server's configuration of a notebook"))
    _add_install(commands.add_parser("install", help="make the kernel known to Jupyter"))
    return parser


# -- run --------------------------------------------------------------------------------------------------------------


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Load a script and raise events, one after another. What it logs goes to standard output (NOTICE and below) "
        "or standard error (WARNING and worse)."
    )
    parser.add_argument("file", metavar="FILE", help="the script; - reads standard input")
    parser.add_argument(
        "--raise",
        dest="raises",
        action="append",
        default=[],
        metavar='"EVENT name=value ..."',
        help="an event, written as after %%raise in a notebook; may be given several times",
    )
    parser.add_argument("--json", action="store_true", help="print each log record as one JSON object")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    requests = _requests(options.raises)
    text = _read(options.file)
    # not before: a wrong command line is answered at once
    from evroute_kernel.engine.session import Session

    print_record = _print_json if options.json else _print_record
    with Session(workers=1) as session:
        try:
            loaded = session.load(_source(options.file, text))
        except ScriptError as error:
            raise FailedError(error.render()) from None
        for finding in loaded.diagnostics:
            print(finding.render(), file=sys.stderr)
        if loaded.run is not None:
            _print_run(loaded.run, print_record)
        for request, params in requests:
            for _ in range(request.count):
                _print_run(_raise(session, request, params), print_record)
    return EXIT_OK


def _requests(texts: Sequence[str]) -> list[tuple[RaiseRequest, Params]]:
    """The events to raise, with their parameters; raises UsageError with all that cannot be understood."""
    from evroute_kernel.engine.arguments import ArgumentError, parse_raise, with_samples

    requests, faults = [], []
    for text in texts:
        source = Source("--raise", text)
        try:
            request = parse_raise(text, source)
            for option in ("async", "detach"):
                if option in request.options:
                    raise ArgumentError(f"--{option} is for notebooks", source.span(0, len(text)))
            requests.append((request, with_samples(request)))
        except ScriptError as error:
            faults.append(error.render())
    if faults:
        raise UsageError("\n".join(faults))
    return requests


def _raise(session: Session, request: RaiseRequest, params: Params) -> Run:
    try:
        return session.raise_event(request.event, params, timeout=request.timeout)
    except ScriptError as error:
        raise FailedError(error.render()) from None


def _print_run(run: Run, print_record: Callable[[LogRecord], None]) -> None:
    """Print what a run logged; raises FailedError when it did not come to its end."""
    for record in run.log:
        print_record(record)
    if run.errors:
        raise FailedError("\n".join(error.render() for error in run.errors))


def _print_json(record: LogRecord) -> None:
    print(json.dumps(_plain(record), ensure_ascii=False), flush=True)


def _print_record(record: LogRecord) -> None:
    stream = sys.stdout if record.level in ("NOTICE", "INFO", "DBG") else sys.stderr
    if record.diagnostic:
        print(f"{_place(record)}{record.level}: {record.text}", file=stream, flush=True)
    else:
        print(record.text, end="", file=stream, flush=True)


def _place(record: LogRecord) -> str:
    return f"{record.span.source.name}:{record.span.line}:{record.span.column}: " if record.span else ""


def _plain(record: LogRecord) -> dict[str, Any]:
    """A log record as JSON has it; `file`, `line` and `column` only where the record has a place."""
    plain = {
        "level": record.level,
        "text": record.text,
        "diagnostic": record.diagnostic,
        "event": record.event,
        "route": record.route,
        "process": record.process,
        "time": record.time,
    }
    if record.span:
        plain |= {"file": record.span.source.name, "line": record.span.line, "column": record.span.column}
    return plain


# -- check ------------------------------------------------------------------------------------------------------------


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print every finding as file:line:column: severity: message (hint) [code]. Each file is checked on its own. "
        "docs/lints.md explains the codes of warnings and notes."
    )
    parser.epilog = "Exit code: 0 nothing found, 1 findings, 2 a file cannot be read."
    parser.add_argument("files", nargs="+", metavar="FILE", help="a script; - reads standard input")
    parser.set_defaults(command=_check)


def _check(options: argparse.Namespace) -> int:
    code = EXIT_OK
    for file in options.files:
        try:
            text = _read(file)
        except UsageError as error:
            print(error, file=sys.stderr)
            code = EXIT_USAGE
            continue
        findings = _findings(_source(file, text))
        for finding in findings:
            print(_line(finding, file))
        code = max(code, EXIT_FINDINGS if findings else EXIT_OK)
    return code


def _line(finding: Diagnostic, file: str) -> str:
    """A finding on one line, with a place in any case, and its code."""
    return f"{finding if finding.span else f'{file}:1:1: {finding}'} [{finding.code}]"


def _findings(source: Source) -> list[Diagnostic]:
    from evroute_kernel.lang.compiler import compile_script
    from evroute_kernel.lang.environment import Environment

    try:
        return list(compile_script(source, Environment()).diagnostics)
    except ScriptError as error:
        return error.diagnostics


# -- migrate ----------------------------------------------------------------------------------------------------------


def _add_migrate(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print what changes in scripts of OpenSIPS 2.x for 3.x, as a unified diff. What stays as it is, or needs a "
        "look, is said on standard error."
    )
    parser.epilog = (
        "Exit code: 0 nothing to migrate, or all of it applied; 1 something to migrate; 2 a file cannot be read or "
        "written."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a script; - reads standard input")
    parser.add_argument(
        "--apply", action="store_true", help="rewrite the files; the text of standard input goes to standard output"
    )
    parser.set_defaults(command=_migrate)


def _migrate(options: argparse.Namespace) -> int:
    code = EXIT_OK
    for file in options.files:
        try:
            is_old = _migrate_file(file, options.apply)
        except UsageError as error:
            print(error, file=sys.stderr)
            code = EXIT_USAGE
            continue
        code = max(code, EXIT_FINDINGS if is_old and not options.apply else EXIT_OK)
    return code


def _migrate_file(file: str, is_applied: bool) -> bool:
    """Print or write what changes in a file; whether anything does. Raises UsageError."""
    from evroute_kernel.kernel.export.files import write_whole
    from evroute_kernel.lang.migrate import migrate, unified_diff

    text = _read(file)
    found = migrate(_source(file, text))
    for note in found.notes:
        print(_line(note, file), file=sys.stderr)
    if is_applied and file == "-":
        sys.stdout.write(found.text)
    elif is_applied and found:
        try:
            write_whole(Path(file), found.text, force=True)
        except OSError as error:
            raise UsageError(f"error: cannot write {file}: {error.strerror}") from None
    else:
        sys.stdout.write(unified_diff(text, found.text, file))
    return bool(found)


# -- export -----------------------------------------------------------------------------------------------------------


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write the routes and settings of a notebook as an opensips.cfg; prose, magics and bare statements become "
        "comments. Nothing is run."
    )
    parser.epilog = "Exit code: 0 written, 1 the whole has errors or cannot be written, 2 the notebook cannot be read."
    parser.add_argument("notebook", metavar="NOTEBOOK", help="a notebook file")
    parser.add_argument("-o", "--output", metavar="FILE", help="- is standard output (default: NOTEBOOK with .cfg)")
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    parser.set_defaults(command=_export)


def _export(options: argparse.Namespace) -> int:
    from evroute_kernel.kernel.export import export
    from evroute_kernel.kernel.export.notebooks import NotebookError, read_notebook, title_of

    path = Path(options.notebook)
    target = options.output or str(path.with_suffix(".cfg"))
    try:
        made = export(read_notebook(path), title_of(path.name), path.parent)
    except OSError as error:
        raise UsageError(f"error: cannot read {path}: {error.strerror}") from None
    except NotebookError as error:
        raise UsageError(f"error: {error}") from None
    if target == "-":
        print(made.text, end="")
    else:
        _write_new(target, made.text, options.force)
        print(f"{target}: {made.summary}")
    for finding in made.findings:
        print(finding.render(), file=sys.stderr)
    return EXIT_FINDINGS if made.findings else EXIT_OK


def _write_new(file: str, text: str, force: bool) -> None:
    """Write a file that does not exist yet; with `force` any. Raises FailedError."""
    from evroute_kernel.kernel.export.files import write_whole

    try:
        write_whole(Path(file), text, force=force)
    except FileExistsError:
        raise FailedError(f"error: {file} exists (--force replaces it)") from None
    except OSError as error:
        raise FailedError(f"error: cannot write {file}: {error.strerror}") from None


# -- install ----------------------------------------------------------------------------------------------------------


def _add_install(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write a kernelspec that starts the kernel with this Python interpreter."
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--user", action="store_true", help="for this user, in any environment (the default)")
    place.add_argument("--sys-prefix", action="store_true", help="into this Python environment")
    place.add_argument("--prefix", type=Path, metavar="P", help="below P/share/jupyter/kernels")
    parser.add_argument("--name", default="evroute", metavar="N", help="name of the kernelspec (default: %(default)s)")
    parser.add_argument("--display-name", metavar="D", help="name that people read")
    parser.set_defaults(command=_install)


def _install(options: argparse.Namespace) -> int:
    from evroute_kernel.kernel.kernelspec import install

    elsewhere = options.sys_prefix or options.prefix is not None
    try:
        folder = install(not elsewhere, options.sys_prefix, options.prefix, options.name, options.display_name)
    except ValueError as error:
        raise UsageError(f"error: {error}") from None
    except OSError as error:
        raise FailedError(f"error: cannot write the kernelspec: {error}") from None
    print(f"installed the kernelspec {options.name} in {folder}")
    return EXIT_OK


# -- files ------------------------------------------------------------------------------------------------------------


def _read(file: str) -> str:
    """The text of a file, line breaks as they are; raises UsageError."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"error: cannot read {file}: {error.strerror}") from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        byte = f"{data[error.start]:02x}"
        hint = f"convert the file, or write \\x{byte} in a string"
        raise UsageError(f"{file}:{line}:{column}: error: byte 0x{byte} is not UTF-8 ({hint})") from None


def _source(file: str, text: str) -> Source:
    """Named as the user named it; included files are looked for beside it."""
    return Source(file, text) if file == "-" else Source(file, text, str(Path(file).absolute()))
