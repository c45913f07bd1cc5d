"""What is running: versions, times, processes, commands."""

from __future__ import annotations

import os
import re
import sys
import time
from itertools import pairwise
from pathlib import Path
from platform import machine
from typing import Any, Final

from evroute_kernel import __version__
from evroute_kernel.engine.mi.arguments import Arguments
from evroute_kernel.engine.mi.declaration import Command, command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.naming import find, listed, served
from evroute_kernel.engine.mi.protocol import CommandError
from evroute_kernel.library.chance import repeated_id
from evroute_kernel.runtime.versions import ServerVersion

_TOKEN: Final = re.compile(r"(--token=).*", re.DOTALL)


def server_name(version: ServerVersion) -> str:
    """The release whose routes run here; in the form that clients take apart."""
    return f"OpenSIPS ({version}-evroute_kernel-{__version__} ({machine()}/{sys.platform}))"


@command("uptime", "core:uptime")
def uptime(management: Management, given: Arguments) -> dict[str, str]:
    """Tell the time, and since when the session exists."""
    now = int(management.session.clock or time.time())
    since = min(now, int(management.session.started))
    return {"Now": time.ctime(now), "Up since": time.ctime(since), "Up time": f"{now - since} [sec]"}


@command("version", "core:version", "", "revision")
def version(management: Management, given: Arguments) -> dict[str, str]:
    """Tell which release of OpenSIPS the routes are run for, and by which version of this program.

    With `revision`, whatever its value, the version of this program stands apart as well.
    """
    return {"Server": server_name(management.session.version)} | (
        {"evroute_kernel": __version__} if "revision" in given else {}
    )


@command("pwd", "core:pwd")
def pwd(management: Management, given: Arguments) -> dict[str, str]:
    """Tell the working directory."""
    return {"WD": str(Path.cwd())}


@command("arg", "core:arg")
def arg(management: Management, given: Arguments) -> list[str]:
    """Tell the command line of the process, without the token of a door."""
    return [_TOKEN.sub(r"\1...", word) if before != "--token" else "..." for before, word in pairwise(["", *sys.argv])]


@command("which", "core:which", "", "command")
def which(management: Management, given: Arguments) -> list[Any]:
    """List the commands, or the lists of parameters that one of them takes.

    In 4.0 `command` may also be a module with its colon, such as `evi:`: its commands.
    """
    version, loaded = management.session.version, management.session.settings.modules_loaded()
    if "command" not in given:
        return listed(version, loaded)
    name = given.text("command")
    if version == "4.0" and name.endswith(":"):
        found = [command.full_name for command in served(version, loaded) if command.full_name.startswith(name)]
        if not found:
            raise _unknown()
        return found
    return [list(recipe) for recipe in known(management, name).recipes]


@command("ps", "core:ps")
def ps(management: Management, given: Arguments) -> dict[str, Any]:
    """List the processes: 0 is the one that serves, the others are the workers that run routes."""
    processes = [{"ID": number, "PID": pid, "Type": kind} for number, pid, kind in process_list(management)]
    return {"Processes": processes}


def process_list(management: Management) -> list[tuple[int, int, str]]:
    """Number, process id and kind."""
    workers = [(w.number, w.pid, "worker") for w in management.session.workers() if w.pid is not None]
    found = [(0, os.getpid(), "attendant"), *workers]
    if management.session.seed is None:
        return found
    return [(number, repeated_id(number), kind) for number, _, kind in found]


@command("kill", "core:kill")
def kill(management: Management, given: Arguments) -> Any:
    """Refused, with 403: a client must not end a notebook. Shut the kernel down, or send SIGTERM to `evroute serve`."""
    raise CommandError(403, "Forbidden", "kill is not served here: shut the kernel down, or end evroute serve")


def known(management: Management, name: str) -> Command:
    """The command of a name. Raises CommandError."""
    try:
        return find(management.session, name)
    except CommandError:
        raise _unknown() from None


def _unknown() -> CommandError:
    return CommandError(404, "unknown MI command")
