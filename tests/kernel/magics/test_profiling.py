"""`%profile`: lines of cells, with what they took."""

from __future__ import annotations

import re

from support.frontend import Frontend, Result

ROUTES = """\
loadmodule "cfgutils.so"
event_route[E_X] {
    $var(i) = 0;
    while ($var(i) < 3) {
        $var(i) += 1;
        route(slow);
    }
}
route[slow] {
    usleep(20000);  # <b>
}
route[never] {
    exit;
}
"""


def shown(found: Result) -> dict[str, str]:
    """What is displayed last."""
    data: dict[str, str] = found.contents("display_data")[-1]["data"]
    return data


def test_what_took_longest_is_first_and_lines_stand_in_their_source(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    data = shown(kernel.run("%profile\n%raise E_X --count 2"))
    lines = data["text/plain"].splitlines()
    assert lines[0].split() == ["hits", "time", "share", "line"]
    assert re.fullmatch(r" +6 +\d+ ms +\d\d\.\d %  In\[\d+\]:10: usleep\(20000\);  # <b>", lines[1])
    (at,) = [i for i, line in enumerate(lines) if re.fullmatch(r"In\[\d+\]", line)]
    assert lines[at + 1].split() == ["hits", "time", "share"]
    source = lines[at + 2 :]
    assert len(source) == ROUTES.count("\n")
    assert [line.split()[0] for line in source[2:6]] == ["2", "8", "6", "6"]
    assert source[12].strip() == "13      exit;"
    assert "<b>" not in data["text/html"]
    assert "background: rgba" in data["text/html"]


def test_the_whole_notebook(kernel: Frontend) -> None:
    kernel.run(ROUTES)
    kernel.run("%profile on")
    kernel.run("%raise E_X")
    assert " 3 " in shown(kernel.run("%profile show"))["text/plain"].splitlines()[1]
    kernel.run("%raise E_X")
    assert " 6 " in shown(kernel.run("%profile off"))["text/plain"].splitlines()[1]
    found = kernel.run("%profile off")
    assert found.contents("error")[0]["ename"] == "NothingCollected"


def test_nothing_was_run(kernel: Frontend) -> None:
    kernel.run("event_route[E_X] { exit; }")
    told = "nothing was run below %profile: put it above what it is to tell of, in the same cell"
    data = shown(kernel.run("%raise E_X\n%profile"))
    assert (data["text/plain"], data["text/html"]) == (told, f"<em>{told}</em>")
    kernel.run("%profile on")
    assert shown(kernel.run("%profile off"))["text/plain"] == "nothing was run"
