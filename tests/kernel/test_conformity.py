"""Jupyter's own test suite for kernels, and what it does not look at."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ipykernel
import jupyter_kernel_test
from jupyter_client.manager import KernelManager
from packaging.version import Version

from support.frontend import DEADLINE, ROOT, write_kernelspec


class EvrouteKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "evroute"
    language_name = "opensips"
    file_extension = ".cfg"
    code_hello_world = 'xlog("hello, world\\n");'
    code_stderr = 'xlog("L_ERR", "oops\\n");'
    complete_code_samples = (
        'xlog("a\\n");',
        "$var(x) + 1",
        "event_route[E_X] { exit; }",
        "%raise E_X ip=1",
        '%%raise E_X\n{"a": 1}',
        "%%check\nevent_route[E_X] { exit; }",
        "%%migrate\nevent_route[E_X, async] { exit; }",
        "?xlog",
        "",
    )
    incomplete_code_samples = (
        "event_route[E_X] {",
        'xlog("a',
        "xlog(",
        "/* a comment",
        "if ($var(x) == 1) {\n    exit;",
        '%%raise E_X\n{"a": 1,',
        "%%check\n",
        "%%migrate\nevent_route[E_X, async] {",
    )
    invalid_code_samples = ("event_route[E_X] { } }", "xlog(;", "if if")
    code_generate_error = "%raise E_NOBODY"
    code_execute_result = ({"code": "6 * 7", "result": "42"}, {"code": '"text"', "result": '"text"'})
    code_display_data = ({"code": "%routes", "mime": "text/html"}, {"code": "%routes", "mime": "text/plain"})
    code_inspect_sample = "xlog"
    completion_samples = ({"text": "%rais", "matches": {"%raise"}}, {"text": "%%rais", "matches": {"%%raise"}})
    code_history_pattern = "6 ? 7"
    code_page_something = "?xlog"
    code_clear_output = "%clear"
    supported_history_operations = ("tail", "range", "search")

    @classmethod
    def setUpClass(cls) -> None:
        """As the base class does it, with the kernelspec of this source tree."""
        cls.folder: Any = TemporaryDirectory()
        specs = write_kernelspec(Path(cls.folder.name))
        cls.km = KernelManager(kernel_name=cls.kernel_name, kernel_spec_manager=specs)
        cls.km.start_kernel(env={**os.environ, "PYTHONPATH": str(ROOT)})
        cls.kc = cls.km.client()
        cls.kc.start_channels()
        cls.kc.wait_for_ready(timeout=DEADLINE)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.kc.stop_channels()
        cls.km.shutdown_kernel()
        cls.km.cleanup_resources()
        cls.folder.cleanup()


class EvrouteWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    """Whoever subscribes is welcomed, so that a client knows when it misses nothing (ipykernel 7.2 and later)."""

    support_iopub_welcome = Version(ipykernel.__version__) >= Version("7.2")

    @classmethod
    def setUpClass(cls) -> None:
        """As the base class does it, with the kernelspec of this source tree."""
        cls.folder: Any = TemporaryDirectory()
        specs = write_kernelspec(Path(cls.folder.name))
        cls.km = KernelManager(kernel_name="evroute", kernel_spec_manager=specs)
        cls.km.start_kernel(env={**os.environ, "PYTHONPATH": str(ROOT)})
        cls.kc = cls.km.client()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.kc.stop_channels()
        cls.km.shutdown_kernel()
        cls.km.cleanup_resources()
        cls.folder.cleanup()
