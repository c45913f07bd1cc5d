"""Tests that run with each sample of some events."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.engine.events.samples import EventSample, matching, samples
from evroute_kernel.library import table
from evroute_kernel.pytest_plugin.names import EVENTS
from evroute_kernel.pytest_plugin.opening import version_for


def events_for(metafunc: pytest.Metafunc, markers: Sequence[pytest.Mark]) -> dict[str, EventSample]:
    """The samples that the markers of a test ask for, by what they are called in its name."""
    patterns = [pattern for marker in reversed(markers) for pattern in marker.args]
    if any(marker.kwargs for marker in markers) or not all(isinstance(p, str) for p in patterns) or not patterns:
        name = metafunc.function.__name__
        pytest.fail(f'{name}: @pytest.mark.{EVENTS} takes names or patterns: {EVENTS}("E_X", "E_DLG_*")', False)
    try:
        events = matching(patterns, table.of(version_for(metafunc.definition)))
    except GivenError as error:
        name = metafunc.function.__name__
        raise pytest.fail.Exception(f"{name}: @pytest.mark.{EVENTS}: {error}", pytrace=False) from None
    named = ((" ".join([event.name, label]).rstrip(), sample) for event in events for label, sample in samples(event))
    return dict(named)
