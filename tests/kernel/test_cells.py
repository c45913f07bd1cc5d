"""A cell is cut into magic lines and script; the script keeps its places."""

from __future__ import annotations

import pytest

from evroute_kernel.kernel.cell.cells import Cut, cut
from evroute_kernel.source import Source


def cut_text(text: str) -> Cut:
    found = cut(Source("In[1]", text))
    assert len(found.script) == len(text) or text.lstrip().startswith("%%")
    for magic in found.magics:
        assert text[magic.offset : magic.offset + len(magic.text)] == magic.text
    return found


def names(text: str) -> list[str]:
    return [magic.name for magic in cut_text(text).magics]


def test_script_alone_is_left_as_it_is() -> None:
    text = 'event_route[E_X] {\n    xlog("100 %\\n");\n}\n'
    assert (cut_text(text).script, cut_text(text).magics) == (text, ())


def test_magic_lines_are_blanked_out_and_lines_stay() -> None:
    found = cut_text('%log DBG\nxlog("a");\n  %raise E_X ip=1\n$var(x)')
    assert found.script == '        \nxlog("a");\n                 \n$var(x)'
    assert [(m.name, m.text, m.span.line, m.span.column) for m in found.magics] == [
        ("log", " DBG", 1, 1),
        ("raise", " E_X ip=1", 3, 3),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "event_route[E_X] {\n%raise E_Y\n}",
        'xlog("a\n%raise E_Y\n");',
        "xlog('a\n%raise E_Y\n');",
        "/* a /* b */\n%raise E_Y\n*/",
        "$var(x\n%raise E_Y\n) = 1;",
        "if (1\n%raise == 2) { }",
        "$var(x) = 5\n  % 3;",
        "# %raise E_Y",
        'xlog("a"); %raise E_Y',
        'xlog("never closed\n%raise E_Y',
    ],
)
def test_what_is_no_magic_line(text: str) -> None:
    assert names(text) == []
    assert cut_text(text).script == text


@pytest.mark.parametrize(
    "before",
    [
        "/* {{{ */",
        "# {{{",
        'xlog("{{{");',
        "xlog('{\"');",
        '$var({) = "}";',
        r'xlog("\"{");',
        "}}}",
        "/* /* */ */",
        '$var(x) = $y";',
        "$var(x) = $y{;",
    ],
)
def test_brackets_in_strings_comments_and_variables_do_not_count(before: str) -> None:
    assert names(f"{before}\n%raise E_Y") == ["raise"]


def test_quotes_of_a_magic_line_end_with_it() -> None:
    assert names('%expect it\'s "open\n%routes\nxlog("a");') == ["expect", "routes"]


ODD_QUESTIONS = ["%%raise?", "?return-zero", "return-zero?", "{s.substr,1}?", "$(var(x){s.len})?", "route[x]??"]


@pytest.mark.parametrize(
    "text", ["?E_X", "E_X?", "??E_X", "  E_X??  ", "%raise?", "$var(x)?", "s.len?", "? E_X", *ODD_QUESTIONS]
)
def test_questions_are_help(text: str) -> None:
    (found,) = cut_text(text).magics
    assert found.name == "help"
    assert found.text == text.strip(" ?")


def test_a_cell_magic_takes_the_whole_cell() -> None:
    found = cut_text('\n%%raise E_X\n{"a": 1}\n%not a magic\n')
    (magic,) = found.magics
    assert not found.has_script
    assert (magic.name, magic.text, magic.body) == ("raise", " E_X", '{"a": 1}\n%not a magic\n')
    assert found.source.text[magic.body_offset :] == magic.body


def test_a_cell_magic_without_body_has_an_empty_one() -> None:
    assert cut_text("%%raise E_X").magics[0].body == ""


def test_line_breaks_of_windows() -> None:
    found = cut_text('xlog("a");\r\n%raise E_X\r\nxlog("b");\r\n')
    assert [m.name for m in found.magics] == ["raise"]
    assert found.script.splitlines() == ['xlog("a");', "          ", 'xlog("b");']


@pytest.mark.parametrize("text", ["", "\n", "%", "%%", "% 5", "%5", "\0", "é%raise", "((((", "))))", "?", "'", '"\\'])
def test_nothing_fails(text: str) -> None:
    cut_text(text)
