"""include_file and import_file: text in place, spans in the file that holds them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.lang import nodes
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.files import ScriptFiles
from evroute_kernel.lang.parser import parse
from evroute_kernel.lang.preprocess import MAX_FILES, MAX_INCLUDE_DEPTH, expand
from evroute_kernel.runtime.files import LARGEST
from evroute_kernel.source import Source, Span


def span_of(diagnostic: Diagnostic) -> Span:
    assert diagnostic.span is not None
    return diagnostic.span


@pytest.mark.parametrize("line", ['include_file "a.cfg"', "  import_file 'a.cfg' ignored", 'include_file"a.cfg"'])
def test_a_line_is_replaced_by_the_file(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.cfg").write_text('route[a] { xlog("in a\\n"); }')
    source = Source("main", f"{line}\nroute[b] {{ exit; }}\n")
    script, found = parse(source, base=tmp_path, version="3.6")
    assert found == []
    first, second = script.items
    assert isinstance(first, nodes.Route)
    assert isinstance(second, nodes.Route)
    assert (first.name, second.name) == ("a", "b")
    assert first.span.source.name == "a.cfg"
    assert first.span.source.path == str(tmp_path / "a.cfg")
    assert first.span.text == 'route[a] { xlog("in a\\n"); }'
    assert second.span.source is source
    assert second.span.text == "route[b] { exit; }"


def test_included_statements_stand_in_the_body_around_them(tmp_path: Path) -> None:
    (tmp_path / "body.cfg").write_text("exit;\n$var(x) = 1")
    source = Source("main", 'route[a] {\ninclude_file "body.cfg"\n;\n}')
    script, found = parse(source, base=tmp_path, version="3.6")
    assert found == []
    (route,) = script.items
    assert isinstance(route, nodes.Route)
    assert [s.span.text for s in route.body] == ["exit", "$var(x) = 1"]
    assert route.body[1].span.line == 2
    assert route.span.source is source


def test_errors_name_the_included_file(tmp_path: Path) -> None:
    (tmp_path / "bad.cfg").write_text("route[a] {\n  foo;\n}")
    _, (found,) = parse(Source("main", 'include_file "bad.cfg"'), base=tmp_path, version="3.6")
    assert (span_of(found).source.name, span_of(found).line, span_of(found).column) == ("bad.cfg", 2, 3)


def test_a_file_that_is_included_twice_is_what_to_mend(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text("\nroute[a] { exit; }\n")
    source = Source("main", 'include_file "a.cfg"\nroute[a] { exit; }\ninclude_file "a.cfg"', str(tmp_path / "main"))
    with pytest.raises(ScriptError) as error:
        compile_script(source, Environment())
    assert {(found.message, found.hint) for found in error.value.diagnostics} == {
        ("route[a] is defined twice: first in a.cfg, line 2", "rename one, or join their statements"),
        ("route[a] is defined twice: a.cfg is included twice", "include it once"),
    }


def test_files_include_files_beside_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "one.cfg").write_text('include_file "sub/two.cfg"\n')
    (tmp_path / "sub" / "two.cfg").write_text('import_file "three.cfg"\n')
    (tmp_path / "sub" / "three.cfg").write_text("log_level = 3\n")
    script, found = parse(Source("main", 'include_file "one.cfg"'), base=tmp_path, version="3.6")
    assert found == []
    assert [item.span.source.name for item in script.items] == ["three.cfg"]


def test_the_current_directory_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "here" / "aa").write_text("log_level = 1")
    (tmp_path / "there" / "aa").write_text("log_level = 2")
    monkeypatch.chdir(tmp_path / "here")
    expanded, _ = expand(Source("main", 'include_file "aa"', str(tmp_path / "there" / "main.cfg")))
    assert expanded.text.strip() == "log_level = 1"


def test_a_missing_file_is_an_error_at_its_path(tmp_path: Path) -> None:
    text = 'include_file "no/such.cfg"\nlog_level = 3\n'
    script, (found,) = parse(Source("main", text), base=tmp_path, version="3.6")
    assert span_of(found).text == "no/such.cfg"
    assert "no such file" in found.message
    assert len(script.items) == 1


def test_a_name_that_is_too_long_for_a_file(tmp_path: Path) -> None:
    script, (found,) = parse(
        Source("main", f'include_file "{"x" * 300}"\nlog_level = 3\n'), base=tmp_path, version="3.6"
    )
    assert "file name too long" in found.message
    assert len(script.items) == 1


def test_a_file_that_includes_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "loop.cfg").write_text('include_file "loop.cfg"\ninclude_file "loop.cfg"\n')
    _, found = parse(Source("main", 'include_file "loop.cfg"'), base=tmp_path, version="3.6")
    assert [str(MAX_INCLUDE_DEPTH) in d.message for d in found] == [True]


@pytest.mark.parametrize("name", ["/dev/zero", "fifo", "folder", "huge"])
def test_only_regular_files_of_a_reasonable_size_are_read(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", LARGEST + 1)
    script, (found,) = parse(Source("main", f'include_file "{name}"\nlog_level = 3\n'), base=tmp_path, version="3.6")
    assert found.message.startswith(f"cannot read the included file {name!r}: it is ")
    assert span_of(found).text == name
    assert len(script.items) == 1


def test_files_that_include_each_other_over_and_over(tmp_path: Path) -> None:
    """Each of 40 files includes the next one twice: 2**40 files of two bytes."""
    for number in range(40):
        (tmp_path / f"{number}.cfg").write_text(f'include_file "{number + 1}.cfg"\n' * 2)
    (tmp_path / "40.cfg").touch()
    _, (found,) = parse(Source("main", 'include_file "0.cfg"'), base=tmp_path, version="3.6")
    assert f"more than {MAX_FILES} files" in found.message


def test_files_outside_of_a_folder_are_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_text("log_level = 1")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "inside").write_text("log_level = 2\ninclude_file '../secret'\n")
    files = ScriptFiles(folder, within=folder)
    names = ["inside", "link", "../secret", "/etc/passwd", "inside/../../secret"]
    text = "".join(f'include_file "{name}"\n' for name in names)
    expanded, found = expand(Source("main", text), folder, files)
    assert (expanded.text.split(), found) == ("log_level = 2".split(), [])
    assert list(files.unread) == ["../secret", "link", "/etc/passwd", "inside/../../secret"]


@pytest.mark.parametrize("line", ["include_file a.cfg", 'x include_file "a.cfg"', 'include_filed "a.cfg"'])
def test_other_lines_are_ordinary_text(line: str) -> None:
    expanded, found = expand(Source("main", line))
    assert (expanded.text, found) == (line, [])


def test_bytes_that_are_no_text_survive(tmp_path: Path) -> None:
    (tmp_path / "raw.cfg").write_bytes(b'route[a] { xlog("\xff\n"); }')
    script, found = parse(Source("main", 'include_file "raw.cfg"'), base=tmp_path, version="3.6")
    assert found == []
    (text,) = [n for item in script.items for n in item.walk() if isinstance(n, nodes.String)]
    assert text.value == "\xff\n"
