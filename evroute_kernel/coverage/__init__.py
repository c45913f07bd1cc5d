"""Plugin of coverage.py: reports lines and branches of scripts that tests have run through `evroute_session`.

    [tool.coverage.run]
    branch = true
    plugins = ["evroute_kernel.coverage"]

What was run is told by the workers, and handed over by `evroute_kernel.pytest_plugin.coverage` when a test ends: no
tracer takes part, so it is the same with each core of coverage.py. What is here says what there is to run in a file
(`reporter`), what is left out of it (`exclusion`), which files are to be measured (`scope`), and which file a text is
that a test has loaded under its name (`named`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from coverage.plugin import CoveragePlugin, FileReporter

if TYPE_CHECKING:
    from coverage.plugin_support import Plugins

#: how coverage.py calls the plugin
NAME: Final = "evroute_kernel.coverage.ScriptPlugin"


def coverage_init(reg: Plugins, options: Any) -> None:
    """As one that may change the configuration, though it does not: of what traces files some cores complain."""
    reg.add_configurer(ScriptPlugin())


class ScriptPlugin(CoveragePlugin):
    """Of files that are handed over under its name, it reports."""

    def configure(self, config: Any) -> None:
        """All is well."""

    def file_reporter(self, filename: str) -> FileReporter:
        from evroute_kernel.coverage.reporter import ScriptReporter

        return ScriptReporter(filename)
