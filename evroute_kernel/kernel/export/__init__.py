"""A notebook as the configuration of a server: its cells are replayed without running a route, then written down.

    read_notebook(path) -> cells        `notebooks`
    Replay(folder).take(cell) ...       `replay`: what each cell defines, and what of it is still in force at the end
    configuration(replay, title)        `configuration`: the text of opensips.cfg

`%export`, `evroute export` and `jupyter nbconvert --to script` meet in `export`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from evroute_kernel.kernel.export.configuration import Configuration, configuration
from evroute_kernel.kernel.export.notebooks import Cell
from evroute_kernel.kernel.export.replay import Replay

__all__ = ["Cell", "Configuration", "export"]


def export(cells: Iterable[Cell], title: str, folder: Path = Path(), *, reads_outside: bool = False) -> Configuration:
    """The configuration that cells amount to. `title` says in it where it comes from; paths start at `folder`.

    Files that the cells name are read for what they define, never copied, and outside of the folder (links followed)
    only with `reads_outside`.
    """
    replay = Replay(folder, reads_outside=reads_outside)
    for cell in cells:
        replay.take(cell)
    return configuration(replay, title)
