"""The generated files of a clone of the project: where each is, and what it should hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from evroute_kernel import __version__
from evroute_kernel.highlighting.javascript import with_tables
from evroute_kernel.highlighting.textmate import grammar
from evroute_kernel.highlighting.words import gathered

_GENERATED: Final = Path("evroute_kernel", "highlighting", "generated.py")
_SCRIPT: Final = Path("labextension", "static", "remoteEntry.js")
_GRAMMAR: Final = Path("editors", "vscode", "syntaxes", "opensips.tmLanguage.json")
#: files that name the version of the project, and are hand-written otherwise
_VERSIONED: Final = (Path("labextension", "package.json"), Path("editors", "vscode", "package.json"))


def is_clone(folder: Path) -> bool:
    """Whether a folder is a clone of the project, and not where it is installed."""
    return (folder / _SCRIPT).is_file()


def generated_files(clone: Path) -> dict[Path, str]:
    """What each generated file should hold, by path."""
    words = gathered()
    return {
        clone / _GENERATED: _words_module(words),
        clone / _SCRIPT: with_tables((clone / _SCRIPT).read_text(encoding="utf-8"), words),
        clone / _GRAMMAR: _json(grammar(words)),
        **{clone / path: _json(_read(clone / path) | {"version": __version__}) for path in _VERSIONED},
    }


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _words_module(words: Mapping[str, tuple[str, ...]]) -> str:
    return "\n".join(_lines_of_words(words))


def _lines_of_words(words: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    yield '"""The names that scripts use. Written by `python -m evroute_kernel.highlighting`: do not edit."""\n'
    yield "from __future__ import annotations\n"
    yield "from typing import Final\n"
    yield "#: list -> its words, each of them a pattern"
    yield "WORDS: Final[dict[str, tuple[str, ...]]] = {"
    for name, items in words.items():
        lines = wrap(" ".join(items), 110, break_long_words=False, break_on_hyphens=False)
        yield f'    "{name}": tuple('
        yield '        r"""'
        yield from (f"        {line}" for line in lines)
        yield '        """.split()'
        yield "    ),"
    yield "}\n"
