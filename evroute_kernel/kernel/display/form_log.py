"""What a form of ipywidgets shows below its button: the log of what it raised, in a widget of its own.

A front end takes what comes under a cell from whoever ran the cell. In Voila that is a program which has ended when
somebody sees the page, in JupyterLab it may be a page that has been loaded again since. A widget's state reaches
every page that shows the widget.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from evroute_kernel.kernel.cell.output import Later, Outlet

#: characters that a form shows: its last. All of them are sent whenever some are added
SHOWN: Final = 50_000
#: seconds for which outputs are gathered before they are sent
GATHER: Final = 0.1

_LEFT_OUT: Final = "... what came before is left out: %log last=N shows the last N lines that the session keeps\n"

#: an output as notebooks have it
Output = dict[str, Any]


class FormLog:
    """Outputs of a widget `ipywidgets.Output`. Its methods are called in any thread, the widget in the event loop."""

    def __init__(self, widget: Any, later: Later) -> None:
        self.widget = widget
        self.later = later
        self._outputs: list[Output] = []
        self._lock = Lock()
        self._is_expected = False

    def outlet(self, like: Outlet) -> Outlet:
        """Where output goes that is to be shown here, written as the outlet of a cell writes it."""
        return Outlet(self.publish, self.later, {}, like.text_of, like.silent)

    def publish(self, kind: str, content: Mapping[str, Any], parent: Mapping[str, Any]) -> None:
        """Show what a message of IOPub would show."""
        with self._lock:
            if kind == "clear_output":
                self._outputs = []
            elif kind == "stream":
                self._write(content["name"], content["text"])
            elif kind in ("display_data", "error"):
                self._outputs.append({"output_type": kind, **{k: v for k, v in content.items() if k != "transient"}})
            if not self._is_expected:
                self._is_expected = True
                self.later(GATHER, self._send)

    def _write(self, stream: str, text: str) -> None:
        last = self._outputs[-1] if self._outputs else {}
        if last.get("name") == stream:
            self._outputs[-1] = {**last, "text": last["text"] + text}
        else:
            self._outputs.append({"output_type": "stream", "name": stream, "text": text})

    def _send(self) -> None:
        with self._lock:
            self._is_expected = False
            self._outputs = last_of(self._outputs, SHOWN)
            outputs = tuple(self._outputs)
        self.widget.outputs = outputs


def last_of(outputs: list[Output], size: int) -> list[Output]:
    """The last outputs, whose texts have so many characters together; if any are missing, the first line says so."""
    kept: list[Output] = []
    for output in reversed(outputs):
        text = output.get("text", "")
        if len(text) > size:
            rest = text[len(text) - size :].partition("\n")[2]
            told = {"output_type": "stream", "name": "stdout", "text": _LEFT_OUT}
            return [told, *([{**output, "text": rest}] if rest else []), *reversed(kept)]
        size -= len(text)
        kept.append(output)
    return list(reversed(kept))
