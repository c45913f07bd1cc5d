"""Comms, and forms of ipywidgets: what a front end that shows widgets sees of `%raise EVENT ?`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.events.raise_line import parse_raise
from evroute_kernel.kernel.display.form_log import SHOWN
from evroute_kernel.kernel.display.forms import raise_line
from support.frontend import DEADLINE, Frontend, started

ROUTE = 'event_route[E_PIKE_BLOCKED] { xlog("blocked $param(ip)\\n"); }\n'


def test_a_comm_that_nobody_expects_is_closed(kernel: Frontend) -> None:
    request = kernel.request("comm_open", {"comm_id": "1", "target_name": "nobody", "data": {}})
    messages = kernel.messages(request, "idle")
    assert [m["content"]["comm_id"] for m in messages if m["msg_type"] == "comm_close"] == ["1"]
    assert kernel.ask("comm_info_request").reply["comms"] == {}


class Widgets:
    """The front end's side of the widgets that a cell has opened: comm -> state."""

    def __init__(self, kernel: Frontend, messages: list[dict[str, Any]]) -> None:
        self.kernel = kernel
        self.states: dict[str, dict[str, Any]] = {
            m["content"]["comm_id"]: m["content"]["data"]["state"] for m in messages if m["msg_type"] == "comm_open"
        }

    def one(self, **state: Any) -> str:
        """The comm of the one widget with this state."""
        (found,) = [c for c, s in self.states.items() if state.items() <= s.items()]
        return found

    def set(self, comm: str, **state: Any) -> None:
        self.send(comm, {"method": "update", "state": state})

    def click(self, comm: str) -> None:
        self.send(comm, {"method": "custom", "content": {"event": "click"}})

    def send(self, comm: str, data: dict[str, Any]) -> None:
        request = self.kernel.request("comm_msg", {"comm_id": comm, "data": data})
        self.kernel.others += self.kernel.messages(request, "idle")

    def logged(self) -> str:
        """The text of the log that the form shows next: all of it."""
        return "".join(output.get("text", "") for output in self.shown())

    def told(self) -> str:
        """The finding that the form shows last, when it shows something else than before."""
        return str(self.shown()[-1]["data"]["text/plain"])

    def shown(self) -> list[dict[str, Any]]:
        """The outputs that the form shows next."""
        while True:
            message = self.next("comm_msg")
            shown = message["content"]["data"].get("state", {}).get("outputs")
            if shown is not None:
                assert message["content"]["comm_id"] == self.one(_model_name="OutputModel")
                return list(shown)

    def next(self, kind: str) -> dict[str, Any]:
        for message in self.kernel.others:
            if message["msg_type"] == kind:
                self.kernel.others.remove(message)
                return message
        while True:
            message = self.kernel.client.get_iopub_msg(timeout=DEADLINE)
            assert message["msg_type"] != "stream", "it went to the cell, which nobody may be listening for"
            if message["msg_type"] == kind:
                return dict(message)


def test_a_form_raises_what_its_fields_hold(kernel: Frontend) -> None:
    kernel.run(ROUTE)
    request = kernel.execute("%raise E_PIKE_BLOCKED ?")
    found = kernel.gather(request)
    assert found.status == "ok", found.traceback
    (shown,) = found.contents("display_data")
    assert "application/vnd.jupyter.widget-view+json" in shown["data"]
    assert shown["data"]["text/plain"].endswith("%raise E_PIKE_BLOCKED ip=192.0.2.66")
    page = Widgets(kernel, found.messages)
    button, field = page.one(_model_name="ButtonModel"), page.one(_model_name="TextModel", description="ip")
    assert page.states[field]["value"] == "192.0.2.66"
    page.click(button)
    assert page.logged() == "blocked 192.0.2.66\n"
    page.set(field, value="2001:db8::1")
    page.click(button)
    assert page.logged() == "blocked 192.0.2.66\nblocked 2001:db8::1\n"


def test_a_form_works_while_a_cell_runs(kernel: Frontend) -> None:
    kernel.run("%workers 2")
    kernel.run(ROUTE)
    request = kernel.execute("%raise E_PIKE_BLOCKED ?")
    page = Widgets(kernel, kernel.gather(request).messages)
    cell = kernel.spin()
    page.click(page.one(_model_name="ButtonModel"))
    assert page.logged() == "blocked 192.0.2.66\n"
    kernel.interrupt()
    kernel.gather(cell)


def test_fields_fit_the_parameters(kernel: Frontend) -> None:
    kernel.run("%event declare E_MINE name port:int [why]")
    kernel.run('event_route[E_MINE] { xlog("$param(name)|$param(port)|$param(why)\\n"); }')
    request = kernel.execute("%raise E_MINE ?")
    page = Widgets(kernel, kernel.gather(request).messages)
    button = page.one(_model_name="ButtonModel")
    port = page.one(_model_name="BoundedIntTextModel", description="port")
    page.set(port, value=5060)
    page.click(button)
    assert page.logged() == "name|5060|why\n"
    page.set(page.one(_model_name="CheckboxModel"), value=False)
    page.click(button)
    assert page.logged() == "name|5060|why\nname|5060|<null>\n"


def test_known_values_are_chosen(kernel: Frontend) -> None:
    from evroute_kernel.library import table

    event, param = next((e, p) for e in table.of("3.6").events.values() for p in e.params if p.values)
    page = Widgets(kernel, kernel.run(f"%raise {event.name} ?").messages)
    field = page.states[page.one(_model_name="DropdownModel", description=param.name)]
    assert field["_options_labels"] == [str(v) for v in param.values]


def test_what_goes_wrong_is_told_under_the_form(kernel: Frontend) -> None:
    request = kernel.execute("%raise E_PIKE_BLOCKED ?")
    page = Widgets(kernel, kernel.gather(request).messages)
    page.click(page.one(_model_name="ButtonModel"))
    assert "no route handles the event E_PIKE_BLOCKED" in page.told()
    kernel.run("event_route[E_PIKE_BLOCKED] { $var(x) = 5; $var(x) /= 0; }")
    page.click(page.one(_model_name="ButtonModel"))
    assert "event_route[E_PIKE_BLOCKED]" in page.told()


def test_of_a_flood_the_last_is_shown(kernel: Frontend) -> None:
    """All that a form shows is sent again whenever it shows more."""
    kernel.run('event_route[E_PIKE_BLOCKED] { $var(i) = 0; while ($var(i) < 300) { $var(i) += 1;'
               ' xlog("$var(i) $(var(i){s.fill.right,x,1000})\n"); } xlog("end\n"); }')  # fmt: skip
    page = Widgets(kernel, kernel.run("%raise E_PIKE_BLOCKED ?").messages)
    page.click(page.one(_model_name="ButtonModel"))
    while not (shown := page.logged()).endswith("\nend\n"):
        assert len(shown) < SHOWN + 200
    assert shown.startswith("... what came before is left out")
    assert len(shown) < SHOWN + 200


def test_a_page_that_is_loaded_again_finds_its_widgets(kernel: Frontend) -> None:
    kernel.run("%raise E_PIKE_BLOCKED ?")
    assert kernel.ask("comm_info_request", target_name="jupyter.widget").reply["comms"]
    assert kernel.ask("comm_info_request", target_name="other").reply["comms"] == {}
    control = {"comm_id": "control", "target_name": "jupyter.widget.control", "data": {}}
    opened = kernel.request("comm_open", control, {"version": "1.0.0"})
    kernel.messages(opened, "idle")
    asked = kernel.request("comm_msg", {"comm_id": "control", "data": {"method": "request_states"}})
    (states,) = [m["content"]["data"] for m in kernel.messages(asked, "idle") if m["msg_type"] == "comm_msg"]
    assert states["method"] == "update_states"
    assert any(s["model_name"] == "ButtonModel" for s in states["states"].values())


def test_an_unknown_event_has_no_form(kernel: Frontend) -> None:
    found = kernel.run("%raise E_PIKE_BLOCKD ?")
    assert found.error["ename"] == "UnknownEvent"
    assert "did you mean 'E_PIKE_BLOCKED'?" in found.traceback


def test_without_ipywidgets_the_help_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "missing" / "ipywidgets"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ImportError('not installed')")
    paths = [str(missing.parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    with started(tmp_path) as kernel:
        found = kernel.run("%raise E_PIKE_BLOCKED ?")
        assert found.status == "ok", found.traceback
        assert "E_PIKE_BLOCKED" in found.shown[0]
        assert "ip" in found.shown[0]


@pytest.mark.parametrize(
    "params",
    [
        {"ip": "192.0.2.1", "port": 5060, "text": "7"},
        {"text": 'a "b" \\n', "empty": "", "equal": "a=b", "brace": "{", "s": "s:x", "quote": "'", "lines": "1\n2"},
        {"sign": "+49", "option": "--count", "question": "?", "uri": "sip:alice@example.com;lr"},
    ],
)
def test_the_line_says_what_the_form_raises(params: dict[str, int | str]) -> None:
    assert parse_raise(raise_line("E_X", params).removeprefix("%raise ")).params == params
