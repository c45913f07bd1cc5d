"""Starts the kernel on ipykernel's application, without what an IPython kernel alone needs."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

from ipykernel.kernelapp import IPKernelApp
from traitlets import Type, default

from evroute_kernel.kernel.protocol.kernel import EvrouteKernel

#: seconds that a thread may compute while others wait. A message passes four threads on its way in and out, so with
#: Python's 5 ms a question would take 20 ms or more while a script is compiled
SWITCH_INTERVAL: Final = 0.0005


class KernelApp(IPKernelApp):  # type: ignore[misc]
    """The process that a front end starts: sockets, heartbeat, one EvrouteKernel."""

    name = "evroute-kernel"
    kernel_class = Type(EvrouteKernel, klass="ipykernel.kernelbase.Kernel")

    #: what this process or its children print is no output of the cell that happens to run; and ipykernel's streams
    #: cost two round trips between threads a request, and seconds at the end of a process that ends quickly
    @default("outstream_class")
    def _no_streams(self) -> None:
        return None

    #: ipykernel warns at each start that TCP is not encrypted; who starts kernels decides that, not their user
    @default("log_level")
    def _quiet(self) -> int:
        return logging.ERROR

    # No IPython profile is read or made, and no debugger of Python's prepared.
    @default("profile_dir")
    def _profile_dir_default(self) -> None:
        return None

    def init_profile_dir(self) -> None:
        pass

    def init_config_files(self) -> None:
        pass

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        pass

    def init_pdb(self) -> None:
        pass

    def init_path(self) -> None:
        pass


def main() -> None:
    """Run a kernel until it is shut down."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    KernelApp.launch_instance()
