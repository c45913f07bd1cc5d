"""The commands, by what they are about. Importing this package declares them all, in the order of `which`."""

from evroute_kernel.engine.mi.commands import statistics, core, levels, cache, events, help, variables  # noqa: F401, I001
