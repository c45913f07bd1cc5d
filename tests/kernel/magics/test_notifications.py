"""Routes that events find: what a notebook shows of them, and the page that explains them."""

from __future__ import annotations

from pathlib import Path

from support.frontend import Frontend

PAGE = (Path(__file__).parents[3] / "docs" / "event-routing.md").read_text(encoding="utf-8")
SUBSCRIBED = """loadmodule "event_routing.so"
event_route[E_SUB] { $avp(f) = NULL; $avp(f) = "k=a*"; notify_on_event("E_X", $avp(f), "got", 60); }
event_route[E_X] { xlog("x\\n"); }
"""
GOT = 'route[got] { xlog("got $avp(k)\\n"); }'


def test_the_example_of_the_documentation(kernel: Frontend) -> None:
    result = kernel.run(PAGE.split("```")[1].strip("\n"))
    assert result.status == "ok"
    assert result.stdout.splitlines() == [
        "registered: carol",
        "registered: bob",
        "[notified] bob is at sip:bob@192.0.2.9",
        "registered: bob",
    ]
    remark, subscribers, notified = result.shown
    assert "the filter aor=bob keeps E_REGISTERED from route[is_there]: aor is 'carol'" in remark
    assert "routing:E_REGISTERED" in subscribers
    assert "route[is_there]" in notified


def test_the_second_example(kernel: Frontend) -> None:
    found = kernel.run(PAGE.split("```")[3])
    assert found.stdout == "bob is called\nregistered: bob\n[resumed] bob: sip:bob@192.0.2.9\n"
    found = kernel.run("%tick --clock 10\n%raise E_CALL callee=bob\n%tick --clock 25")
    assert found.stdout == "bob is called\n[resumed] bob: <null>\n"


def test_a_filter_that_an_event_lacks_is_remarked(kernel: Frontend) -> None:
    kernel.run(SUBSCRIBED + GOT)
    kernel.run("%raise E_SUB")
    found = kernel.run("%raise E_X other=5")
    assert found.stdout == "x\n[notified] got <null>\n"
    (remark,) = found.shown
    assert "k=a* of route[got] is ignored: E_X came without a parameter 'k'" in remark
    assert "%raise E_X other=5" in remark
    assert len(kernel.run("%raise E_X other=5 --count 3").shown) == 1, "once, however often it is raised"
    assert len(kernel.run("%raise E_X other=5\n%raise E_X other=5").shown) == 2, "of each line"
    assert kernel.run("%raise E_X k=abc").shown == []


def test_what_a_filter_keeps_back_is_remarked_once_for_each_line(kernel: Frontend) -> None:
    kernel.run(SUBSCRIBED + GOT)
    kernel.run("%raise E_SUB")
    found = kernel.run("%raise E_X k=1\n%raise E_X k=1 --count 3")
    remark = "info: the filter k=a* keeps E_X from route[got]: k is '1' [event-filter]"
    assert [text.splitlines()[0] for text in found.shown] == [remark, remark]
    assert [text.splitlines()[1].partition("]")[2] for text in found.shown] == [":1:1", ":2:1"]


def test_a_route_that_is_gone_is_told_at_once(kernel: Frontend) -> None:
    kernel.run(GOT, metadata={"cellId": "got"})
    kernel.run(SUBSCRIBED)
    kernel.run("%raise E_SUB")
    gone = kernel.run("route[other] { exit; }", metadata={"cellId": "got"})
    assert gone.status == "ok"
    assert "route[got] is gone, but notify_on_event() has subscribed it to E_X" in "".join([*gone.shown, gone.stderr])
    found = kernel.run("%raise E_X k=a")
    assert "route[got] does not exist any more" in "".join([*found.shown, found.stderr])
