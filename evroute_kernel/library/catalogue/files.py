"""The files of facts of a version: whole, or as what another version has and this one has otherwise.

A file holds its facts under its own name: `{"functions": [...]}`. One that says what is otherwise than in the base has
`added` (whole facts), `changed` (the key of a fact, and the fields that differ) and `gone` (keys):

    {"added": [{"name": "f", ...}], "changed": [{"name": "g", "routes": [...]}], "gone": ["h"]}

A version without a file has the facts of its base.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from pathlib import Path
from typing import Any, Final

Fact = dict[str, Any]
#: file -> the fields that tell its facts apart, where that is not the name alone
_KEYS: Final = {"transformations": ("class", "name"), "renamed": ("kind", "name", "module")}


class FactFiles:
    """What the files of one folder say, on top of those of `base`; each is read when it is first asked for."""

    def __init__(self, folder: Path, base: FactFiles | None = None) -> None:
        self._folder = folder
        self._base = base
        self._read: dict[str, Any] = {}

    def _file(self, file: str) -> Any:
        path = self._folder / f"{file}.json"
        if self._base is not None and not path.exists():
            return {}
        return json.loads(path.read_text(encoding="utf-8"))

    def facts(self, file: str) -> dict[Hashable, Fact]:
        """The facts of a file by what tells them apart, in their order. Not to be changed."""
        if file not in self._read:
            self._read[file] = self._facts(file)
        found: dict[Hashable, Fact] = self._read[file]
        return found

    def _facts(self, file: str) -> dict[Hashable, Fact]:
        fields, said = _KEYS.get(file, ("name",)), self._file(file)
        if self._base is None:
            return {_key(fact, fields): fact for fact in said[file]}
        found = dict(self._base.facts(file))
        for gone in said.get("gone", ()):
            del found[gone if isinstance(gone, str) else _key(dict(zip(fields, gone, strict=False)), fields)]
        for change in said.get("changed", ()):
            found[_key(change, fields)] = found[_key(change, fields)] | change
        return found | {_key(fact, fields): fact for fact in said.get("added", ())}

    def named(self, file: str, title: str) -> dict[str, Any]:
        """What a file holds as one object, by name; a version has that of its base but for what it adds."""
        if file not in self._read:
            base = self._base.named(file, title) if self._base else {}
            self._read[file] = base | self._file(file).get(title, {})
        found: dict[str, Any] = self._read[file]
        return found

    def modparams(self) -> dict[str, dict[str, str]]:
        """The parameters of every module: module -> parameter -> type. `added` has types, `gone` names."""
        if "modparams" not in self._read:
            self._read["modparams"] = self._modparams(self._file("modparams"))
        found: dict[str, dict[str, str]] = self._read["modparams"]
        return found

    def _modparams(self, said: Any) -> dict[str, dict[str, str]]:
        if self._base is None:
            found: dict[str, dict[str, str]] = said["modules"]
            return found
        found = dict(self._base.modparams())
        for module, params in said.get("gone", {}).items():
            found[module] = {name: type for name, type in found[module].items() if name not in params}
        for module, added in said.get("added", {}).items():
            found[module] = found.get(module, {}) | added
        return found


def _key(fact: Fact, fields: tuple[str, ...]) -> Hashable:
    return fact[fields[0]] if len(fields) == 1 else tuple(fact.get(field) for field in fields)
