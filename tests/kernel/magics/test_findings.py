"""`%check`: the lints of what is loaded, and of a cell."""

from __future__ import annotations

from support.frontend import Frontend

PIKE = 'event_route[E_PIKE_BLOCKED] {\n    xlog("$param(src_ip)\\n");\n}\n'


def test_routes_that_are_loaded(kernel: Frontend) -> None:
    assert kernel.run("%check").shown == ["no route is loaded"]
    kernel.run("event_route[E_PIKE_BLOCKED] { exit; }")
    assert kernel.run("%check").shown == ["nothing to remark"]
    count = kernel.run(PIKE + 'xlog("<b>\\n");').reply["execution_count"]
    found = kernel.run("%check")
    (table,) = found.shown
    (row,) = table.splitlines()[2:]
    assert row.startswith(f"In[{count}]:2:18 ")
    assert "warning" in row
    assert row.endswith("unknown-param")
    assert "ip" in row


def test_findings_of_routes_that_are_gone_are_gone(kernel: Frontend) -> None:
    kernel.run(PIKE + "event_route[E_X] { $var(x) = 2 + 3 * 4; }", metadata={"cellId": "one"})
    assert len(kernel.run("%check").shown[0].splitlines()) > 3
    kernel.run("event_route[E_PIKE_BLOCKED] { exit; }", metadata={"cellId": "two"})
    assert "unknown-param" not in kernel.run("%check").shown[0]
    kernel.run("%forget E_X")
    assert kernel.run("%check").shown == ["nothing to remark"]


def test_what_was_declared_since_counts(kernel: Frontend) -> None:
    kernel.run('event_route[E_PIKE_BLOKED] { xlog("$param(ipp)\\n"); }')
    assert "unknown-event" in kernel.run("%check").shown[0]
    kernel.run("%event declare E_PIKE_BLOKED ip port:int")
    found = kernel.run("%check").shown[0]
    assert "unknown-event" not in found
    assert "unknown-param" in found


def test_a_cell_is_checked_and_nothing_of_it_runs(kernel: Frontend) -> None:
    found = kernel.run(f"%%check\n{PIKE}\n%raise E_PIKE_BLOCKED\nxlog(1);\n$shv(x) = 1 +;")
    assert (found.status, found.stdout) == ("ok", "")
    (table,) = found.shown
    count = found.reply["execution_count"]
    lines = table.splitlines()[2:]
    assert [line.split("  ")[0] for line in lines] == [
        f"In[{count}]:7:6",
        f"In[{count}]:8:14",
    ]
    assert all("error" in line for line in lines)
    assert kernel.run("%routes").shown == ["no route is defined"]
    assert kernel.run("%shv").shown == ["no $shv has been set"]


def test_lints_of_a_cell_with_places_of_the_cell(kernel: Frontend) -> None:
    found = kernel.run(f"%%check\n\n{PIKE}")
    (row,) = found.shown[0].splitlines()[2:]
    assert ":4:18 " in row
    html = found.contents("display_data")[0]["data"]["text/html"]
    assert "<td" in html
    assert kernel.run("%%check\nevent_route[E_PIKE_BLOCKED] { exit; }").shown == ["nothing to remark"]


def test_a_report_of_what_runs(kernel: Frontend) -> None:
    kernel.run('loadmodule "dispatcher.so"\nroute[next] {\n    ds_select_dst(1, 4);\n    xlog("$si\\n");\n}')
    kernel.run("%stub ds_select_dst returns 1")
    (table,) = kernel.run("%check --report").shown
    assert "1 of 3 names are simulated, 1 stubbed, 1 needs a SIP message" in table
    assert "ds_select_dst() (returns 1)" in table
    assert "$si (of the dummy request: 0.0.0.0)" in table
    (table,) = kernel.run("%%check --report\nevent_route[E_A] { exit; }").shown
    assert "1 of 1 names are simulated" in table
