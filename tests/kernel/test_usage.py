"""What usage_request gets."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from evroute_kernel.kernel.protocol.usage import Usage


def test_processor_use_since_the_last_time() -> None:
    usage = Usage()
    assert usage.reply()["kernel_cpu"] == 0
    sum(range(3_000_000))
    assert usage.reply()["kernel_cpu"] > 10


def test_without_psutil_memory_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    alone = Usage().reply()
    assert alone.keys() == {"hostname", "pid", "cpu_count", "kernel_memory"}
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        with_child = Usage().reply()
        assert child.stdin is not None
        child.stdin.close()
    assert with_child["pid"] == os.getpid()
    assert with_child["kernel_memory"] > alone["kernel_memory"]
