"""Papermill parameters: `papermill in.ipynb out.ipynb -p limit 5` sets `$shv(limit) = 5;` in a cell of its own.

Papermill finds translators by language, but has no entry point for those of others. It has one for engines, loaded
when it is imported: so `Engine` is its own engine under our name, and importing this module registers the translator.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

from evroute_kernel.runtime.values import INT_MAX, INT_MIN

_NAME: Final = re.compile(r"[\w.-]+")
#: `$shv(limit) = 3;  # what it is for`
_PARAMETER: Final = re.compile(
    r"^\s*\$shv\(\s*(?P<name>[\w.-]+)\s*\)\s*:?=\s*(?P<value>.*?)\s*;\s*(?:#\s*(?P<help>.*?)\s*)?$", re.MULTILINE
)
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Engine(NBClientEngine):  # type: ignore[misc] # papermill has no types
    """What papermill does without `--engine`."""


class ScriptTranslator(Translator):  # type: ignore[misc]
    """Parameters as assignments to `$shv`, which all workers see.

    A script knows integers of 32 bits, texts and null: false is 0, true is 1; every other number is its text, lists and
    dictionaries are JSON.
    """

    @classmethod
    def translate_none(cls, val: None) -> str:
        return "NULL"

    @classmethod
    def translate_bool(cls, val: bool) -> str:
        return str(int(val))

    @classmethod
    def translate_int(cls, val: int) -> str:
        return str(val) if INT_MIN <= val <= INT_MAX else cls.translate_str(str(val))

    @classmethod
    def translate_float(cls, val: float) -> str:
        return cls.translate_str(str(val))

    @classmethod
    def translate_str(cls, val: str) -> str:
        if "\0" in val:
            raise ValueError(f"a text of a script cannot hold a NUL byte: {val!r}")
        return '"' + "".join(_ESCAPES.get(character, character) for character in val) + '"'

    @classmethod
    def translate_list(cls, val: list[Any]) -> str:
        return cls.translate_str(json.dumps(val, ensure_ascii=False))

    @classmethod
    def translate_dict(cls, val: dict[str, Any]) -> str:
        return cls.translate_str(json.dumps(val, ensure_ascii=False))

    @classmethod
    def comment(cls, cmt_str: str) -> str:
        return f"# {cmt_str}".strip()

    @classmethod
    def assign(cls, name: str, str_val: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a parameter: expected letters, digits, '_', '.' and '-'")
        return f"$shv({name}) = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell: Any) -> list[Any]:
        """The parameters that the tagged cell sets, for `papermill --help-notebook`."""
        found = _PARAMETER.finditer(parameters_cell["source"])
        return [Parameter(f["name"], _type(f["value"]), f["value"], f["help"] or "") for f in found]


def _type(value: str) -> str:
    """What a literal is called: "int", "string", or "None" for anything else."""
    if re.fullmatch(r"-?\d+", value):
        return "int"
    return "string" if value[:1] in "\"'" and value else "None"


papermill_translators.register("opensips", ScriptTranslator)
