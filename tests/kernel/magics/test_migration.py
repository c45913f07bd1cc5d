"""`%migrate`: a diff, or the new text in place of the old."""

from __future__ import annotations

import pytest

from support.frontend import Frontend

OLD = """event_route[E_PIKE_BLOCKED, async] {
    fetch_event_params("ip=$avp(ip)");
    xlog("blocked $avp(ip)\\n");   # Zoë
}
"""
NEW = """event_route[E_PIKE_BLOCKED] {
    $avp(ip) = $param(ip);
    xlog("blocked $avp(ip)\\n");   # Zoë
}
"""


def payloads(found: object) -> list[dict[str, object]]:
    return list(found.reply["payload"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("cell", [f"%%migrate\n{OLD}", f"{OLD}%migrate", f"%migrate\n{OLD}", f"\n{OLD}%migrate\n"])
def test_a_diff_and_nothing_runs(kernel: Frontend, cell: str) -> None:
    found = kernel.run(cell)
    assert (found.status, found.stderr) == ("ok", "")
    (diff,) = found.shown
    lines = diff.splitlines()
    assert lines[0].startswith("--- In[")
    assert "-event_route[E_PIKE_BLOCKED, async] {" in lines
    assert "+event_route[E_PIKE_BLOCKED] {" in lines
    assert '     xlog("blocked $avp(ip)\\n");   # Zoë' in lines
    assert "migrate" not in diff
    assert payloads(found) == []
    assert kernel.run("%routes").shown == ["no route is defined"]


@pytest.mark.parametrize(
    ("cell", "new"),
    [
        (f"%%migrate --apply\n{OLD}", NEW),
        (f"{OLD}%migrate --apply", NEW),
        (
            f"# first\n%migrate --apply\n{OLD}\n%raise E_PIKE_BLOCKED ip=1",
            f"# first\n{NEW}\n%raise E_PIKE_BLOCKED ip=1",
        ),
        (f"%%migrate --apply\n{OLD}%raise E_PIKE_BLOCKED ip=1", f"{NEW}%raise E_PIKE_BLOCKED ip=1"),
    ],
)
def test_the_new_text_takes_the_place_of_the_cell(kernel: Frontend, cell: str, new: str) -> None:
    found = kernel.run(cell)
    (payload,) = payloads(found)
    assert payload["source"] == "set_next_input"
    assert payload["replace"] is True
    text = str(payload["text"])
    assert text.replace("ip=$avp", "") == text
    assert "async" not in text
    kept = [line for line in new.splitlines() if "avp(ip) =" not in line]
    assert [line for line in text.splitlines() if "avp(ip) =" not in line] == kept
    assert "changed" in found.stdout
    assert found.shown == []


def test_the_new_text_runs(kernel: Frontend) -> None:
    (payload,) = payloads(kernel.run(f"%%migrate --apply\n{OLD}%raise E_PIKE_BLOCKED ip=192.0.2.1"))
    assert kernel.run(str(payload["text"])).stdout == "blocked 192.0.2.1\n"


def test_a_file_is_for_the_command_line(kernel: Frontend) -> None:
    assert "hint: for a file: !evroute migrate old.cfg; for a cell" in kernel.run("%migrate old.cfg").traceback


def test_nothing_to_migrate(kernel: Frontend) -> None:
    found = kernel.run(f"%%migrate --apply\n{NEW}")
    assert found.stdout == "there is nothing to migrate\n"
    assert payloads(found) == []


def test_what_is_left_to_do_is_said(kernel: Frontend) -> None:
    found = kernel.run("%%migrate\nevent_route[E_X, async] {\n    nonsense(1);\n}")
    _, findings = found.shown
    assert findings.startswith("error: unknown function nonsense()\n")
    assert ":2:5\n" in findings


OF_3_6 = """log_name = "edge"   # opensips-cli -x mi get_statistics
event_route[proxy] { $avp(x) = 1; raise_event("E_Y"); xlog("$avp(x)\\n"); }
event_route[E_Y] { xlog("y\\n"); }
"""


def test_to_4_0(kernel: Frontend) -> None:
    found = kernel.run(f"%%migrate --to 4.0\n{OF_3_6}")
    diff, findings = found.shown
    assert diff.splitlines()[1].endswith(" (4.0)")
    assert '+event_route["proxy"] {' in diff
    assert "$avp(x) is null here" in findings
    assert ":3:" in findings
    (payload,) = payloads(kernel.run(f"%%migrate --to 4.0 --apply\n{OF_3_6}"))
    assert payload["text"] == OF_3_6.replace("log_name", "syslog_name").replace("proxy", '"proxy"')


def test_commands_of_the_management_interface_on_request(kernel: Frontend) -> None:
    (payload,) = payloads(kernel.run(f"%%migrate --mi --apply\n{OF_3_6}"))
    assert "mi statistics:get\n" in str(payload["text"])


def test_the_version_is_by_default_that_of_the_session(kernel: Frontend) -> None:
    assert kernel.run(f"%%migrate\n{OF_3_6}").stdout == "there is nothing to migrate\n"
    kernel.run("%config version=4.0")
    assert "+syslog_name" in kernel.run(f"%%migrate\n{OF_3_6}").shown[0]
    kernel.run("%config version=3.6")


@pytest.mark.parametrize(
    ("line", "said"),
    [("--to 5.0", "there is no OpenSIPS '5.0' here"), ("--to 3.6 --mi", "--mi gives commands the names of 4.0")],
)
def test_versions_that_cannot_be(kernel: Frontend, line: str, said: str) -> None:
    found = kernel.run(f"%%migrate {line}\n{OF_3_6}")
    assert found.error["ename"] == "MagicError"
    assert said in found.traceback


@pytest.mark.parametrize("cell", ["%migrate", "%%migrate\n", "%%migrate --apply\n%routes"])
def test_without_a_script(kernel: Frontend, cell: str) -> None:
    found = kernel.run(cell)
    assert found.error["ename"] == "MagicError"
    assert "there is no script in this cell" in found.traceback
