"""Shared by the tests of the plugin: pytest runs in this process there, and forgets what a run has imported first."""

from __future__ import annotations

from evroute_kernel.library import everything as _everything  # noqa: F401 - a name gets its behaviour once
