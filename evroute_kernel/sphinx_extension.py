"""An extension of Sphinx: notebooks with event routes in documentation, without a warning (`sphinx-build -W`).

`extensions = ["myst_nb", "evroute_kernel.sphinx_extension"]`. Notebooks in other languages are left alone, and so is
what a notebook says for itself. In those of this kernel

- links to headings (`#1.-First-things`, which JupyterLab follows) lead to the anchors of MyST (`#1-first-things`);
- MyST makes anchors for headings, which it does not unless it is told to;
- errors are shown as text: MyST takes them for errors of Python, and warns that they are none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from evroute_kernel import __version__

#: the language in the kernelspec of a notebook
_LANGUAGE: Final = "opensips"
#: what a notebook's metadata say to MyST-NB and to MyST, where they say nothing else
_METADATA: Final = {"mystnb": {"render_error_lexer": "text"}, "myst": {"heading_anchors": 4}}

#: `[text](#Anchor)`, with pairs of parentheses in the anchor
_LINK: Final = re.compile(r"(?<=\]\(#)((?:[^()\s]|\([^()\s]*\))+)(?=\))")
#: the metadata at the head of a notebook that is a text, as Jupytext writes them
_HEAD: Final = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)
_KERNEL: Final = re.compile(rf"^[ \t]+language:[ \t]*[\"']?{_LANGUAGE}[\"']?[ \t]*$", re.MULTILINE)
_FENCED: Final = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*[ \t]*$", re.DOTALL | re.MULTILINE)


def setup(app: Any) -> dict[str, Any]:
    """What Sphinx calls."""
    app.connect("source-read", _read)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}


def _read(app: Any, docname: str, content: list[str]) -> None:
    content[0] = adapted(content[0])


def adapted(text: str) -> str:
    """The text of a document as Sphinx is to read it; another one than it was if it is a notebook of this kernel."""
    if text.lstrip().startswith("{"):
        return _notebook(text)
    head = _HEAD.match(text)
    if head is None or not _KERNEL.search(head["yaml"]):
        return text
    own = "\n" + head["yaml"]
    lines = [f"{name}: {json.dumps(said)}\n" for name, said in _METADATA.items() if f"\n{name}:" not in own]
    return "".join(["---\n", *lines, head["yaml"], "---", _prose(text[head.end() :])])


def _notebook(text: str) -> str:
    try:
        notebook = json.loads(text)
        is_ours = notebook["metadata"]["kernelspec"]["language"] == _LANGUAGE
    except (ValueError, LookupError, TypeError):
        return text  # what it is is not for us to say
    if not is_ours:
        return text
    notebook["metadata"] = {**_METADATA, **notebook["metadata"]}
    notebook["cells"] = [_cell(cell) for cell in notebook["cells"]]
    return json.dumps(notebook)


def _cell(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    if cell["cell_type"] != "markdown":
        return cell
    return {**cell, "source": linked("".join(cell["source"]))}


def _prose(text: str) -> str:
    """A text with its links mended, but for what is fenced."""
    pieces = []
    end = 0
    for fenced in _FENCED.finditer(text):
        pieces += [linked(text[end : fenced.start()]), fenced[0]]
        end = fenced.end()
    return "".join([*pieces, linked(text[end:])])


def linked(text: str) -> str:
    """Markdown whose links to headings name their anchors as MyST does, and GitHub: `#7.-Return-0` is `#7-return-0`."""
    return _LINK.sub(lambda found: re.sub(r"[^\w-]", "", found[1].lower()), text)
