"""Notebooks in documentation: Sphinx makes pages of them without a warning, with MyST-NB and with nbsphinx."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evroute_kernel.sphinx_extension import adapted, linked

#: all notebooks are converted, with many pages of documentation
pytestmark = pytest.mark.timeout(300)

CLONE = Path(__file__).parent.parent
#: seconds after which a build is taken to hang
DEADLINE = 280
MYST = "extensions = ['myst_nb', 'evroute_kernel.sphinx_extension']\nnb_execution_mode = 'off'\n"
INDEX = "Routes\n======\n\n.. toctree::\n   :glob:\n\n   notebooks/*\n"

HEAD = """---
file_format: mystnb
kernelspec:
  name: evroute
  display_name: OpenSIPS event_route
  language: opensips
---
"""
PAGE = f"""{HEAD}# A page that runs

See [the end](#2.-The-end).

```{{code-cell}} opensips
event_route[E_PIKE_BLOCKED] {{ xlog("blocked $param(ip)\\n"); }}
%raise E_PIKE_BLOCKED ip=192.0.2.77
```

## 2. The end

```{{code-cell}} opensips
:tags: [raises-exception]
xlog("$vra(x)");
```
"""


def build(source: Path, settings: str) -> Path:
    """The pages that Sphinx makes; it must have nothing to say."""
    (source / "conf.py").write_text(settings)
    (source / "index.rst").write_text(INDEX + ("   docs/*\n" if "myst_nb" in settings else ""))
    pages = source.parent / "pages"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(source), str(pages)]
    done = subprocess.run(
        command,
        env={**os.environ, "PATH": with_pandoc()},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return pages


def with_pandoc() -> str:
    """Where programs are, and the pandoc of pypandoc_binary."""
    pypandoc = pytest.importorskip("pypandoc", reason="needs pip install '.[test]'")
    return os.pathsep.join([os.environ["PATH"], str(Path(pypandoc.__file__).parent / "files")])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """All notebooks, and the documents that they link to, as they lie in a clone."""
    source = tmp_path / "source"
    shutil.copytree(CLONE / "notebooks", source / "notebooks", ignore=shutil.ignore_patterns("*.py", ".*"))
    shutil.copytree(CLONE / "docs", source / "docs")
    (source / "docs" / "architecture.md").unlink()  # its drawing needs an extension of its own
    return source


def anchors(page: str) -> tuple[set[str], set[str]]:
    """The anchors of a page that its text links to, and those that it has."""
    return set(re.findall(r'href="#([^"]+)"', page)), set(re.findall(r' id="([^"]+)"', page))


def test_myst_nb(source: Path) -> None:
    pytest.importorskip("myst_nb", reason="needs pip install '.[test]'")
    pages = build(source, MYST + "myst_heading_anchors = 4\n")
    page = (pages / "notebooks" / "traps.html").read_text("utf-8")
    linked_to, there = anchors(page)
    assert len(linked_to) >= 20
    assert linked_to <= there
    assert '<div class="highlight-opensips notranslate"><div class="highlight"><pre><span></span><span class="k' in page


def test_nbsphinx(source: Path) -> None:
    pytest.importorskip("nbsphinx", reason="needs pip install '.[test]'")
    for document in (source / "docs").glob("*.md"):
        document.write_text("")  # nbsphinx reads no Markdown, but wants to see the files
    pages = build(source, "extensions = ['nbsphinx']\nnbsphinx_execute = 'never'\n")
    assert 'class="kd">event_route</span>' in (pages / "notebooks" / "tour.html").read_text("utf-8")


def test_a_page_that_is_run(tmp_path: Path) -> None:
    """A notebook that is a text: what Jupytext calls md:myst."""
    pytest.importorskip("myst_nb", reason="needs pip install '.[test]'")
    (tmp_path / "source" / "docs").mkdir(parents=True)
    (tmp_path / "source" / "docs" / "page.md").write_text(PAGE)
    (tmp_path / "source" / "notebooks").mkdir()
    shutil.copy(CLONE / "notebooks" / "tour.ipynb", tmp_path / "source" / "notebooks")
    settings = MYST.replace("off", "force") + "nb_execution_excludepatterns = ['notebooks/*']\n"
    page = (build(tmp_path / "source", settings) / "docs" / "page.html").read_text("utf-8")
    assert "blocked 192.0.2.77" in page
    assert "did you mean" in page
    assert '<p>See <a class="reference internal" href="#the-end">' in page


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[a](#1.-First-things)", "[a](#1-first-things)"),
        (
            "[a](#17.-Raised-later,-and-backwards), [b](#Über-uns)",
            "[a](#17-raised-later-and-backwards), [b](#über-uns)",
        ),
        ("[a](#A-(b)-c) and (#x)", "[a](#a-b-c) and (#x)"),
        ("[a](page.md#As-It-Is)", "[a](page.md#As-It-Is)"),
    ],
)
def test_links_to_headings(written: str, read: str) -> None:
    assert linked(written) == read


def test_other_documents_are_left_alone() -> None:
    link = "[a](#B-C)\n"
    other = HEAD.replace("opensips", "python")
    for text in (link, f"---\ntitle: opensips\n---\n{link}", other + link, "{}", '{"metadata": 3}', "{{ jinja }}", ""):
        assert adapted(text) == text


def test_what_a_notebook_says_for_itself_counts() -> None:
    read = adapted(
        HEAD.replace("kernelspec", "mystnb: {render_error_lexer: none}\nkernelspec") + "[a](#B)\n```\n[a](#B)\n```\n"
    )
    assert read.count("render_error_lexer") == 1
    assert "heading_anchors" in read
    assert read.endswith("[a](#b)\n```\n[a](#B)\n```\n")
