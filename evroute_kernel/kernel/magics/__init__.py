"""The magics of a cell, by theme. Importing this package declares them all."""

from evroute_kernel.kernel.magics import checks, events, files, help, processes, raising, registry, settings
from evroute_kernel.kernel.magics.declaration import MAGICS, Magic, find, magic

__all__ = ["MAGICS", "Magic", "find", "magic"]

#: the modules that declare magics, in the order in which %lsmagic lists them
THEMES = (raising, registry, events, checks, files, settings, processes, help)
