"""Two logs side by side, as HTML and as text."""

from __future__ import annotations

from evroute_kernel.engine.comparing.comparison import Comparison, Side
from evroute_kernel.engine.results.runs import LogRecord, RunError
from evroute_kernel.errors import Diagnostic
from evroute_kernel.kernel.display.comparison import bundle
from evroute_kernel.source import Source


def side(version: str, *lines: str, **more: object) -> Side:
    """A side that logs lines; one that begins with `!` is a warning."""
    levels = ["WARNING" if line.startswith("!") else "NOTICE" for line in lines]
    log = [
        LogRecord(level, line.removeprefix("!") + "\n", False, "E_X", "event_route[E_X]", 1, None, 0.0)
        for level, line in zip(levels, lines, strict=True)
    ]
    return Side(version, tuple(log), **more)  # type: ignore[arg-type]


def plain(old: Side, new: Side) -> list[str]:
    return bundle(Comparison("E_X", (old, new)), "4.0")["text/plain"].splitlines()


def html(old: Side, new: Side) -> str:
    return bundle(Comparison("E_X", (old, new)), "4.0")["text/html"]


def test_columns_with_signs_between_them() -> None:
    found = plain(side("3.6", "1", "2", "b", "!x"), side("4.0", "1", "b", "2", "y"))
    assert found == [
        "3.6          4.0 (this notebook)",
        "----------   -------------------",
        "1            1",
        "           > b",
        "2            2",
        "b          ≠ y",
        "WARNING: x <",
        "differs: 2 lines only in 3.6, 2 lines only in 4.0",
    ]


def test_a_reason_stands_beside_no_line_of_a_log() -> None:
    span = Source("In[1]", "log_stderror=yes").span(0, 12)
    refused = (Diagnostic("error", "syntax", "unknown setting", span),)
    found = plain(side("3.6", "1", "2"), side("4.0", refused=refused))
    assert [line.split()[0] for line in found[2:5]] == [">", "1", "2"]
    assert "what is to be changed" not in plain(side("3.6", refused=refused), side("4.0", "1"))[-1]
    error = RunError("crashed", "the server dies here", "E_X", "event_route[E_X]")
    found = plain(side("3.6", "1", "2"), side("4.0", "1", errors=(error,)))
    assert [line.split()[:2] for line in found[2:5]] == [["1", "1"], ["2", "<"], [">", "error:"]]
    both = side("3.6", "1", errors=(error,)), side("4.0", "1", errors=(error,))
    assert plain(*both)[-1].startswith("same: in 3.6 it fails")


def test_nothing_logged() -> None:
    assert plain(side("3.6"), side("4.0"))[2:] == ["nothing is logged", "same: nothing is logged in both"]
    assert ">nothing is logged</td>" in html(side("3.6"), side("4.0"))


def test_long_lines_are_wrapped_and_very_long_ones_cut() -> None:
    found = plain(side("3.6", "x" * 100), side("4.0", "y" * 5000))
    assert max(map(len, found)) == 56 + 3 + 56
    assert "".join(line[59:] for line in found).endswith("y... (5,000characters)")
    assert sum(line.count("x") for line in found) == 100


def test_lines_end_behind_a_blank() -> None:
    found = plain(side("3.6", "word " * 20), side("4.0"))
    assert [line.rstrip(" <") for line in found[2:4]] == [" ".join(["word"] * 11), " ".join(["word"] * 9)]


def test_what_is_alike_is_folded_so_that_what_differs_is_seen() -> None:
    lines = [str(n) for n in range(500)]
    found = plain(side("3.6", *lines, "old"), side("4.0", *lines, "new"))
    assert [line.split() for line in found[2:5]] == [["0", "0"], ["1", "1"], ["2", "2"]]
    assert found[5] == "... 494 lines are alike ..."
    assert [line.split() for line in found[6:]][:4] == [
        ["497", "497"],
        ["498", "498"],
        ["499", "499"],
        ["old", "≠", "new"],
    ]
    assert len(found) == 2 + 3 + 1 + 3 + 1 + 1


def test_of_very_many_differences_the_rest_is_counted() -> None:
    found = plain(side("3.6", *["old"] * 1000), side("4.0", *["new"] * 1000))
    assert found[-2] == "... and more: 800 rows"
    assert len(found) == 2 + 200 + 2


def test_variables_that_differ_afterwards() -> None:
    found = plain(side("3.6", "x", shared={"n": 1, "t": "a\nb"}), side("4.0", "x", shared={"n": 2}))
    assert found[3:6] == ["afterwards", r"$shv(n) = 1      ≠ $shv(n) = 2", r'$shv(t) = "a\nb" ≠ $shv(t) = <null>']


def test_lines_of_one_record_stay_lines_and_controls_are_shown() -> None:
    found = plain(side("3.6", "a\nb\x1b[2J\tc"), side("4.0", "a\nb\x1b[2J\tc"))
    assert [line.split() for line in found[2:4]] == [["a", "a"], 2 * [r"b\x1b[2J\tc"]]


def test_html_holds_no_markup_of_scripts_and_marks_what_differs() -> None:
    text = html(side("3.6", "<b>x</b>", "same"), side("4.0", "<i>y</i>", "same"))
    assert "&lt;b&gt;x&lt;/b&gt;" in text
    assert "<i>" not in text
    assert text.count("background:") == 2
    assert text.count("≠") == 1
    assert text.endswith("<div><b>differs</b>: 1 line only in 3.6, 1 line only in 4.0</div>")


def test_why_a_run_failed_stands_in_its_column() -> None:
    error = RunError("crashed", "a third raise", "E_X", "event_route[E_X]", None, "raise twice")
    found = plain(side("3.6", "x"), side("4.0", "x", errors=(error,)))
    assert found[-2].endswith("> error: a third raise (raise twice)")
    assert found[-1] == "differs: in 4.0 it fails (crashed)"
