"""What events and scripts hold is shown, and never becomes a part of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.lab_page import expect

if TYPE_CHECKING:
    from support.lab_page import Lab

EVIL = "<img id=evil src=x onerror=window.evil=1><script>window.evil=1</script>"
#: ways to show what an event brought
CELLS = [
    f'event_route[E_EVIL] {{ xlog("$param(text)\\n"); $shv(evil) = $param(text); $var(evil) = $param(text); }}\n'
    f'%raise E_EVIL text="{EVIL}"',
    f'%raise E_EVIL text="{EVIL}" --report',
    "%shv",
    "%vars",
    f'"{EVIL}"',
    f'$var(x) = "{EVIL}"; $var(x)',
    f'%expect "{EVIL}"',
    f'%raise "{EVIL}"',
    f'cache_store("local", "evil", "{EVIL}");\n%cache',
    f'%event declare E_EVIL "{EVIL}"',
    f"$(var(x){{{EVIL}}})",
    "%graph",
    f"?{EVIL}",
]


def test_markup_stays_text(lab: Lab) -> None:
    notebook = lab.open_cells(*CELLS)
    dialogs: list[str] = []
    lab.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.accept()))
    for number in range(len(CELLS)):
        notebook.run(number)
        assert lab.page.locator("#evil").count() == 0, CELLS[number]
        assert lab.page.evaluate("window.evil") is None, CELLS[number]
    assert dialogs == []
    for number in (0, 2, 3, 4, 5):
        expect(notebook.output(number)).to_contain_text(EVIL)
    lab.shoot()
    notebook.cell(0).scroll_into_view_if_needed()
    lab.shoot("top")
