"""A program to be tried on both sides, and what several of them share, so that one server can run them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

#: an event and its parameters: None, a mapping, or a list of texts; or PAUSE and seconds
Raise = tuple[str, Any]
PAUSE: Final = "pause"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the programs: programs of one frame can run on one server, one after another."""

    #: loadmodule, modparam and globals
    settings: str = ""
    #: routes that all of them share: startup_route, error_route
    routes: str = ""
    workers: int = 1
    #: (name, text) of files beside the configuration
    files: tuple[tuple[str, str], ...] = ()


#: one queue, which all programs of a batch share
QUEUE: Final = 'modparam("mqueue", "mqueue", "name=q")'
PLAIN: Final = Frame(settings=QUEUE)
ASYNC: Final = Frame(settings=f'loadmodule "tm.so"\n{QUEUE}')


@dataclass(frozen=True, slots=True)
class Program:
    """`name` is unique in its batch, and part of every name that the script defines: events, routes, variables."""

    name: str
    script: str
    raises: tuple[Raise, ...]
    frame: Frame = PLAIN
    #: what it is made of, to be counted
    constructs: tuple[str, ...] = ()
    #: seconds of silence after which what it started by itself has ended
    quiet: float = 0.0
    #: it is quiet so long after each event, before the next one is raised
    settles: bool = False
    #: how often the worker is asked whether it has run all: once more for each event that an event raises
    rounds: int = 1
    #: several workers log in any order
    unordered: bool = False
    #: names of timer routes, which run once
    timers: tuple[str, ...] = ()
    #: event raised after all others have ended, to tell what they left
    report: str | None = None


def script_of(programs: list[Program]) -> str:
    """The script of a batch."""
    return "\n".join([programs[0].frame.routes, *(program.script for program in programs)])
