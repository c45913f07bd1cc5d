"""`%coverage`: lines of cells, marked."""

from __future__ import annotations

import re

from support.frontend import Frontend, Result

ROUTES = """\
event_route[E_X] {
    if ($param(n) == 1)
        xlog("<b>\\n");
    xlog("end\\n");
}
"""


def shown(found: Result) -> list[dict[str, str]]:
    return [content["data"] for content in found.contents("display_data")]


def test_lines_are_marked(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    (data,) = shown(kernel.run("%coverage\n%raise E_X n=2"))
    name, *lines = data["text/plain"].splitlines()
    assert name.endswith(": 2 of 3 lines, 1 of 2 ways (60 %)")
    assert lines == [
        "  1  event_route[E_X] {",
        "~ 2      if ($param(n) == 1)    <- never to line 3",
        '- 3          xlog("<b>\\n");',
        '+ 4      xlog("end\\n");',
        "  5  }",
    ]
    looks = re.findall(r'<span style="display: block; ([^"]*)">(.)', data["text/html"])
    assert len({look for look, _ in looks}) == 4, "a tint for each mark, and none"
    assert {mark for _, mark in looks} >= {"+", "-", "~"}
    assert "&lt;b&gt;" in data["text/html"]


def test_batches_and_what_was_run_before(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    found = kernel.run("%raise E_X n=1\n%coverage\n%raise E_X n=2 --count 3")
    assert "- 3" in shown(found)[-1]["text/plain"]
    (data,) = shown(kernel.run("%coverage\n%raise E_X n=1\n%raise E_X n=2"))
    assert ": 3 of 3 lines, 2 of 2 ways (100 %)" in data["text/plain"]


def test_nothing_was_run(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    (data,) = shown(kernel.run("%coverage"))
    assert data["text/plain"] == "nothing was run\n"
