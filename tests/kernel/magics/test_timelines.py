"""`%timeline`: a drawing of what ran when."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from support.frontend import Frontend, Result

ROUTES = (
    'event_route[E_X] {\n    route(limit);\n    raise_event("E_Y");\n}\n'
    'route[limit] {\n    xlog("a <b> & c\\n");\n}\n'
    "event_route[E_Y] {\n    $var(y) = 1;\n}\n"
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def routes(kernel: Frontend) -> Frontend:
    assert kernel.run(ROUTES).status == "ok"
    return kernel


def drawn(found: Result) -> dict[str, str]:
    [data] = [
        content["data"] for content in found.contents("display_data") if "<svg" in content["data"].get("text/html", "")
    ]
    return data


def picture(found: Result) -> ElementTree.Element:
    return ElementTree.fromstring(re.search("<svg.*</svg>", drawn(found)["text/html"], re.DOTALL)[0])


def test_it_draws_what_the_cell_runs(routes: Frontend) -> None:
    found = routes.run("%timeline\n%raise E_X")
    tips = {tip.text.partition(":")[0] for tip in picture(found).iter(f"{SVG}title")}
    assert {"event_route[E_X]", "route[limit]", "event_route[E_Y]", "E_Y"} <= tips
    lines = [line for line in drawn(found)["text/plain"].splitlines() if "worker 1" in line]
    assert [re.split(" +", line.strip())[4] for line in lines] == [
        "event_route[E_X]",
        "route[limit]",
        "event_route[E_Y]",
    ]


def test_statements_are_drawn_where_they_are_seen_and_what_waits(kernel: Frontend) -> None:
    kernel.run('loadmodule "cfgutils.so"\nevent_route[E_X] {\n    usleep(1000000);\n    xlog("a <b> & c\\n");\n}')
    found = picture(kernel.run("%timeline\n%raise E_X"))
    tips = [tip.text.partition(":")[0] for tip in found.iter(f"{SVG}title")]
    assert "usleep(1000000), line 3" in tips
    assert "waits" in tips
    assert not any("xlog" in tip for tip in tips)
    assert "Not drawn: 1 statement too short to be seen." in [text.text for text in found.iter(f"{SVG}text")]


def test_it_needs_nothing_beyond_the_page_and_tells_who_does_not_see_it(routes: Frontend) -> None:
    found = routes.run("%timeline\n%raise E_X")
    html = drawn(found)["text/html"]
    assert not re.search(r"<script|<link|src=|href=|url\(", html)
    assert picture(found).attrib["role"] == "img"
    assert picture(found).attrib["aria-label"].startswith("Timeline of 2 runs in ")
    assert "<summary>as text</summary>" in html


def test_all_bars_lie_in_the_picture(routes: Frontend) -> None:
    found = picture(routes.run("%timeline\n%raise E_X --count 20"))
    width, height = float(found.attrib["width"]), float(found.attrib["height"])
    for bar in found.iter(f"{SVG}rect"):
        x, y, wide, high = (float(bar.attrib[name]) for name in ("x", "y", "width", "height"))
        assert x >= -0.1
        assert x + wide <= width + 1.1
        assert y >= 0
        assert y + high <= height


def test_it_comes_after_a_run_that_fails_and_not_in_the_next_cell(routes: Frontend) -> None:
    found = routes.run("%timeline\n%raise E_X\n%raise E_NOBODY_KNOWS --timeout x")
    assert found.status == "error"
    found = routes.run("event_route[E_Z] { $var(x) = 1; $var(x) /= 0; }\n%timeline\n%raise E_Z")
    assert found.status == "error"
    assert picture(found) is not None
    assert not routes.run("%raise E_X").contents("display_data")


def test_a_cell_that_runs_nothing(routes: Frontend) -> None:
    found = routes.run("%raise E_X\n%timeline")
    told = "nothing was run below %timeline: put it above what it is to tell of, in the same cell"
    [data] = [content["data"] for content in found.contents("display_data")]
    assert (data["text/plain"], data["text/html"]) == (told, f"<em>{told}</em>")


def test_it_is_written_for_other_programs(routes: Frontend, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    assert routes.run(f"%timeline {path}\n%raise E_X").status == "ok"
    events = json.loads(path.read_text())["traceEvents"]
    assert [event["name"] for event in events if event["ph"] == "B"][:2] == ["event_route[E_X]", "route(limit)"]
    assert routes.run(f"%timeline {path}\n%raise E_X").status == "error"
    assert routes.run(f"%timeline {path} --force\n%raise E_X").status == "ok"
    found = routes.run(f"%timeline {tmp_path / 'none' / 'run.json'}\n%raise E_X")
    texts = [content["data"]["text/plain"] for content in found.contents("display_data")]
    assert texts[-1] == "cannot write run.json: no such file or directory"


def test_it_is_written_for_people(routes: Frontend, tmp_path: Path) -> None:
    image, page = tmp_path / "run.svg", tmp_path / "run.html"
    for path in (image, page):
        assert routes.run(f"%timeline {path}\n%raise E_X").status == "ok"
    assert ElementTree.fromstring(image.read_text()).attrib["role"] == "img"
    assert "prefers-color-scheme:dark" in image.read_text()
    assert '<meta name="color-scheme" content="light dark">' in page.read_text()
    for path in (image, page):
        assert not re.search(r"<script|<link|src=|href=|url\(|@import", path.read_text())
    assert routes.run(f"%timeline {tmp_path / 'run.png'}\n%raise E_X").status == "error"


def test_a_recording_is_drawn(kernel: Frontend, tmp_path: Path) -> None:
    recording = Path(__file__).parents[2] / "engine/replay/recordings/profiling-4.0.1-script.jsonl"
    path = tmp_path / "server.json"
    found = kernel.run(f"%timeline {path} --recorded {recording}")
    assert drawn(found)["text/plain"].splitlines()[0].split() == ["0", "\u00b5s", "routes", "E_CALL", "5.29", "ms"]
    assert "E_CALL" in path.read_text()
    path.unlink()
    found = kernel.run(f"%timeline --recorded {tmp_path / 'none'}")
    assert found.status == "error"
    (tmp_path / "other.jsonl").write_text('{"method": "E_X"}\n')
    found = kernel.run(f"%timeline --recorded {tmp_path / 'other.jsonl'}")
    assert found.status == "error"


def test_nodes_have_lanes_of_their_own(kernel: Frontend) -> None:
    kernel.run("%node b\nevent_route[E_CLUSTERER_REQ_RECEIVED] { $var(x) = 1; }")
    try:
        assert kernel.run('event_route[E_X] { cluster_send_req(1, 2, "hello"); }').status == "ok"
        found = kernel.run("%timeline\n%raise E_X")
        assert "b: worker 1" in [text.text for text in picture(found).iter(f"{SVG}text")]
    finally:
        kernel.run("%node b --remove")


def test_a_drawing_has_bounds(routes: Frontend) -> None:
    found = routes.run("%timeline\n%raise E_X --count 3000")
    html = drawn(found)["text/html"]
    assert len(html) < 500_000
    assert "more bars were not kept" in html or "Not drawn" in html
