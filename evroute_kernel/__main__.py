"""`python -m evroute_kernel -f CONNECTION_FILE` starts a kernel; anything else is the `evroute` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Choose by the arguments; each side imports only what it needs."""
    if any(argument == "-f" or argument.startswith("--f=") for argument in sys.argv[1:]):
        from evroute_kernel.kernel.protocol.app import main as start_kernel

        start_kernel()
        return 0
    from evroute_kernel.cli import main as command

    return command()


if __name__ == "__main__":
    sys.exit(main())
