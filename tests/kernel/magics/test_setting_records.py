"""One record makes a setting of `%config`: its help, completion, reading, table and change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401
from evroute_kernel.kernel.magics.arguments import Word
from evroute_kernel.kernel.magics.declaration import MAGICS
from evroute_kernel.kernel.magics.setting_records import SETTINGS, Setting
from evroute_kernel.kernel.magics.settings import in_force
from evroute_kernel.kernel.questions.completion import complete
from evroute_kernel.source import Source


@pytest.fixture(scope="module")
def notebook() -> Iterator[Notebook]:
    notebook = Notebook()
    assert notebook.session is not None
    yield notebook
    notebook.close()


def word(text: str) -> Word:
    return Word(text, Source("a", text).span(0, len(text)))


@pytest.mark.parametrize("record", SETTINGS.values(), ids=SETTINGS)
def test_a_record_is_read_by_all(notebook: Notebook, record: Setting) -> None:
    name, _, value = record.example.partition("=")
    before = record.shown(notebook)
    record.change(notebook, record.read(word(value)))
    assert in_force(notebook)[name] == record.shown(notebook)
    assert record.read(word(str(record.shown(notebook)))) == record.read(word(value)), "it is shown as it is read"
    record.change(notebook, record.read(word(str(before))))
    assert record.shown(notebook) == before
    assert record.example in MAGICS["config"].doc
    assert f"{name}=" in complete(notebook, f"%config {name[:-1]}", 8 + len(name[:-1]))["matches"]


@pytest.mark.parametrize(("name", "choice"), [(r.name, choice) for r in SETTINGS.values() for choice in r.choices])
def test_choices(notebook: Notebook, name: str, choice: str) -> None:
    SETTINGS[name].read(word(choice))
    line = f"%config {name}="
    assert choice in complete(notebook, line, len(line))["matches"]
