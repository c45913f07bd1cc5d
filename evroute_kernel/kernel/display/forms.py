"""A form for an event's parameters, made of ipywidgets: what `%raise EVENT ?` shows.

ipywidgets is optional (the extra `widgets`), and slow to import: nothing here imports it before a form is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from evroute_kernel.errors import ScriptError
from evroute_kernel.kernel.cell.output import Outlet, PassingOutput
from evroute_kernel.kernel.display.form_log import FormLog
from evroute_kernel.kernel.display.reports import tell_errors
from evroute_kernel.rendering import findings_bundle
from evroute_kernel.runtime.values import INT_MAX, INT_MIN

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.library.catalogue.facts import Event, EventParam

#: texts that need no quotes: words, names, URIs and addresses
_PLAIN: Final = re.compile(r"(?!s:)[A-Za-z][\w.:@;/+-]*|\d+(?:\.\d+){3}", re.ASCII)

Values: TypeAlias = dict[str, "int | str"]


def widgets() -> Any:
    """The module ipywidgets, ready to talk to this kernel; None where it is not installed."""
    try:
        import ipywidgets
    except ImportError:
        return None
    # it does so itself in IPython only: a page that is loaded again asks for the state of its widgets
    ipywidgets.register_comm_target()
    return ipywidgets


class Form:
    """Fields that hold samples, and a button that hands what they hold to `submit`."""

    def __init__(self, ipywidgets: Any, event: Event, submit: Callable[[Values], None]) -> None:
        self.ipywidgets = ipywidgets
        self.submit = submit
        self.fields = {param.name: self.field(param) for param in event.params}
        #: parameters that may be left out -> whether they are sent
        self.sent = {param.name: self.switch() for param in event.params if param.optional}
        self.button = ipywidgets.Button(description="Raise", button_style="primary", icon="play")
        self.button.on_click(lambda _: self.submit(self.values()))
        heading = ipywidgets.HTML(f"<b>{escape(event.name)}</b> <small>{escape(event.description)}</small>")
        #: what it raises is logged here
        self.output = ipywidgets.Output()
        self.whole = ipywidgets.VBox([heading, *self.rows(), self.button, self.output])

    def values(self) -> Values:
        """What would be raised now."""
        return {name: field.value for name, field in self.fields.items() if self.is_sent(name)}

    def is_sent(self, name: str) -> bool:
        return name not in self.sent or bool(self.sent[name].value)

    def field(self, param: EventParam) -> Any:
        """A field for one parameter: a choice of known values, a number, or text."""
        w = self.ipywidgets
        look = {
            "description": param.name,
            "tooltip": param.description,
            "style": {"description_width": "12em"},
            "layout": w.Layout(width="32em"),
        }
        if param.values:
            value = param.sample if param.sample in param.values else param.values[0]
            return w.Dropdown(options=[(str(v), v) for v in param.values], value=value, **look)
        if param.type == "int":
            return w.BoundedIntText(value=int(param.sample), min=INT_MIN, max=INT_MAX, **look)
        return w.Text(value=str(param.sample), **look)

    def switch(self) -> Any:
        w = self.ipywidgets
        return w.Checkbox(value=True, description="send", indent=False, layout=w.Layout(width="6em"))

    def rows(self) -> Iterable[Any]:
        for name, field in self.fields.items():
            yield self.ipywidgets.HBox([field, self.sent[name]]) if name in self.sent else field

    def bundle(self, text: str) -> dict[str, Any]:
        """The form for a front end that can show it, and text for all others."""
        return {**self.whole._repr_mimebundle_(), "text/plain": text}


def show_form(cell: Cell, event: Event) -> bool:
    """Show a form under the cell, and in it what it raises; False when ipywidgets is not installed."""
    ipywidgets = widgets()
    if ipywidgets is None:
        return False
    form = Form(ipywidgets, event, lambda values: submit(cell, event.name, values, outlet))
    outlet = FormLog(form.output, cell.outlet.later).outlet(like=cell.outlet)
    samples = {param.name: param.sample for param in event.params}
    cell.outlet.display(form.bundle(f"a form that raises what this line does:\n{raise_line(event.name, samples)}"))
    return True


def submit(cell: Cell, event: str, values: Values, outlet: Outlet) -> None:
    """Raise the event; its log and what goes wrong go to the outlet. Called by the button, in the event loop."""
    try:
        future = cell.session.submit(event, values, origin=PassingOutput(outlet))
    except ScriptError as error:
        outlet.display(findings_bundle(error.diagnostics))
        return
    future.add_done_callback(lambda done: tell_errors(outlet, done.result()))


def raise_line(event: str, params: Mapping[str, int | str]) -> str:
    """The `%raise` line with these parameters."""
    return " ".join(["%raise", event, *(f"{name}={_written(value)}" for name, value in params.items())])


def _written(value: int | str) -> str:
    """A value as `%raise` reads it."""
    if isinstance(value, int) or _PLAIN.fullmatch(value):
        return str(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
