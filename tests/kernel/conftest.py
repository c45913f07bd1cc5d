"""One kernel for each module of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.frontend import Frontend, started


@pytest.fixture(scope="module")
def shared_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frontend]:
    with started(tmp_path_factory.mktemp("kernel")) as frontend:
        yield frontend


@pytest.fixture
def kernel(shared_kernel: Frontend) -> Frontend:
    """The module's kernel, without what earlier tests have left in it."""
    assert shared_kernel.run("%reset").status == "ok"
    shared_kernel.others.clear()
    return shared_kernel
