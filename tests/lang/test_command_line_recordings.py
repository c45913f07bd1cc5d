"""What `opensips -C` of both versions says of whole files, beside what `evroute check` says of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import findings
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source
from support.recorded import HERE_4_0

#: those that are about the file, not about another option of the command line
FILES = [
    case for case in json.loads((HERE_4_0 / "recordings" / "cli-4.0.json").read_text("utf-8")) if case["args"] == ["-C"]
]
_KEYS: dict[ServerVersion, str] = {"3.6": "expect36", "4.0": "expect"}
_PLACE = re.compile(r"case\.cfg:(\d+):")
#: accepted: a file that loads no module, or in 3.6 has no socket, may be given both by another or the command line;
#: refused: `-C` does not read the variables in texts, at which 3.6 stops when it really starts
OTHERWISE = {
    ("cli-no-proto-module", "3.6"),
    ("cli-no-proto-module", "4.0"),
    ("cli-no-socket", "3.6"),
    ("cli-json-noescape", "3.6"),
    ("cli-uuid-version", "3.6"),
    ("cli-proxy-protocol-variable", "3.6"),
}


@pytest.mark.parametrize("version", _KEYS)
@pytest.mark.parametrize("case", FILES, ids=lambda case: case["name"])
def test_a_whole_file_is_judged_as_the_server_does(case: dict[str, Any], version: ServerVersion) -> None:
    outcome = case[_KEYS[version]]
    found = findings(Source("case.cfg", case["config"]), Environment(whole=True, version=version))
    errors = [d for d in found if d.severity == "error"]
    if (case["name"], version) in OTHERWISE:
        assert (not errors) == (outcome["status"] != 0)
        return
    assert (not errors) == (outcome["status"] == 0), [str(d) for d in errors]
    places = [int(found[1]) for line in outcome["lines"] if (found := _PLACE.search(line))]
    if places and errors:
        assert errors[0].span is not None
        assert errors[0].span.line == places[0]
