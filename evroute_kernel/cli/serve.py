"""`evroute serve`: load a script and let clients of the management interface raise events, until it is ended."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Final

from evroute_kernel.cli.colours import print_errors
from evroute_kernel.cli.files import add_network, add_stubs, check_run, load, prepare, read, read_stubs, source_of
from evroute_kernel.cli.outcome import EXIT_OK, UsageError
from evroute_kernel.cli.output import give_up
from evroute_kernel.cli.records import Printer, print_as_json, print_as_text
from evroute_kernel.cli.repeating import add_repeating, repeating
from evroute_kernel.cli.server import add_server, version_for
from evroute_kernel.errors import ScriptError
from evroute_kernel.runtime.values import decode

if TYPE_CHECKING:
    from evroute_kernel.engine.results.records import OnRecord
    from evroute_kernel.engine.session.session import BatchResult, LogRecord, Run, RunError, Session

#: where clients look for a server that nobody told them of
DEFAULT_ADDRESS: Final = "datagram:127.0.0.1:8080"
#: keeps the token out of the list of processes
TOKEN_VARIABLE: Final = "EVROUTE_MI_TOKEN"
DEBUG_TOKEN: Final = "EVROUTE_DEBUG_TOKEN"


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Load a script, run its startup_route, and serve the management interface until SIGINT or SIGTERM: clients "
        "such as opensips-cli and opensips-mi raise events and subscribe to them. What routes log goes where that of "
        "`evroute run` goes; where it listens, and runs that fail, to standard error. docs/mi.md tells the commands."
    )
    parser.epilog = "Exit code: 0 ended by a signal, 1 the script was refused or failed at its start, 2 wrong usage."
    parser.add_argument("file", metavar="FILE", help="the script; - reads standard input")
    parser.add_argument(
        "--mi",
        action="append",
        metavar="ADDRESS",
        help="datagram:HOST:PORT, unix:PATH, fifo:PATH or http:HOST:PORT/mi; may be given several times; port 0 lets "
        f"the system choose (default: {DEFAULT_ADDRESS})",
    )
    parser.add_argument("--listen", metavar="HOST", help="listen on this address of the machine; needs a token")
    parser.add_argument(
        "--token", metavar="TOKEN", help=f"what HTTP clients must send as Bearer (default: ${TOKEN_VARIABLE})"
    )
    parser.add_argument(
        "--files",
        action="append",
        default=[],
        metavar="DIR",
        help="a folder where clients may have files written (flatstore:) and reach unix: sockets; may be given several "
        "times (default: none for clients that any user may be, anywhere for this user, root and who has the token)",
    )
    parser.add_argument("--reply-dir", metavar="DIR", default="/tmp/", help="where FIFO clients wait for replies")
    parser.add_argument(
        "--node",
        type=_node,
        metavar="N=PATH",
        help="be node N of a cluster: others, in processes of their own on this machine, reach it at this unix socket, "
        "which is for this user alone. Only evroute speaks there; it is not proto_bin, and no server can join",
    )
    parser.add_argument(
        "--peer",
        type=_node,
        action="append",
        default=[],
        metavar="N=PATH",
        help="another node of the cluster, and its socket; may be given several times",
    )
    parser.add_argument("--cluster", type=_positive, default=1, metavar="N", help="the number of the cluster (1)")
    parser.add_argument(
        "--debug",
        metavar="PATH",
        help="let debuggers attach (evroute dap, from an editor) at this unix socket, which is for this user alone; "
        f"they need the token that is told then: one is made up, unless ${DEBUG_TOKEN} holds it",
    )
    parser.add_argument(
        "--debug-token-file",
        metavar="FILE",
        help="write the token of --debug there (mode 0600) instead of telling it; the file goes with the server",
    )
    parser.add_argument("--workers", type=_positive, metavar="N", help="processes that run routes (one for each core)")
    parser.add_argument("--no-timers", action="store_true", help="let timer routes rest")
    add_server(parser)
    add_network(parser)
    add_stubs(parser)
    add_repeating(parser)
    parser.add_argument("--json", action="store_true", help="print each log record as one JSON object")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    text = read(options.file)
    with _ended_by_signal() as ended:
        printer = Printer(print_as_json if options.json else print_as_text, ended)
        _serve(options, text, printer, ended)
        with _reader_may_leave():
            printer.check()
    return EXIT_OK


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """Who reads what routes log may end the command by going away: that is no failure."""
    try:
        yield
    except BrokenPipeError:
        give_up()


def _serve(options: argparse.Namespace, text: str, printer: Printer, ended: Event) -> None:
    """Serve until `ended`: by a signal, or because nobody can read any more what routes log."""
    version = version_for(options, options.file)
    stubs = read_stubs(options.stubs, version)
    # not before: a wrong command line is answered at once
    from evroute_kernel.worker import early

    early.prepare()
    from evroute_kernel.engine.session.session import Session

    listeners: list[OnRecord] = [printer]

    def tell_all(record: LogRecord, origin: object) -> None:
        for listener in listeners:
            listener(record, origin)

    with Session(options.workers, on_record=tell_all, version=version, **repeating(options)) as session:
        prepare(session, options, stubs)
        start_node = _become_node(session, options)
        check_run(load(session, source_of(options.file, text)))
        failures = _Failures(printer)
        _open_doors(session, options, failures)
        _let_debug(session, options, listeners, ended.set)
        start_node()
        with _timers(session, failures, start=not options.no_timers):
            ended.wait()


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, not {text!r}")
    return int(text)


def _node(text: str) -> tuple[int, str]:
    number, separator, path = text.partition("=")
    if not separator or not number.isdecimal() or not 0 < int(number) < 2**31:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on and the path of a socket, 1=/PATH, not {text!r}")
    return int(number), path.removeprefix("unix:")


def _become_node(session: Session, options: argparse.Namespace) -> Callable[[], None]:
    """Make the session a node, if the options say so; what starts it when its routes are there. Raises UsageError."""
    if options.node is None:
        if options.peer:
            raise UsageError("error: --peer needs --node, which says who this one is")
        return lambda: None
    from evroute_kernel.engine.mi.addresses import AddressError
    from evroute_kernel.engine.mi.doors.nodes import NOT_A_SERVERS, open_node

    (id, path), peers = options.node, dict(options.peer)
    try:
        if len(peers) < len(options.peer):
            raise AddressError("a node is named twice by --peer", "each has a number of its own")
        door = open_node(session, id, path, peers, options.cluster)
    except AddressError as error:
        raise _usage(error) from None

    def start() -> None:
        said = session.settings.modparams_in_force().get(("clusterer", "my_node_id"), [id])[-1]
        if said != id:
            raise UsageError(f"error: the script says my_node_id {said}, and --node {id}")
        _tell(f"node {id} of cluster {options.cluster} at {path} (this user and root; {NOT_A_SERVERS})")
        door.start()

    return start


def _usage(error: ScriptError) -> UsageError:
    found = error.diagnostics[0]
    return UsageError(f"error: {found.message}" + (f" ({found.hint})" if found.hint else ""))


@contextmanager
def _ended_by_signal() -> Iterator[Event]:
    """An event that SIGINT and SIGTERM set."""
    ended = Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open_doors(session: Session, options: argparse.Namespace, failures: _Failures) -> None:
    """Open the doors, and say where; raises UsageError."""
    from evroute_kernel.engine.mi.addresses import AddressError
    from evroute_kernel.engine.mi.management import Management
    from evroute_kernel.engine.mi.server import Server

    token = options.token or os.environ.get(TOKEN_VARIABLE) or None
    server = Server.of(session)
    for address in options.mi or [DEFAULT_ADDRESS]:
        management = Management(session, tell=_tell, ended=failures.ended)
        is_http = address.startswith("http:")
        try:
            opened = server.open(
                address,
                management,
                listen=options.listen,
                token=token if is_http or options.token else None,
                reply_directory=options.reply_dir,
                files=options.files,
            )
        except AddressError as error:
            raise _usage(error) from None
        _tell(server.greeting(opened))


def _let_debug(
    session: Session, options: argparse.Namespace, listeners: list[OnRecord], end: Callable[[], None]
) -> None:
    """Open the door for debuggers, if the options say so. Raises UsageError."""
    if options.debug is None:
        if options.debug_token_file is not None:
            raise UsageError("error: --debug-token-file needs --debug, which says where debuggers attach")
        return
    from evroute_kernel.engine.dap.door import open_door
    from evroute_kernel.engine.dap.token import Token
    from evroute_kernel.engine.mi.addresses import AddressError

    try:
        token = Token(os.environ.get(DEBUG_TOKEN), options.debug_token_file)
        listeners.append(open_door(session, options.debug, token, _tell, end).heard)
    except AddressError as error:
        raise _usage(error) from None


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


class _Failures:
    """Says which raises, and which turns of timer routes, did not come to their end."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    def ended(self, result: BatchResult) -> None:
        self._tell([error for error in result.errors if error.cause != "closed"])

    def failed(self, run: Run) -> None:
        self._tell(run.errors)

    def _tell(self, errors: Sequence[RunError]) -> None:
        # who does not read what routes log has ended the command by that: what it interrupts then is no news
        ours = ("interrupted",) if self._printer.is_broken else ()
        print_errors([error for error in errors if error.cause not in ours])
        sys.stderr.flush()

    def stopped(self, title: str, why: str) -> None:
        print(f"{title} has stopped: {why}", file=sys.stderr, flush=True)


@contextmanager
def _timers(session: Session, failures: _Failures, *, start: bool) -> Iterator[None]:
    """Run every timer route at its interval."""
    from evroute_kernel.engine.session.timers import Timer, Timers

    timers = Timers.of(session)
    for name in dict.fromkeys(map(decode, session.registry.names("timer_route"))) if start else ():
        timers.start(Timer(session, name, failures))
    try:
        yield
    finally:
        timers.stop()
        session.interrupt()
        timers.close()
