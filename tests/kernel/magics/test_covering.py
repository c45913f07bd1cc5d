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
    name, *lines, legend = data["text/plain"].splitlines()
    assert name.endswith(": 2 of 3 lines, 1 of 2 ways (60 %)")
    assert lines == [
        "  1  event_route[E_X] {",
        "~ 2      if ($param(n) == 1)    <- never true",
        '- 3          xlog("<b>\\n");',
        '+ 4      xlog("end\\n");',
        "  5  }",
    ]
    assert legend == "+ run; - not run; ~ run, but not on all ways from there"
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
    kernel.run("%coverage on")
    (data,) = shown(kernel.run("%coverage off"))
    assert data["text/plain"] == "nothing was run"
    kernel.run(ROUTES)
    (data,) = shown(kernel.run("%raise E_X n=1\n%coverage"))
    told = "nothing was run below %coverage: put it above what it is to tell of, in the same cell"
    assert (data["text/plain"], data["text/html"]) == (told, f"<em>{told}</em>")


def test_the_whole_notebook(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    kernel.run(ROUTES.replace("E_X", "E_Y"))
    kernel.run("%coverage on")
    kernel.run("%raise E_X n=2")
    (data,) = shown(kernel.run("%coverage show"))
    table = data["text/plain"].split("\n\n")[0].splitlines()
    assert [line.split()[1:] for line in table[2:]] == ["2 of 3 1 of 2 60 %".split(), "0 of 3 0 of 2 0 %".split()]
    kernel.run("%raise E_X n=1")
    kernel.run("$var(x) = 1;\n$var(y) = 2;")
    kernel.run(ROUTES.replace("E_X", "E_Y").replace("end", "the end"))
    (data,) = shown(kernel.run("%raise E_Y n=1\n%coverage off"))
    table = data["text/plain"].split("\n\n")[0].splitlines()
    assert [line.split()[1:] for line in table[2:]] == [
        "3 of 3 2 of 2 100 %".split(),
        "2 of 2 0 of 0 100 %".split(),
        "3 of 3 1 of 2 80 %".split(),
    ]
    assert data["text/html"].count("<details open>") == 3
    (error,) = kernel.run("%coverage off").contents("error")
    assert (error["ename"], error["evalue"]) == ("NothingCollected", "%coverage is not on")


def test_of_long_texts_the_beginning_is_shown(kernel: Frontend) -> None:
    lines = "\n".join(f"$var(x{i}) = {i};" for i in range(1500))
    (data,) = shown(kernel.run(f"%coverage\n{lines}"))
    assert "... 501 more lines" in data["text/plain"]
    assert len(data["text/plain"].splitlines()) == 1003
