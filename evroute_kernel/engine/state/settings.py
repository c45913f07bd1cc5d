"""Globals and module parameters of a session: what each cell set, folded in the order the cells ran.

A cell that runs again replaces what it had set; a global that nobody sets any more has its default again. A Session
starts with the levels that show every xlog.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.events.given import GivenError, kind_of
from evroute_kernel.engine.state.profiling import ProfilingLevels
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Settings
from evroute_kernel.runtime.patterns import posix as regex
from evroute_kernel.runtime.reach import Reach
from evroute_kernel.runtime.seed import Chance, Seed
from evroute_kernel.runtime.values import INT_MAX, INT_MIN
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.worker.messages import ApplySettings

if TYPE_CHECKING:
    from evroute_kernel.engine.state.stubs import StubRule

ModParams = dict[tuple[str, str], list[int | str]]
#: globals that travel as parameters of the core: every value of theirs counts, or the version that has a use for them
_LISTS: Final = frozenset({"dst_blacklist", "socket", "listen", "log_event_enabled"})
#: modules without which a server is no node of a cluster
_OF_NODES: Final = ("proto_bin", "clusterer")
#: the owner of what is set from outside any cell, as `%config` does
CONFIG_OWNER: Final = "%config"
DEFAULTS: Final[dict[str, Any]] = {
    name: value for name in Settings.__slots__ if name != "node" and isinstance(value := getattr(Settings(), name), int)
}


@dataclass(slots=True)
class _Contribution:
    values: dict[str, Any] = field(default_factory=dict)
    modparams: list[tuple[str, str, int | str]] = field(default_factory=list)
    modules: tuple[str, ...] = ()


class SessionSettings(MutableMapping[str, Any]):
    """The globals in force, by name: those that change how routes run. Assigning sets one from outside any cell.

    `changed` is called after each assignment; whoever uses the other methods passes changes on.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None, version: ServerVersion = DEFAULT_VERSION) -> None:
        #: the server whose ways are followed; it changes with a reset alone
        self.version: ServerVersion = version
        #: what processes tell of their work, in 4.0
        self.profiling = ProfilingLevels()
        #: the number of this node of a cluster; 0 where there is none
        self.node = 0
        #: how far goes what scripts do
        self.reach: Reach = "outside"
        #: variables of the environment that scripts find otherwise than when the session began, and the folder in which
        #: their paths begin (empty: where it began)
        self.environment: dict[str, str] = {}
        self.folder = ""
        #: what chance begins with, and how often that has been set
        self._seed: Seed | None = None
        self._times_set = 0
        #: name of an event -> how many were raised from outside since then
        self._drawn: Counter[str] = Counter()
        self._drawing = threading.Lock()
        self._changed = changed
        self._stubs: dict[str, StubRule] = {}
        self._contributions: dict[str, _Contribution] = {}
        self._anonymous = 0

    def contribute(
        self,
        owner: str | None,
        values: Iterable[tuple[str, Any]],
        modparams: Iterable[tuple[str, str, int | str]] = (),
        modules: Iterable[str] = (),
    ) -> None:
        """Take what a text sets and loads, in place of what its owner did before.

        The module of a parameter is a regular expression, as in a script; it means modules that are loaded.
        """
        values = list(values)
        # globals that only a server has are checked by the compiler and mean nothing here
        known = {name: _as_default(name, value) for name, value in values if name in DEFAULTS}
        lists = [("core", name, value) for name, value in values if name in _LISTS]
        new = _Contribution(known, [*lists, *modparams], tuple(dict.fromkeys(modules)))
        if owner is None:
            self._anonymous += 1
            owner = f"#{self._anonymous}"
        self._contributions.pop(owner, None)
        if new != _Contribution():
            self._contributions[owner] = new

    def forget_owner(self, owner: str) -> None:
        """Undo what a cell had set."""
        self._contributions.pop(owner, None)

    def reset(self) -> None:
        self._contributions.clear()
        self._stubs.clear()
        self._drawn.clear()
        self.profiling = ProfilingLevels()

    def message(self) -> ApplySettings:
        """What workers are told."""
        stubs = {name: rule.plain for name, rule in tuple(self._stubs.items())}
        modparams, modules = self.modparams_in_force(), self.modules_in_force()
        values, profiling = self.values_in_force(), self.profiling.table()
        surroundings = dict(self.environment), self.folder, self._seed
        return ApplySettings(
            values, modparams, modules, stubs, self.version, profiling, self.reach, self.node, *surroundings
        )

    def keep_inside(self, reach: Reach = "inside") -> None:
        """Let nothing that scripts do from now on change what is beyond the session: sockets that they subscribe get
        nothing, and SQL works on copies of databases. For good, and before any script runs."""
        self.reach = reach
        self._changed()

    def set_environment(self, name: str, value: str) -> None:
        """Let scripts find a variable of the environment: `$env(name)`. For good."""
        self.environment[name] = value
        self._changed()

    def set_folder(self, folder: str) -> None:
        """Let relative paths of scripts begin in a folder (its absolute path). For good."""
        self.folder = folder
        self._changed()

    def set_profiling(self, level: int, process: int | None = None) -> None:
        """Let one process, or all, tell so much of their work from now on."""
        self.profiling.set(level, process)
        self._changed()

    @property
    def seed(self) -> int | None:
        """What chance begins with in each worker; None: with what the system has."""
        return None if self._seed is None else self._seed[0]

    @seed.setter
    def seed(self, seed: int | None) -> None:
        """Let it begin anew, also with the same seed. A reset keeps it."""
        self._times_set += 1
        self._drawn.clear()
        self._seed = None if seed is None else (seed, self._times_set)
        self._changed()

    def chance(self, name: str, count: int = 1) -> Chance:
        """What the next event of a name that is raised from outside begins to draw with, and those behind it, so many
        in all. Safe from any thread."""
        if self._seed is None:
            return None
        with self._drawing:
            number = self._drawn[name]
            self._drawn[name] += count
        return name, number

    def texts(self) -> list[str]:
        """The owners of what cells and other texts have set or loaded."""
        return [owner for owner in tuple(self._contributions) if owner != CONFIG_OWNER]

    def outside(self) -> dict[str, Any]:
        """What was set from outside any text, by name: such as by `%config`."""
        return dict(self._contributions.get(CONFIG_OWNER, _Contribution()).values)

    # -- stubs ----------------------------------------------------------------------------------------------------

    @property
    def stubs(self) -> dict[str, StubRule]:
        """What functions that are not simulated do, by name."""
        return dict(self._stubs)

    def stub(self, rule: StubRule) -> None:
        """Let a function that is not simulated do what the rule says, from the next run on."""
        self._stubs[rule.name] = rule
        self._changed()

    def unstub(self, name: str) -> bool:
        """Take the rule back; False when there was none."""
        found = self._stubs.pop(name, None) is not None
        self._changed()
        return found

    # -- what is in force -----------------------------------------------------------------------------------------

    def values_in_force(self) -> dict[str, Any]:
        values = dict(DEFAULTS)
        for contribution in tuple(self._contributions.values()):
            values |= contribution.values
        return values

    def modparams_in_force(self, *, without: str | None = None) -> ModParams:
        """Every value of every module parameter, in order; `without` leaves out what one owner set."""
        params: ModParams = {}
        for owner, contribution in tuple(self._contributions.items()):
            for pattern, name, value in contribution.modparams if owner != without else ():
                for module in self._matching(pattern):
                    params.setdefault((module, name), []).append(value)
        return params

    def _matching(self, pattern: str) -> list[str]:
        if pattern == "core":
            return [pattern]
        from evroute_kernel.library import table  # the compiler is loaded: it has seen the pattern

        loaded = table.of(self.version).default_modules | self.modules_in_force()
        found = regex.compile(f"^({pattern})$")
        return [pattern] if pattern in loaded else sorted(module for module in loaded if found.search(module))

    def modules_in_force(self, *, without: str | None = None) -> frozenset[str]:
        """The modules that texts have loaded, beyond those that every session has."""
        return frozenset(self.modules_loaded(without=without))

    def modules_loaded(self, *, without: str | None = None) -> tuple[str, ...]:
        """The same in the order in which they were loaded. A node of a cluster is a server with module clusterer."""
        found = (c.modules for owner, c in tuple(self._contributions.items()) if owner != without)
        own = _OF_NODES if self.node else ()
        return tuple(dict.fromkeys([*own, *(name for names in found for name in names)]))

    def __getitem__(self, name: str) -> Any:
        return self.values_in_force()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in DEFAULTS:
            raise KeyError(name)
        if not isinstance(value, int) or not INT_MIN <= value <= INT_MAX:
            shown = value if isinstance(value, int) else kind_of(value)
            raise GivenError(f"{name} is a whole number of 32 bits, or True or False, not {shown}")
        # the newest contribution wins
        set_before = self._contributions.pop(CONFIG_OWNER, _Contribution())
        set_before.values[name] = _as_default(name, value)
        self._contributions[CONFIG_OWNER] = set_before
        self._changed()

    def __delitem__(self, name: str) -> None:
        """Take back what was set from outside."""
        del self._contributions[CONFIG_OWNER].values[name]
        self._changed()

    def __iter__(self) -> Iterator[str]:
        return iter(DEFAULTS)

    def __len__(self) -> int:
        return len(DEFAULTS)


def _as_default(name: str, value: Any) -> Any:
    """The value with the type of the default: a flag is written as a number."""
    return bool(value) if isinstance(DEFAULTS[name], bool) else int(value)


def module_name(path: str) -> str:
    """The module that `loadmodule "path"` names."""
    return path.rpartition("/")[2].removesuffix(".so")


@dataclass(slots=True)
class Limits:
    """What a run may take. `timeout`: seconds for a raise and all that it leads to, from the start of its first route;
    `memory`: bytes a worker may grow by, None for no limit; `log`: records kept of a raise, the rest is counted."""

    timeout: float = 30.0
    memory: int | None = 512 * 2**20
    log: int = 10_000
