"""Events that only this server knows."""

from __future__ import annotations

import pytest

from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.source import Source


def codes(text: str) -> list[str]:
    return [finding.code for finding in compile_script(Source("test", text), Environment()).diagnostics]


ROUTE = 'event_route[E_PIKE_BLOKED] { xlog("$param(user) $param(points) $param(näme)\\n"); }\n'


@pytest.mark.parametrize(
    "comment",
    ["# %event declare E_PIKE_BLOKED user points:int [näme]", "  #%event  declare E_PIKE_BLOKED user,points,näme\r"],
)
def test_a_comment_declares_an_event(comment: str) -> None:
    assert codes(ROUTE) == ["unknown-event"]
    assert codes(f"{ROUTE}{comment}\n") == []


def test_what_it_declares_is_checked() -> None:
    assert codes(f"# %event declare E_PIKE_BLOKED user\n{ROUTE}") == ["unknown-param", "unknown-param"]


@pytest.mark.parametrize(
    "comment", ["# %event declare", "# %event declare E_PIKE_BLOKED a:text", "# see %event declare E_PIKE_BLOKED"]
)
def test_other_comments_declare_nothing(comment: str) -> None:
    assert codes(f"{comment}\n{ROUTE}") == ["unknown-event"]
