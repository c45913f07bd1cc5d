"""The server that is installed: its program, its modules, its version."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evroute_kernel.runtime.versions import ServerVersion, server_version

#: environment variables that name the program and the folder of its modules
PROGRAM = "OPENSIPS"
MODULES = "OPENSIPS_MODULES"
#: seconds for `opensips -V`
PATIENCE = 10.0


class NotInstalledError(Exception):
    """No server is named, or what is named is none."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A program of OpenSIPS and the folder of its modules."""

    program: Path
    modules: Path

    def has(self, module: str) -> bool:
        return (self.modules / f"{module}.so").is_file()

    def version(self) -> str:
        """Such as "3.6.8". Raises NotInstalledError when the program does not tell."""
        try:
            said = subprocess.run([self.program, "-V"], capture_output=True, text=True, timeout=PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotInstalledError(f"{self.program} -V failed: {error}") from None
        found = re.search(r"opensips (\d+\.\d+\.\d+\S*)", said.stdout + said.stderr)
        if found is None:
            raise NotInstalledError(f"{self.program} -V tells no version of OpenSIPS: {said.stdout[:200]!r}")
        return found[1]

    def server_version(self, wanted: str | None = None) -> ServerVersion:
        """Which of the versions that run here it is. Raises NotInstalledError for another one than is wanted."""
        told = self.version()
        try:
            found = server_version(told)
            if wanted is not None and server_version(wanted) != found:
                raise NotInstalledError(f"{self.program} is OpenSIPS {told}, not {wanted}")
        except ValueError as error:
            raise NotInstalledError(str(error)) from None
        return found


def installed(environment: Mapping[str, str] = os.environ) -> Installed:
    """The server that the environment names. Raises NotInstalledError, which says what to set."""
    program, modules = environment.get(PROGRAM), environment.get(MODULES)
    if not program or not modules:
        raise NotInstalledError(f"set {PROGRAM} to the server's program and {MODULES} to the folder of its modules")
    found = Installed(Path(program), Path(modules))
    if not os.access(found.program, os.X_OK):
        raise NotInstalledError(f"{PROGRAM}: {program} is no program")
    if not found.modules.is_dir():
        raise NotInstalledError(f"{MODULES}: {modules} is no folder")
    return found
