"""Fixtures of the tests in a real browser: Debian's Chromium, driven by Playwright, in front of a real JupyterLab.

Where one of them is missing the tests are skipped, and with EVROUTE_REQUIRE_BROWSER in the environment they fail. Each
module has a browser of its own, since Playwright keeps an event loop in the thread that all other tests run in.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.lab_server import ROOT, Server, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from support.lab_page import Lab

REQUIRED = "EVROUTE_REQUIRE_BROWSER"
#: kept after the run, for people to look at
ARTEFACTS = ROOT / "artefacts" / "browser"
#: what Chromium needs where it runs as root, without a graphics card, and without a network to look for updates in
SWITCHES = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()

FAILED = pytest.StashKey[bool]()


def missing() -> list[str]:
    """What these tests need and this machine does not have."""
    modules = [name for name in ("jupyterlab", "notebook", "playwright") if find_spec(name) is None]
    return modules if shutil.which("chromium") else [*modules, "chromium"]


LACKING = f"no {', no '.join(missing())}: pip install '.[browser]', apt-get install chromium" if missing() else None
if LACKING and os.environ.get(REQUIRED):
    raise RuntimeError(f"{REQUIRED} is set, but there is {LACKING}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if LACKING and item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.skip(reason=LACKING))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests, which shows the folders of all of them."""
    with running(tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser with a fresh profile, as every launch has."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(server: Server, browser: Browser) -> Page:
    """JupyterLab without any document."""
    from support.lab_page import DEADLINE

    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(DEADLINE)
    page.goto(server.address("/lab", reset=""))
    return page


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """The folder for pictures, which people look at."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    return ARTEFACTS


@pytest.fixture
def lab(server: Server, page: Page, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """JupyterLab, for files in `tmp_path`; afterwards nothing is open and no kernel runs."""
    from support.lab_page import Lab

    lab = Lab(page, server, tmp_path, ARTEFACTS, request.node.name)
    lab.wait_until_ready()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield lab
    if request.node.stash.get(FAILED, False):
        lab.shoot("failed")
        # whatever state the page is in now: the next test gets a new one
        page.goto(server.address("/lab", reset=""))
    else:
        lab.close_all()
    server.shut_down_kernels()
    # JupyterLab may have asked something of a kernel when its document was closed, and its debugger's panels may take
    # out twice what is closed
    errors = [error for error in errors if "Canceled future" not in error and "'removeChild' on 'Node'" not in error]
    assert errors == [], "scripts of the page have failed"
