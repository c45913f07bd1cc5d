"""What a worker keeps from run to run, told to whoever asks: `$var` and the documents of `$json`."""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.library.formats import json_text
from evroute_kernel.runtime.context import Process
from evroute_kernel.runtime.values import Value, stored
from evroute_kernel.worker.messages import VariablesAnswer

#: bytes of a value that are told; who asks wants to look at it, not to compute with it
VALUE_LIMIT: Final = 2**16


def variables(process: Process, request: int) -> VariablesAnswer:
    """The answer to a question about variables: those that are not null, by name."""
    var = tuple((name, _cut(stored(value))) for name, value in sorted(process.var.items()) if value is not None)
    return VariablesAnswer(request, var, tuple((name, _text(node)) for name, node in sorted(process.json.items())))


def _cut(value: Value) -> Value:
    return value[:VALUE_LIMIT] if isinstance(value, str) else value


def _text(node: Any) -> str | None:
    """A document as `$json` prints it; None for one that contains itself, which never ends."""
    try:
        return json_text.spaced(node)[:VALUE_LIMIT]
    except RecursionError:
        return None
