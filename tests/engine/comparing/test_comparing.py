"""An event under two versions: what both begin with, what is told, and that the session itself is left alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from evroute_kernel import Session, compare
from evroute_kernel.engine.comparing.comparing import Comparing, Raise
from evroute_kernel.engine.comparing.comparison import Comparison, Side
from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.engine.events.params import ParameterError, UnknownEventError
from evroute_kernel.engine.results.runs import LogRecord

DEADLINE = 60.0
#: a setting that 4.0 refuses
REST = 'loadmodule "rest_client.so"\n'
SPIN = "$var(i) = 0; while (1) { $var(i) = 1; }"
GONE = "tcp_parallel_read_on_workers = 1\n"


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(workers=1) as found:
        yield found


def texts(comparison: Comparison, index: int = 1) -> list[str]:
    return [record.text for record in comparison.sides[index].log]


def route(body: str, event: str = "E_X") -> str:
    return f"event_route[{event}] {{ {body} }}\n"


class TestWhatBothBeginWith:
    """Seen in the log of either version."""

    def logged(self, session: Session, params: object = None) -> str:
        comparison = compare(session, "E_X", params)  # type: ignore[arg-type]
        assert comparison.same, comparison.verdict
        assert texts(comparison, 0) == texts(comparison, 1)
        assert [side.version for side in comparison.sides] == ["3.6", "4.0"]
        return "".join(texts(comparison))

    def test_texts_in_their_order(self, session: Session) -> None:
        session.load('route[a] { xlog("old\\n"); }', owner="one")
        session.load(route("route(a);"), owner="two")
        session.load('route[a] { xlog("new\\n"); }', owner="three")
        assert self.logged(session) == "new\n"
        session.load('route[a] { xlog("again\\n"); }', owner="one")
        assert self.logged(session) == "again\n"

    def test_a_startup_route_that_rests_on_a_later_text(self, session: Session) -> None:
        session.load("route[a] { $var(n) = 5; }", owner="one")
        session.load("startup_route { route(a); }\n" + route('xlog("$var(n)\\n");'), owner="two")
        session.load("route[a] { $var(n) = 6; }", owner="one")
        assert self.logged(session) == "6\n"

    def test_routes_that_notify_on_event_has_subscribed(self, session: Session) -> None:
        session.load(
            'loadmodule "event_routing.so"\nroute[got] { xlog("got $avp(k)\\n"); }\n'
            + route('$avp(f) = "k=a*"; notify_on_event("E_X", $avp(f), "got", 60);', "E_SUB")
            + route('xlog("x\\n");')
            + route('xlog("y\\n");', "E_Y")
        )
        session.raise_event("E_SUB")
        assert self.logged(session, {"k": "abc"}) == "x\ngot abc\n"
        assert self.logged(session, {"k": "b"}) == "x\n"
        session.subscribe("E_Y", "routing:E_X")
        assert texts(compare(session, "E_Y", {"k": "a"})) == ["y\n", "got a\n"]
        session.tick(clock=62)
        assert self.logged(session, {"k": "abc"}) == "x\n"

    def test_texts_without_owner(self, session: Session) -> None:
        for _ in range(2):
            session.load(route('xlog("x $param(1)\\n");'))
            session.load("route[a] { exit; }")
        assert [text.source.text for text in session.texts] == [route('xlog("x $param(1)\\n");'), "route[a] { exit; }"]
        assert self.logged(session, ["v"]) == "x v\n"

    def test_not_what_was_taken_back(self, session: Session) -> None:
        session.load(route('xlog("x\\n");') + "route[a] { exit; }\n" + route('xlog("y\\n");', "E_Y"), owner="one")
        session.load(route('xlog("z\\n");', "E_Z"), owner="two")
        session.forget("E_Y")
        session.forget_owner("two")
        for event in ("E_Y", "E_Z"):
            with pytest.raises(UnknownEventError):
                compare(session, event)
        assert self.logged(session) == "x\n"

    def test_settings_and_what_texts_set(self, session: Session) -> None:
        session.settings["max_while_loops"] = 3
        session.load(route('$var(n) = 0; while (1) { $var(n) += 1; } xlog("$var(n)\\n");'))
        assert self.logged(session).endswith("3\n")
        session.load('xlog_level = -1\nloadmodule "cachedb_local.so"')
        assert not self.logged(session).endswith("3\n")

    def test_stubs_and_declared_events(self, session: Session) -> None:
        session.stub("rest_get", 204)
        session.declare_event("E_X n:int")
        session.load(REST + route('rest_get("http://192.0.2.1/", $var(body)); xlog("$rc $param(n)\\n");'))
        assert self.logged(session, {"n": 7}) == "204 7\n"

    def test_shared_memory_as_it_is_now(self, session: Session) -> None:
        startup = 'startup_route { $shv(n) = 1; $shv(o) = 1; cache_store("local", "k", "old"); }\n'
        fetch = 'cache_fetch("local", "k", $var(v)); xlog("$shv(n) $shv(t) $shv(o) $var(v)\\n");'
        session.load(startup + route(fetch))
        now = '$shv(n) = 5; $shv(t) = "text"; $shv(o) = NULL; cache_store("local", "k", "new");'
        session.load(now, scratch=True)
        assert self.logged(session) == "5 text 0 new\n"
        assert self.logged(session) == "5 text 0 new\n"

    def test_routes_that_have_subscribed(self, session: Session) -> None:
        startup = 'startup_route { subscribe_event("E_X", "route:E_Z"); }\n'
        session.load(startup + "".join(route(f'xlog("{name}\\n");', f"E_{name}") for name in "XYZ"))
        session.subscribe("E_X", "route:E_Y")
        assert session.raise_event("E_X").ok
        assert self.logged(session) == "".join(record.text for record in session.log)

    def test_sockets_get_nothing(self, session: Session) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            session.load(route('xlog("x\\n");'))
            session.subscribe("E_X", f"udp:127.0.0.1:{receiver.getsockname()[1]}")
            assert self.logged(session) == "x\n"
            session.raise_event("E_X", {"n": 1})
            receiver.settimeout(DEADLINE)
            assert b'"n":1' in receiver.recv(1000).replace(b" ", b""), "the first that comes is not of the comparison"

    def test_network_is_off(self, session: Session) -> None:
        session.settings["network"] = True
        session.load(REST + route('rest_get("http://192.0.2.1/", $var(body)); xlog("$rc\\n");'))
        assert self.logged(session).endswith("-1\n")
        assert session.settings["network"]

    def test_bare_statements_do_not_run_again(self, session: Session) -> None:
        session.load('$var(n) = 5; xlog("once\\n");\n' + route('xlog("$var(n)\\n");'), scratch=True)
        assert self.logged(session) == "<null>\n"


class TestWhatIsTold:
    def test_the_session_is_left_alone(self, session: Session) -> None:
        session.load(route('$shv(n) += 1; $var(n) = 1; xlog("$shv(n)\\n");'))
        session.raise_event("E_X")
        before = session.log, session.registry.names("event_route"), session.shared.items("shv")
        comparison = compare(session, "E_X", count=3)
        assert texts(comparison) == ["2\n", "3\n", "4\n"]
        assert (session.log, session.registry.names("event_route"), session.shared.items("shv")) == before
        assert session.version == "3.6"

    def test_what_a_version_refuses(self, session: Session) -> None:
        session.load(GONE + "route[a] { return; }", name="In[1]", owner="one")
        session.load(route('route(a); xlog("x\\n");'), name="In[2]", owner="two")
        comparison = compare(session, "E_X")
        assert comparison.verdict == "differs: 4.0 refuses the script"
        (found,) = comparison.sides[1].refused
        assert str(found).startswith("In[1]:1:1: error: unknown setting 'tcp_parallel_read_on_workers'")
        assert comparison.sides[0].lines == [("NOTICE", "x")]

    def test_from_a_session_of_the_other_version(self) -> None:
        with Session(workers=1, version="4.0") as session:
            session.load("tcp_threads = 2\n" + route('xlog("x\\n");'))
            comparison = compare(session, "E_X")
        assert [side.version for side in comparison.sides] == ["3.6", "4.0"]
        assert comparison.verdict == "differs: 3.6 refuses the script"
        assert texts(comparison) == ["x\n"]

    def test_runs_that_fail(self, session: Session) -> None:
        session.load(route(SPIN))
        session.settings["max_while_loops"] = 2**31 - 1
        comparison = compare(session, "E_X", timeout=0.2)
        assert comparison.verdict.startswith("same: in 3.6 it fails (timed out); in 4.0 it fails (timed out)")
        assert comparison.sides[0].lines[0][0] == ""

    def test_startup_routes_that_fail(self, session: Session) -> None:
        session.timeout = 0.3
        session.settings["max_while_loops"] = 2**31 - 1
        session.load(route('xlog("x\\n");') + f"startup_route {{ {SPIN} }}")
        comparison = compare(session, "E_X")
        assert comparison.same
        assert [error.route for error in comparison.sides[0].errors] == ["startup_route"]

    def test_an_event_that_nothing_handles(self, session: Session) -> None:
        session.load(route("exit;"))
        with pytest.raises(UnknownEventError, match="did you mean 'E_X'"):
            compare(session, "E_XX")

    @pytest.mark.parametrize("wrong", [["4.0"], ["4.0", "4.0.1"], ["3.6", "5"]])
    def test_versions_that_cannot_be_compared(self, session: Session, wrong: list[str]) -> None:
        with pytest.raises(GivenError, match=r"two versions|no OpenSIPS"):
            compare(session, "E_X", versions=wrong)

    def test_what_cannot_be_raised(self, session: Session) -> None:
        session.load(route("exit;"))
        with pytest.raises(GivenError, match="number of raises"):
            compare(session, "E_X", count=0)
        with pytest.raises(ParameterError):
            compare(session, "E_X", {"a": object()})  # type: ignore[dict-item]

    def test_it_can_be_stopped(self, session: Session) -> None:
        session.load(route(f'xlog("x\\n"); {SPIN}'))
        session.settings["max_while_loops"] = 2**31 - 1
        comparing, begun = Comparing(session, Raise("E_X")), Event()
        began = comparing._began
        comparing._began = lambda found: (began(found), begun.set())  # type: ignore[method-assign, assignment, func-returns-value]
        with ThreadPoolExecutor() as pool:
            future = pool.submit(comparing.run)
            assert begun.wait(DEADLINE)
            comparing.stop()
            future.result(DEADLINE / 3)


class TestVerdicts:
    def side(self, version: str, *lines: str, **more: object) -> Side:
        log = [LogRecord("NOTICE", f"{line}\n", False, "E_X", "event_route[E_X]", 1, None, 0.0) for line in lines]
        return Side(version, tuple(log), **more)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("old", "new", "verdict"),
        [
            ("", "", "same: nothing is logged in both"),
            ("a", "a", "same: 1 line in both"),
            ("12b", "1b2", "differs: the same lines in another order"),
            ("ab", "a", "differs: 1 line only in 3.6"),
            ("ab", "acd", "differs: 1 line only in 3.6, 2 lines only in 4.0"),
        ],
    )
    def test_lines(self, old: str, new: str, verdict: str) -> None:
        comparison = Comparison("E_X", (self.side("3.6", *old), self.side("4.0", *new)))
        assert comparison.verdict == verdict
        assert comparison.same == verdict.startswith("same")

    def test_shared_variables(self) -> None:
        old = {"a": 1, "b": "x", "c": 1, "same": 7}
        new = {"a": 2, "b": None, "c": "1", "d": 0, "same": 7}
        comparison = Comparison("E_X", (self.side("3.6", "a", shared=old), self.side("4.0", "a", shared=new)))
        assert comparison.verdict == "differs: $shv(a), $shv(b), $shv(c) and 1 more afterwards"
        assert comparison.shared == {"a": (1, 2), "b": ("x", None), "c": (1, "1"), "d": (None, 0)}
