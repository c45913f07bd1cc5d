"""Every notebook, exported as the configuration of a server, loads and logs the same.

A notebook is played by the kernel's own code, without a front end, on a session that notes what was done to it. Then
the configuration is loaded in another session, and the same is done to that: events raised, timers run, stubs set, and
those bare statements run that are comments in the configuration. What was done while a route was defined otherwise than
at the end is left out: a configuration holds one definition.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.results.dialogs import DialogInfo
from evroute_kernel.engine.session.session import Loaded, Run, Session
from evroute_kernel.kernel.cell.cell import Cell
from evroute_kernel.kernel.cell.failures import CellFailure
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.cell.output import Outlet
from evroute_kernel.kernel.cell.running import run as run_cell
from evroute_kernel.kernel.export.notebooks import read_notebook
from evroute_kernel.kernel.export.standalone import export
from evroute_kernel.kernel.export.startup import reached
from evroute_kernel.lang import nodes
from evroute_kernel.lang.callgraph import Vertex, call_graph
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.parser import parse
from evroute_kernel.runtime.values import decode
from evroute_kernel.source import Source

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
Routes = dict[str, str]


@dataclass
class Act:
    """Something that was done to a session. `run` is what came of it, `routes` those it led to as they were then."""

    what: str
    again: Callable[[Session], Run | None]
    run: Run | None = None
    routes: Routes = field(default_factory=dict)


class Noting(Session):
    """A session that notes what is done to it, but for definitions."""

    def __init__(self, startup: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.startup = startup
        self.acts: list[Act] = []

    def submit(self, event: str, params: Any = None, **options: Any) -> Future[Run]:
        act = Act(f"{event} {params}", lambda session: session.raise_event(event, params))
        act.routes = self.led_to(Vertex("event", event))
        future = super().submit(event, params, **options)
        self.acts.append(act)
        future.add_done_callback(lambda done: setattr(act, "run", done.result()))
        return future

    def run_timer(self, name: str, **options: Any) -> Run:
        act = Act(f"timer {name}", lambda session: session.run_timer(name))
        act.routes = self.led_to(Vertex("route", f"timer_route[{name}]"))
        self.acts.append(act)
        act.run = super().run_timer(name, **options)
        return act.run

    def tick(self, *, clock: float, **options: Any) -> Run:
        act = Act(f"tick {clock}", lambda session: session.tick(clock=clock))
        self.acts.append(act)
        act.run = super().tick(clock=clock, **options)
        return act.run

    def dialog(self, name: str, *, origin: object = None, **fields: Any) -> DialogInfo:
        act = Act(f"dialog {name}", lambda session: session.dialog(name, **fields).run)
        act.routes = self.led_to(Vertex("event", "E_DLG_STATE_CHANGED"))
        self.acts.append(act)
        made = super().dialog(name, origin=origin, **fields)
        act.run = made.run
        return made

    def stub(self, *arguments: Any, **options: Any) -> None:
        self.acts.append(Act(f"stub {arguments}", lambda session: session.stub(*arguments, **options)))
        super().stub(*arguments, **options)

    def subscribe(self, event: str, socket: str, *arguments: Any, **options: Any) -> None:
        again = partial(Session.subscribe, event=event, socket=socket, **options)
        self.acts.append(Act(f"subscribe {event} {socket}", lambda session: again(session)))
        super().subscribe(event, socket, *arguments, **options)

    def install(self, unit: Any, **options: Any) -> Loaded:
        for statement in unit.script.scratch:
            text = statement.span.text
            if not isinstance(statement, nodes.Display) and text not in self.startup:
                self.acts.append(Act(text, lambda session, text=text: session.load(f"{text};", scratch=True).run))
        return super().install(unit, **options)

    def reset(self, version: str | None = None) -> None:
        super().reset(version)
        self.acts.clear()

    @property
    def routes(self) -> Routes:
        return {decode(d.title): d.route.span.text for d in self.registry}

    def led_to(self, start: Vertex) -> Routes:
        """The routes that an event or a route leads to now."""
        script, _ = parse(Source("routes", "\n".join(self.routes.values())), version="3.6")
        titles = reached(call_graph(item for item in script.items if isinstance(item, nodes.Route)), start)
        return {title: text for title, text in self.routes.items() if titles is None or title in titles}


def played(path: Path, startup: str) -> Noting:
    """The session of a notebook that was run from the top."""

    async def play() -> Noting:
        notebook = Notebook(lambda **options: Noting(startup, **{**options, "workers": 1}))
        for cell in read_notebook(path):
            if cell.kind == "code":
                outlet = Outlet(lambda *_: None, lambda *_: None, {}, notebook.text_of, silent=True)
                # a cell that fails is meant to; test_notebooks.py sees to that
                with suppress(CellFailure):
                    await run_cell(Cell(notebook, Source(cell.name, cell.text), outlet, cell.owner))
        session = notebook.session
        assert isinstance(session, Noting)
        return session

    return asyncio.run(play())


def shown(run: Run | None) -> list[tuple[str, str, bool]]:
    """What routes logged; what became of sockets outside is of the moment."""
    records = run.log if run is not None else ()
    return [(r.level, r.text, r.diagnostic) for r in records if r.route or not r.diagnostic]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_logs_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    made = export(read_notebook(path), path.stem, FOLDER)
    startup = made.text.partition("# What the notebook did once")[2]
    compared = 0
    with played(path, startup) as before, Session(workers=1, version=made.version) as after:
        assert before.version == made.version
        after.load(made.text, f"{path.stem}.cfg")
        for act in before.acts:
            is_alone = not any("cluster_send" in text for text in act.routes.values())
            if is_alone and act.routes.items() <= before.routes.items():
                run = act.again(after)
                if act.run is not None:
                    assert shown(run) == shown(act.run), act.what
                    compared += 1
    assert compared or not made.routes, "a notebook that takes all back in the end has nothing to compare"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_clean(path: Path) -> None:
    """What there is to say about the configuration was said under the cells."""
    made = export(read_notebook(path), path.stem, FOLDER)
    unit = compile_script(Source(path.stem, made.text), Environment(version=made.version))
    outputs = [cell.get("outputs") for cell in json.loads(path.read_text())["cells"]]
    for finding in unit.diagnostics:
        assert json.dumps(finding.message)[1:-1] in json.dumps(outputs), finding.render()


def test_evroute_run_logs_what_the_tour_shows(tmp_path: Path) -> None:
    """The tour's raises, as they stand in its cells, but for the one that meets a route replaced later."""
    output = tmp_path / "tour.cfg"
    evroute("export", str(FOLDER / "tour.ipynb"), "-o", str(output))
    cells = [cell for cell in json.loads((FOLDER / "tour.ipynb").read_text())["cells"] if cell["cell_type"] == "code"]
    meant = [cell for cell in cells if "raises-exception" not in cell["metadata"].get("tags", [])][3:]
    lines = [line for cell in meant for line in "".join(cell["source"]).splitlines()]
    raises = [line.removeprefix("%raise ") for line in lines if line.startswith("%raise ")]
    done = evroute("run", str(output), *(word for text in raises for word in ("--raise", text)))
    outputs = [output for cell in meant if "%raise" in "".join(cell["source"]) for output in cell["outputs"]]
    shown = "".join("".join(output["text"]) for output in outputs if output.get("name") == "stdout")
    assert done.stdout == shown
    assert len(raises) == 10


def evroute(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from evroute_kernel.cli import main; main()", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done
