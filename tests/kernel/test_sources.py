"""Scripts, changes of scripts and documents, as they are shown."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from evroute_kernel.highlighting.classes import CLASSES
from evroute_kernel.kernel.display.sources import _LOOKS, diff_bundle, script_bundle, value_bundle
from support.frontend import Frontend

DOCUMENT = '$json(d) := "{\\"a\\": [1, {\\"b\\": null}], \\"n\\": 5}";\n'


def result(kernel: Frontend, expression: str) -> dict[str, Any]:
    (found,) = kernel.run(DOCUMENT + expression).contents("execute_result")
    return dict(found["data"])


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$json(d)", {"a": [1, {"b": None}], "n": 5}),
        ("$json(d/a)", [1, {"b": None}]),
        ("$json_compact(d)", {"a": [1, {"b": None}], "n": 5}),
        ("$(json_pretty(d/a[1]))", {"b": None}),
    ],
)
def test_a_document_is_shown_as_one(kernel: Frontend, expression: str, value: Any) -> None:
    data = result(kernel, expression)
    assert data["application/json"] == value
    assert data["text/plain"].startswith(('"{', '"['))


@pytest.mark.parametrize("expression", ["$json(d/n)", "$(json(d){s.len})", '"{}"', "$json(nothing)"])
def test_other_values_are_not(kernel: Frontend, expression: str) -> None:
    assert result(kernel, expression).keys() == {"text/plain"}


@pytest.mark.parametrize("text", ["{", "[NaN]", "[" * 100_000])
def test_what_is_no_json_stays_text(text: str) -> None:
    assert value_bundle(text, is_document=True).keys() == {"text/plain"}


def test_a_route_is_shown_as_script(kernel: Frontend) -> None:
    count = kernel.run('event_route[E_X] { xlog("```<i>\\n"); }').reply["execution_count"]
    (shown,) = kernel.run("%route E_X").contents("display_data")
    text = f'# In[{count}], line 1; has run 0 times\nevent_route[E_X] {{ xlog("```<i>\\n"); }}'
    assert shown["data"]["text/plain"] == text
    assert shown["data"]["text/markdown"] == f"````opensips\n{text}\n````"
    assert "<i>" not in shown["data"]["text/html"]


def test_a_script_keeps_its_text_in_colours() -> None:
    script = '\n  # é\n\troute[a] {\n    xlog("$var(x)\\n"); }\n\n'
    found = script_bundle(script)
    assert found["text/plain"] == script
    assert unescape(re.sub("<[^>]*>", "", found["text/html"])) == script
    keyword = "color: var(--jp-mirror-editor-keyword-color, inherit); font-weight: bold"
    assert f'<span style="{keyword}">route</span>' in found["text/html"]


def test_every_class_of_tokens_has_its_look() -> None:
    tags = {found.codemirror for found in CLASSES.values()} - {""}
    assert tags <= _LOOKS.keys()


def test_lines_of_a_diff_are_tinted() -> None:
    found = diff_bundle("--- a\n+++ b\n@@ -1 +1 @@\n-<old>\n+new\n same\n")
    lines = found["text/html"].split("</span>")
    assert ["background" in line for line in lines[:-1]] == [False, False, False, True, True, False]
    assert "&lt;old&gt;" in lines[3]
    assert found["text/plain"].endswith("+new\n same\n")
