"""The versions of OpenSIPS that a script can run under."""

from __future__ import annotations

from typing import Final, Literal, get_args

ServerVersion = Literal["3.6", "4.0"]

VERSIONS: Final[tuple[ServerVersion, ...]] = get_args(ServerVersion)
#: the one of who names none: the version with long-term support
DEFAULT_VERSION: Final[ServerVersion] = "3.6"


def server_version(text: str) -> ServerVersion:
    """The version that a text names: "4.0", and "4.0.1" too. Raises ValueError that says which there are."""
    for version in VERSIONS:
        if text == version or text.startswith(f"{version}."):
            return version
    raise ValueError(f"there is no OpenSIPS {text!r} here: {' or '.join(VERSIONS)}")
