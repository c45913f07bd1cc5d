"""A notebook of several nodes: one configuration for each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))  # beside the tests, not a part of what is installed

from evroute_kernel.kernel.export.notebooks import NotebookCell
from evroute_kernel.kernel.export.standalone import export_nodes
from evroute_kernel.runtime.versions import server_version
from fidelity.installed import NotInstalledError, installed

PATIENCE = 60.0
COMMAND = Path(sys.executable).with_name("evroute")
ASK = 'event_route[E_GO] { cluster_send_req(1, 2, "hello", $shv(t)); }'
ANSWER = '%node b\nevent_route[E_CLUSTERER_REQ_RECEIVED] { cluster_send_rpl(1, $param(src_id), "yes", $param(tag)); }'
SET = "%node b\n$shv(x) = 1;"
CELLS = [ASK, ANSWER, SET, "%node b --stop\n%node b --start"]


def cells(*texts: str) -> list[NotebookCell]:
    return [NotebookCell("code", text, f"In[{n}]", f"cell-{n}") for n, text in enumerate(texts, 1)]


def test_each_node_has_its_own(tmp_path: Path) -> None:
    made = export_nodes(cells(*CELLS), "a test", tmp_path)
    assert list(made) == ["main", "b"]
    assert [one.findings for one in made.values()] == [(), ()]
    main, b = (one.text for one in made.values())
    assert "E_GO" in main
    assert "cluster_send_rpl" not in main
    assert "In[2] is a cell of the node b" in main
    assert "E_GO" not in b
    assert "$shv(x) = 1;" in b
    for text, own, other in ((main, 1, 2), (b, 2, 1)):
        assert 'loadmodule "proto_bin.so"\nloadmodule "clusterer.so"\n' in text
        assert f'modparam("clusterer", "my_node_id", {own})' in text
        assert f'"my_node_info", "cluster_id=1, url=bin:127.0.0.1:{5555 + own}"' in text
        assert f'"neighbor_node_info", "cluster_id=1, node_id={other}, url=bin:127.0.0.1:{5555 + other}"' in text
        assert f"socket=bin:127.0.0.1:{5555 + own}" in text
        assert f"socket=udp:127.0.0.1:{5059 + own}" in text


def test_what_the_cells_say_of_the_cluster_stays(tmp_path: Path) -> None:
    own = 'loadmodule "clusterer.so"\nmodparam("clusterer", "my_node_id", 1)\nmodparam("clusterer", "ping_interval", 2)'
    made = export_nodes(cells(own, ASK, ANSWER), "a test", tmp_path)
    text = made["main"].text
    assert made["main"].findings == ()
    assert text.count("my_node_id") == 1
    assert text.count('loadmodule "clusterer.so"') == 1
    assert "neighbor_node_info" in text


def test_a_number_of_ones_own(tmp_path: Path) -> None:
    made = export_nodes(cells(ASK, ANSWER.replace("%node b", "%node b --id 7")), "a test", tmp_path)
    assert '"my_node_id", 7' in made["b"].text
    assert "node_id=7" in made["main"].text


def test_the_command_writes_all(tmp_path: Path) -> None:
    raw = {"cells": [{"cell_type": "code", "source": text} for text in CELLS], "metadata": {}}
    (tmp_path / "two.ipynb").write_text(json.dumps(raw))

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [COMMAND, "export", tmp_path / "two.ipynb", *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert run().returncode == 0
    assert "E_GO" in (tmp_path / "two.cfg").read_text()
    assert 'my_node_id", 2' in (tmp_path / "two.b.cfg").read_text()
    assert 'my_node_id", 2' in run("--node", "b", "-o", "-").stdout
    refused = run("--node", "c")
    assert (refused.returncode, "has no node c" in refused.stderr) == (2, True)
    checked = subprocess.run(
        [COMMAND, "check", tmp_path / "two.ipynb"], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_real_server_takes_them(tmp_path: Path) -> None:
    try:
        server = installed()
    except NotInstalledError as error:
        pytest.skip(str(error))
    version = server_version(server.version())
    paths = [f'%node {node}\nmpath = "{server.modules}/"' for node in ("main", "b")]
    for node, made in export_nodes(cells(*paths, *CELLS), "a test", tmp_path, version=version).items():
        (tmp_path / node).write_text(made.text)
        done = subprocess.run(
            [server.program, "-C", "-f", tmp_path / node], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr + made.text
