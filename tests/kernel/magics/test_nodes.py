"""`%node`: cells of several nodes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.frontend import Frontend

ANSWER = """%node b
event_route[E_CLUSTERER_REQ_RECEIVED] {
    xlog("asked [$param(msg)] by $param(src_id)\\n");
    cluster_send_rpl(1, $param(src_id), "from b", $param(tag));
}
event_route[E_SHOW] { xlog("$shv(x)\\n"); }
"""
ASK = """event_route[E_GO] { cluster_send_req(1, 2, "hello", $shv(t)); xlog("rc $rc\\n"); }
event_route[E_CLUSTERER_RPL_RECEIVED] { if ($param(tag) == $shv(t)) xlog("got [$param(msg)]\\n"); }
event_route[E_SHOW] { xlog("$shv(x)\\n"); }
"""
STATES = 'event_route[E_CLUSTERER_NODE_STATE_CHANGED] { xlog("$param(node_id) is $param(new_state)\\n"); }\n'


def test_a_cell_of_another_node(kernel: Frontend) -> None:
    assert kernel.run(ANSWER).status == "ok"
    assert kernel.run(ASK).status == "ok"
    lines = kernel.run("%raise E_GO").stdout.splitlines()
    assert sorted(lines) == ["[b] asked [hello] by 1", "got [from b]", "rc 1"]
    assert kernel.run("%routes").shown[0].count("event_route") == 3
    assert kernel.run("%node b\n%routes").shown[0].count("event_route") == 2
    rows = [line.split() for line in kernel.run("%node").shown[0].splitlines()[2:]]
    assert rows == [["main", "1", "up", "3", "1"], ["b", "2", "up", "2", "1"]]


def test_statements_and_raises_on_a_node(kernel: Frontend) -> None:
    kernel.run(ANSWER)
    kernel.run(ASK)
    assert kernel.run('%node b\n$shv(x) = "of b";').status == "ok"
    assert kernel.run('$shv(x) = "of main";').status == "ok"
    assert kernel.run("%raise E_SHOW").stdout == "of main\n"
    assert kernel.run("%raise E_SHOW --node b").stdout == "[b] of b\n"
    assert kernel.run("%node b\n%raise E_SHOW\n%raise E_SHOW --node main").stdout == "[b] of b\nof main\n"


def test_a_cell_that_moves_takes_its_routes_along(kernel: Frontend) -> None:
    first = kernel.run("%node b\n" + STATES)
    assert first.status == "ok"
    kernel.run("%node c\n" + STATES, metadata={"cellId": "moving"})
    assert "NODE_STATE" in kernel.run("%node c\n%routes").shown[0]
    kernel.run(STATES, metadata={"cellId": "moving"})
    assert kernel.run("%node c\n%routes").shown == ["no route is defined"]
    assert "NODE_STATE" in kernel.run("%routes").shown[0]


def test_a_node_is_stopped_and_started(kernel: Frontend) -> None:
    kernel.run('%node b\nevent_route[E_SHOW] { xlog("$shv(x)\\n"); }\n$shv(x) = 5;')
    kernel.run(ASK + STATES)
    assert kernel.run("%node b --stop").stdout == "2 is 0\n"
    assert kernel.run("%raise E_GO").stdout == "rc -2\n"
    failed = kernel.run("%raise E_SHOW --node b")
    assert "the node b is stopped" in failed.traceback
    assert kernel.run("%node b --start").stdout == "2 is 1\n"
    assert kernel.run("%raise E_SHOW --node b").stdout == "[b] 0\n"
    assert kernel.run("%node b --remove").stdout == "2 is 0\n"
    assert "there is no node b" in kernel.run("%raise E_SHOW --node b").traceback


def test_what_no_route_handles_is_told(kernel: Frontend) -> None:
    kernel.run("%node b\n" + STATES)
    kernel.run(ASK)
    result = kernel.run("%raise E_GO")
    assert result.stdout == "rc 1\n"
    assert result.shown == ["E_CLUSTERER_REQ_RECEIVED reached the node b, where no route handles it"]


def test_what_fails_on_a_node_fails_the_cell(kernel: Frontend) -> None:
    kernel.run("%node b\nevent_route[E_CLUSTERER_REQ_RECEIVED] { usleep(9000000); }")
    kernel.run(ASK)
    result = kernel.run("%raise E_GO --timeout 0.3")
    assert result.status == "error"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%node b --nope", "unknown option"),
        ("%node 'a b'", "no name of a node"),
        ("%node x --stop", "there is no node x"),
        ("%node main --remove", "there is no node main"),
        ("%node x --stop --start", "do not go together"),
        ("%node --stop", "the name of the node is missing"),
        ("%node x --id 0", "the number of a node"),
        ('event_route[E_X] { xlog("x"); }\n%node b', "above everything else"),
        ("%node b\n%node c", "above everything else"),
        ("%raise E_X --node", "needs the name of a node"),
        ("%raise E_X --node nope", "there is no node nope"),
        ("%raise E_X --node b --live", "--node is about routes here"),
    ],
)
def test_what_cannot_be(kernel: Frontend, cell: str, said: str) -> None:
    result = kernel.run(cell)
    assert result.status == "error"
    assert said in result.traceback
    assert kernel.run("%node").shown[0].startswith("there is one node")


def test_a_cell_that_is_refused_makes_no_node(kernel: Frontend) -> None:
    assert kernel.run("%node b\nevent_route[E_X] { nonsense }").status == "error"
    assert kernel.run("%node").shown[0].startswith("there is one node")


def test_mi_on_a_node(kernel: Frontend) -> None:
    assert "is no MI command" in kernel.run("%mi clusterer_list").traceback
    kernel.run(ANSWER)
    assert '"node_id": 2' in kernel.run("%mi clusterer_list").shown[0]
    assert '"node_id": 1' in kernel.run("%node b\n%mi clusterer_list").shown[0]
    kernel.run(ASK)
    both = kernel.run("%mi cluster_broadcast_mi 1 raise_event E_SHOW").stdout
    assert sorted(both.splitlines()) == ["0", "[b] 0"]


def test_an_interrupt_ends_all_nodes(kernel: Frontend) -> None:
    kernel.run('%node b\nevent_route[E_CLUSTERER_REQ_RECEIVED] { xlog("on\\n"); usleep(60000000); }')
    kernel.run(ASK)
    request = kernel.execute("%raise E_GO")
    while "[b] on" not in str(kernel.messages(request, "stream")):
        pass
    kernel.interrupt()
    assert kernel.gather(request).reply["ename"] == "Interrupted"
    assert kernel.run("%raise E_SHOW").stdout == "0\n"


def test_completion_knows_the_nodes(kernel: Frontend) -> None:
    kernel.run(ANSWER)

    def offered(code: str) -> list[str]:
        return list(kernel.ask("complete_request", code=code, cursor_pos=len(code)).reply["matches"])

    assert {"main", "b"} <= set(offered("%node "))
    assert "E_SHOW" in offered("%node b\n%raise E_SH")
    assert "cluster_send_rpl" in offered("%node b\nevent_route[E_X] { cluster_send")


def test_the_graph_shows_who_asks_whom(kernel: Frontend) -> None:
    kernel.run(ANSWER)
    kernel.run(ASK)
    drawn = kernel.run("%graph").shown[0]
    assert "asks b: E_CLUSTERER_REQ_RECEIVED" in drawn
    assert "answers E_CLUSTERER_RPL_RECEIVED" in drawn
    assert "nothing handles it" not in drawn


def test_the_messages_are_listed(kernel: Frontend) -> None:
    assert kernel.run("%node --messages").shown == ["no node has sent anything"]
    kernel.run(ANSWER)
    kernel.run(ASK)
    kernel.run("%raise E_GO")
    rows = [line.split()[1:5] for line in kernel.run("%node --messages").shown[0].splitlines()[2:]]
    assert [(row[0], row[1], row[3]) for row in rows] == [("main", "b", "hello"), ("b", "main", "from")]
    assert "stands alone" in kernel.run("%node b --messages").traceback


def test_the_own_session_can_be_named_first(kernel: Frontend) -> None:
    assert "not loaded" in kernel.run(ASK).traceback
    assert kernel.run("%node main\n" + ASK).status == "ok"
    kernel.run(ANSWER)
    assert sorted(kernel.run("%raise E_GO").stdout.splitlines()) == ["[b] asked [hello] by 1", "got [from b]", "rc 1"]
    kernel.run("%reset")
    assert kernel.run("%node").shown[0].startswith("there is one node")


def test_a_node_is_set_as_the_notebook_is(kernel: Frontend) -> None:
    kernel.run("%config version=4.0\n%config workers=1\n%timeout 7")
    kernel.run(ANSWER)
    assert kernel.run("%node b\n%mi version").shown[0].count("(4.0") == 1
    assert kernel.run("%node b\n%workers").status == "ok"
    kernel.run("%reset")
    kernel.run("%config version=3.6\n%timeout 30")


def test_the_cells_of_the_page(kernel: Frontend) -> None:
    page = (Path(__file__).parents[3] / "docs" / "cluster.md").read_text()
    *cells, last = re.findall(r"^```\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[:3]
    for cell in cells:
        assert kernel.run(cell).status == "ok"
    printed = kernel.run(last).stdout.splitlines()
    assert sorted(printed) == ["2: alice is here", "[b] 1 asks [where is alice]"]
    assert all(f"`{line}`" in page for line in printed)


def test_comments_stand_behind_a_node(kernel: Frontend) -> None:
    assert kernel.run("%node quiet # --stop\n" + STATES).status == "ok"
    assert "quiet" in kernel.run("%node # all").shown[0]
    assert kernel.run("%node quiet --stop # for today").status == "ok"
