"""The extension for VS Code: what it declares of the debugger, and that debugger with VS Code's own client.

The client needs Node.js, and what `npm ci --prefix tests/editors` installs. Where one of them is missing its tests are
skipped; with EVROUTE_REQUIRE_EDITORS in the environment they fail.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.dap.launch import ATTACH, LAUNCH, REPLAY
from evroute_kernel.runtime.versions import VERSIONS

HERE = Path(__file__).parent
PACKAGE = HERE.parent.parent / "editors" / "vscode"
REQUIRED = "EVROUTE_REQUIRE_EDITORS"
CLIENT = HERE / "node_modules" / "@vscode" / "debugadapter-testsupport"
DEADLINE = 240.0
#: what JSON calls the kinds of arguments
KINDS = {str: "string", list: "array", dict: "object", bool: "boolean", int: "integer", float: "number"}


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    (found,) = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))["contributes"]["debuggers"]
    return dict(found)


@pytest.mark.parametrize(("request_", "known"), [("launch", LAUNCH), ("attach", ATTACH)])
def test_the_package_declares_what_the_adapter_knows(
    declared: dict[str, Any], request_: str, known: dict[str, tuple[type, ...]]
) -> None:
    properties = declared["configurationAttributes"][request_]["properties"]
    # noDebug is what VS Code adds by itself: Run Without Debugging
    assert properties.keys() == known.keys() - {"noDebug"}
    for name, property_ in properties.items():
        assert property_["description"]
        if "enum" in property_:
            continue
        kinds = property_["type"] if isinstance(property_["type"], list) else [property_["type"]]
        expected = {KINDS[kind] for kind in known[name]}
        assert set(kinds) == expected - ({"integer"} if "number" in expected else set()), name


def test_the_package_declares_all_versions_and_options_of_a_replay(declared: dict[str, Any]) -> None:
    properties = declared["configurationAttributes"]["launch"]["properties"]
    assert properties["server"]["enum"] == list(VERSIONS)
    assert properties["recording"]["properties"].keys() == {"file", *REPLAY}


def test_configurations_name_what_there_is(declared: dict[str, Any]) -> None:
    package = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    (language,) = package["contributes"]["languages"]
    assert declared["languages"] == [language["id"]]
    assert package["contributes"]["breakpoints"] == [{"language": language["id"]}]
    assert (PACKAGE / package["main"]).is_file()
    assert [declared["runtime"], *declared["args"]] == ["evroute", "dap"]
    bodies = [snippet["body"] for snippet in declared["configurationSnippets"]]
    for configuration in (*declared["initialConfigurations"], *bodies):
        assert configuration["type"] == declared["type"]
        attributes = declared["configurationAttributes"][configuration["request"]]
        assert configuration.keys() - {"type", "request", "name"} <= attributes["properties"].keys()
        assert configuration.keys() >= set(attributes["required"])


@pytest.mark.timeout(300)
def test_the_debugger_with_the_client_of_vscode() -> None:
    missing = [name for name, there in (("node", shutil.which("node")), ("npm ci", CLIENT.is_dir())) if not there]
    if missing and not os.environ.get(REQUIRED):
        pytest.skip(f"{' and '.join(missing)} missing: npm ci --prefix tests/editors")
    command = ["node", "--test", "--test-reporter=spec", HERE / "debugger.test.mjs"]
    environment = {**os.environ, "EVROUTE": str(Path(sys.executable).with_name("evroute"))}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            said, _ = process.communicate(timeout=DEADLINE)
        finally:
            with suppress(ProcessLookupError):  # with all that it has started
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, said
