"""Notebooks in the hands of other tools: test runners, converters, papermill, a console. Each runs as users run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pexpect
import pytest

from evroute_kernel.kernel.export.notebooks import read_notebook, title_of
from evroute_kernel.kernel.export.standalone import export

FOLDER = Path(__file__).parent.parent / "notebooks"
#: seconds after which a tool is taken to hang
DEADLINE = 100
RUNNERS = ("nbmake", "nbval")
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
#: without the settings of this project, and of the user
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=.", "--color=no"]


def tool(*arguments: str, cwd: Path) -> str:
    """What a tool prints, on both streams; it must succeed. pandoc is that of pypandoc_binary."""
    pandoc = find_spec("pypandoc")
    files = str(Path(pandoc.origin).parent / "files") if pandoc and pandoc.origin else ""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env={**os.environ, "PATH": os.pathsep.join([os.environ["PATH"], files])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


# -- test runners -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """All test runners at once, each on its own copy of all notebooks: they mostly wait."""
    started = {}
    for name in RUNNERS:
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
        started[name] = subprocess.Popen(
            [*PYTEST, f"--{name}", *(path.name for path in sorted(folder.glob("*.ipynb")))],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    yield started
    for process in started.values():
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", RUNNERS)
def test_runners_pass_on_every_notebook(name: str, runners: dict[str, subprocess.Popen[str]]) -> None:
    """nbmake: every cell ends as it should. nbval: its output is what was saved."""
    output, _ = runners[name].communicate(timeout=DEADLINE)
    assert runners[name].returncode == 0, output
    assert re.search(r"^\d+ passed", output, re.MULTILINE), output


# -- nbconvert --------------------------------------------------------------------------------------------------------


def test_nbconvert_to_script(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "tour.ipynb", tmp_path)
    tool("nbconvert", "--to", "script", "tour.ipynb", cwd=tmp_path)
    made = export(read_notebook(FOLDER / "tour.ipynb"), title_of("tour.ipynb"))
    assert (tmp_path / "tour.cfg").read_text() == made.text
    assert "\nevent_route[E_CALL_HOLD] {\n" in made.text


def test_nbconvert_to_html(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "tour.ipynb", tmp_path)
    tool("nbconvert", "--to", "html", "tour.ipynb", cwd=tmp_path)
    page = (tmp_path / "tour.html").read_text()
    code = re.findall(r'<div class="highlight[^>]*><pre>(.*?)</pre>', page, re.DOTALL)
    assert len(code) >= 15
    kinds = {kind for cell in code for kind in re.findall(r'<span class="([a-z0-9]+)">', cell)}
    # a keyword, a text, a variable, a number and something else: without a lexer there is none of them
    assert len(kinds) >= 5, kinds


#: a cell with a name, an option and a parameter, and what nobody knows
COLOURED = 'event_route[E_PIKE_BLOCKED] { xlog("x\\n"); nonsense("x"); }\n%raise E_PIKE_BLOCKED --count 2 ip=192.0.2.66'


@pytest.mark.parametrize("kind", ["html", "slides", "latex"])
def test_nbconvert_colours_names_and_options(kind: str, tmp_path: Path) -> None:
    language = {"name": "opensips", "pygments_lexer": "opensips"}
    cells = [nbformat.v4.new_code_cell(COLOURED)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"language_info": language}), tmp_path / "x.ipynb")
    tool("nbconvert", "--to", kind, "--output", "page", "x.ipynb", cwd=tmp_path)
    (page,) = (path.read_text() for path in tmp_path.glob("page*"))
    look = in_latex if kind == "latex" else in_html
    for word in ("E_PIKE_BLOCKED", "--count", "ip", "xlog", "event_route", "%raise"):
        assert look(page, word), word
    assert not look(page, "nonsense")


def in_html(page: str, word: str) -> bool:
    """Whether a word has a colour of its own: one of its classes is in the style sheet."""
    (classes,) = {found[1] for found in re.finditer(f'<span class="([^"]*)">{word}</span>', page)}
    return any(
        re.search(rf"^\.highlight \.{re.escape(name)} {{ color:", page, re.MULTILINE) for name in classes.split()
    )


def in_latex(page: str, word: str) -> bool:
    for mark, command in {"_": "us", "-": "hy", "%": "pc"}.items():
        word = word.replace(mark, rf"\PYZ{command}{{}}")
    (classes,) = {found[1] for found in re.finditer(rf"\\PY{{([^}}]*)}}{{{re.escape(word)}}}", page)}
    return any(
        rf"\@namedef{{PY@tok@{name}}}" in page and "textcolor" in style(page, name) for name in classes.split("+")
    )


def style(page: str, name: str) -> str:
    return page.partition(rf"\@namedef{{PY@tok@{name}}}")[2].partition("\n")[0]


# -- jupytext ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["md:myst", "sh:percent", "md"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_jupytext_keeps_every_cell(format_: str, path: Path) -> None:
    jupytext = pytest.importorskip("jupytext", reason="needs pip install '.[test]'")
    before = nbformat.read(path, as_version=4)
    assert before.metadata.jupytext.custom_language_magics == "opensips", "for md; notebooks/refresh.py sees to it"
    after = jupytext.reads(jupytext.writes(before, format_), format_)
    assert [(cell.cell_type, cell.source) for cell in after.cells] == [
        (cell.cell_type, cell.source) for cell in before.cells
    ]


def test_jupytext_is_told_of_the_language_by_a_file(tmp_path: Path) -> None:
    """What docs/frontends.md says of notebooks that do not have it in their metadata."""
    pytest.importorskip("jupytext", reason="needs pip install '.[test]'")
    page = (FOLDER.parent / "docs" / "frontends.md").read_text()
    (settings,) = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    notebook = nbformat.read(FOLDER / "tour.ipynb", as_version=4)
    del notebook.metadata["jupytext"]
    nbformat.write(notebook, tmp_path / "tour.ipynb")
    for kept, settings_of_folder in ((False, ""), (True, settings)):
        (tmp_path / "jupytext.toml").write_text(settings_of_folder)
        tool("jupytext", "--to", "md", "tour.ipynb", cwd=tmp_path)
        tool("jupytext", "--to", "ipynb", "tour.md", "--output", "back.ipynb", cwd=tmp_path)
        back = nbformat.read(tmp_path / "back.ipynb", as_version=4)
        assert ([cell.source for cell in back.cells] == [cell.source for cell in notebook.cells]) == kept


# -- papermill --------------------------------------------------------------------------------------------------------


@pytest.fixture
def parametrized(tmp_path: Path) -> Path:
    """A notebook whose first cell sets parameters."""
    route = 'event_route[E_A] { xlog("$shv(who) $(shv(limit)) $shv(free)\\n"); }\n%raise E_A'
    cells = [
        nbformat.v4.new_code_cell(
            '$shv(limit) = 3;  # calls\n$shv(who) = "nobody";', metadata={"tags": ["parameters"]}
        ),
        nbformat.v4.new_code_cell(route),
    ]
    spec = {"name": "evroute", "display_name": "OpenSIPS", "language": "opensips"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), tmp_path / "in.ipynb")
    return tmp_path


def test_papermill(parametrized: Path) -> None:
    tool("papermill", "in.ipynb", "out.ipynb", "-p", "limit", "7", "-p", "who", 'Zoë "$x"', cwd=parametrized)
    cells = json.loads((parametrized / "out.ipynb").read_text())["cells"]
    assert "".join(cells[1]["source"]) == '# Parameters\n$shv(limit) = 7;\n$shv(who) = "Zoë \\"$x\\"";\n'
    assert "".join(cells[2]["outputs"][0]["text"]) == 'Zoë "$x" 7 0\n'


# -- jupyter console --------------------------------------------------------------------------------------------------


def test_console(tmp_path: Path) -> None:
    arguments = ["-m", "jupyter_console", "--kernel=evroute", "--no-confirm-exit"]
    # on a busy machine the kernel may take a second to say whether a cell is complete
    arguments.append(f"--ZMQTerminalInteractiveShell.kernel_is_complete_timeout={DEADLINE}")
    environment = {**os.environ, "TERM": "xterm", "JUPYTER_CONFIG_DIR": str(tmp_path)}
    console = pexpect.spawn(
        sys.executable, arguments, env=environment, encoding="utf-8", timeout=DEADLINE, dimensions=(40, 120)
    )
    try:
        for typed, shown in CONVERSATION:
            console.sendline(typed)
            console.expect(shown)
        console.sendcontrol("d")
        console.expect(pexpect.EOF)
    finally:
        console.close(force=True)
    assert console.exitstatus == 0


#: what is typed, and what appears after it; colours and cursor movements lie between words
CONVERSATION = (
    ("2 + 3", r"Out\W.*5\W.*In "),
    ("event_route[E_A] {", r"\.\.\.:"),
    ('xlog("hello $param(x)\\n");', r"\.\.\.:"),
    ("}\r", r"In .*3"),
    ("%raise E_A x=world", "hello world"),
    ("$vra(x) = 1;", r"did you mean \$var[\s\S]*In "),
)
