"""How texts become part of a session: parsed, checked, compiled and defined; what runs at once is run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.events import given
from evroute_kernel.engine.results.runs import Loaded
from evroute_kernel.engine.session.raising import Raising
from evroute_kernel.engine.state.registry import Change
from evroute_kernel.engine.state.world import World
from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.lang.checks.standing import Report
    from evroute_kernel.lang.compiler import Unit

#: for who hands over a path
_OF_A_FILE: Final = (
    'the text of a file: Path(...).read_text(); in tests, the marker evroute_session(load="FILE") loads a file'
)


class Loading:
    """The texts of one session, one at a time."""

    def __init__(self, world: World, raising: Raising) -> None:
        self._world = world
        self._raising = raising
        self._one_at_a_time = threading.Lock()

    def load(
        self,
        source: str | Source,
        name: str,
        owner: str | None,
        origin: object,
        scratch: bool,
        timeout: float | None,
        whole: bool = False,
        check: bool | None = None,
    ) -> Loaded:
        """As `Session.load`."""
        with self._one_at_a_time:
            unit = self.compile(source, name, owner, scratch, whole)
            change, slots = self._world.define(unit, owner)
        return self._loaded(unit, change, slots, origin, timeout, check)

    def compile(self, source: str | Source, name: str, owner: str | None, scratch: bool, whole: bool = False) -> Unit:
        """As `Session.compile`."""
        from evroute_kernel.lang.compiler import compile_script

        source = self._source(source, name)
        environment = self._world.environment(owner)
        return compile_script(source, replace(environment, whole=whole), scratch=scratch)

    def define(
        self, unit: Unit, owner: str | None, origin: object = None, timeout: float | None = None
    ) -> Callable[[], Loaded]:
        """As `Session.define`."""
        with self._one_at_a_time:
            change, slots = self._world.define(unit, owner)
        return partial(self._loaded, unit, change, slots, origin, timeout)

    def _loaded(
        self,
        unit: Unit,
        change: Change,
        slots: list[int],
        origin: object,
        timeout: float | None,
        check: bool | None = None,
    ) -> Loaded:
        """Run what a text runs at once, and say what became of it all."""
        self._world.tell_gone(change.dropped, origin)
        run = self._raising.run_slots(slots, origin, timeout, check) if slots else None
        return Loaded(unit.diagnostics, change.defined, change.replaced, change.dropped, run)

    @staticmethod
    def _source(source: str | Source, name: str) -> Source:
        """What is given as a text; raises GivenError."""
        if isinstance(source, Source):
            return source
        if not isinstance(source, str):
            raise given.GivenError(
                f"a script is a text, not {given.kind_of(source)}", _OF_A_FILE if isinstance(source, PurePath) else None
            )
        if "\0" in given.text(name, "the name of a script"):
            raise given.GivenError("the name of a script holds a zero byte")
        return Source(name, source)

    def what_runs(self, source: str | Source, name: str) -> Report:
        """As `Session.what_runs`."""
        from evroute_kernel.lang.checks.standing import what_runs
        from evroute_kernel.lang.parser import parse
        from evroute_kernel.library.functions.clusterer import SIMULATED_WHEN as NODE
        from evroute_kernel.library.functions.rest_client import SIMULATED_WHEN as NETWORK

        settings = self._world.settings
        script, _ = parse(self._source(source, name), version=settings.version, scratch=True)
        rules = {rule.name: rule.answer for rule in settings.stubs.values()}
        met = {NODE} if settings.node else set[str]()
        return what_runs(script, self._world.library, rules, met | ({NETWORK} if settings["network"] else set()))

    def check(self, source: str | Source, name: str, owner: str | None) -> list[Diagnostic]:
        """As `Session.check`."""
        try:
            return list(self.compile(source, name, owner, scratch=True).diagnostics)
        except ScriptError as error:
            return error.diagnostics
