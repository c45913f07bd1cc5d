"""Results as a table of Markdown, put into the page about performance."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks import real_server
from benchmarks.measurement import Measurement

PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN: Final = "<!-- results: written by python -m benchmarks --table -->"
END: Final = "<!-- end of results -->"


def machine() -> dict[str, str]:
    """What the numbers are from."""
    server = real_server.program()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": date.today().isoformat(),
        "cores": str(cores),
        "processor": _processor(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "ipykernel": version("ipykernel"),
        "server": "none" if server is None else real_server.version(server),
    }


def _processor() -> str:
    """Its name, where the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def put_table(page: Path, measured: Iterable[Measurement]) -> None:
    """Replace the results in a page. Raises OSError, and ValueError for one that has no place for them."""
    before, after = parts_of(page)
    page.write_text("\n".join([before, "", *_lines(measured), "", after]), encoding="utf-8")


def parts_of(page: Path) -> tuple[str, str]:
    """What stands before the results of a page, and after them. Raises as `put_table`."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no lines {BEGIN!r} and {END!r}, between which results go")
    return before + begin, end + after


def _lines(measured: Iterable[Measurement]) -> Iterator[str]:
    told = machine()
    yield (
        f"{told['date']}, {told['cores']} cores ({told['processor']}), load {told['load']} at the end, Python "
        f"{told['python']}, ipykernel {told['ipykernel']}; server: {told['server']}."
    )
    yield ""
    yield "| benchmark | what | here | server | ratio | bar | |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for m in measured:
        server = "" if m.server is None else number(m.server)
        ratio = "" if m.ratio is None else f"{m.ratio:.2f}"
        verdict = "" if not m.is_judged else "ok" if m.passed else "missed"
        yield f"| {m.benchmark} | {m.what} | {number(m.value)} {m.unit} | {server} | {ratio} | {bar(m)} | {verdict} |"


def bar(m: Measurement) -> str:
    """What it has to clear."""
    if m.ratio is not None and m.ratio_bar is not None:
        return f"{m.ratio_bar:g} times"
    return "" if m.bar is None else f"{'>=' if m.more_is_better else '<='} {number(m.bar)}"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"
