"""What commands answer. Replies were observed on OpenSIPS 3.6, but for the version and the lists of processes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel import __version__
from evroute_kernel.engine.mi.declaration import COMMANDS
from evroute_kernel.engine.mi.dispatch import answer
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.naming import find, names, served
from evroute_kernel.engine.session.session import Session

Ask = Callable[..., Any]

SCRIPT = r"""
loadmodule "statistics.so"
loadmodule "mqueue.so"
loadmodule "cachedb_local.so"
loadmodule "regex.so"
modparam("mqueue", "mqueue", "name=q")
modparam("mqueue", "mqueue", "name=later")
modparam("cachedb_local", "cache_collections", "kept")
startup_route {
    mq_add("q", "k1", "v1"); mq_add("q", "k2", "v2"); mq_add("q", "k3", "");
    $shv(a) = 5; $shv(b) = "x\"y"; update_stat("my", 3); }
event_route[E_X] {
    xlog("$param(1)|$param(2)|$param(3)\n");
    if (0) raise_event("E_LATER");
}
event_route[E_NAMED] { xlog("$param(ip) $param(n)\n"); }
event_route[E_B] { subscribe_event("E_SUBSCRIBED", "udp:127.0.0.1:9"); }
route[LAST] { raise_event("E_OF_ROUTE"); }
"""
CORE_EVENTS = [
    "E_CORE_SR_STATUS_CHANGED",
    "E_CORE_THRESHOLD",
    "E_CORE_SHM_THRESHOLD",
    "E_CORE_PKG_THRESHOLD",
    "E_CORE_PROC_AUTO_SCALE",
    "E_CORE_TCP_DISCONNECT",
]


@pytest.fixture(scope="module")
def ask_shared() -> Iterator[Ask]:
    """As `ask`, of a session that these tests share."""
    with Session(workers=1) as session:
        session.load(SCRIPT)
        management = Management(session)

        def ask_shared(method: str, params: Any) -> Any:
            message = {"jsonrpc": "2.0", "id": 1, "method": method} | ({} if params is None else {"params": params})
            return json.loads(answer(management, json.dumps(message).encode()) or b"null")

        yield ask_shared


def invalid(detail: str) -> dict[str, Any]:
    return {"code": -32602, "message": "Invalid params", "data": detail}


def plain(code: int, message: str) -> dict[str, Any]:
    return {"code": code, "message": message}


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("nope", None, plain(-32601, "Method not found")),
        ("list", None, plain(-32001, "Method ambiguous") | {"data": "supported names: statistics:list, evi:list"}),
        ("version", ["a", "b"], invalid("Too few or too many parameters")),
        ("version", {"x": 1}, invalid("Named parameters do not match")),
        ("version", {"REVISION": 1}, invalid("Named parameters do not match")),
        ("version", {"x": 1, "y": 2}, invalid("Too few or too many parameters")),
        ("raise_event", None, invalid("Too few or too many parameters")),
        ("raise_event", ["E_NOPE"], plain(404, "Event not registered")),
        ("raise_event", ["E_NOPE", [True]], plain(404, "Event not registered")),
        ("raise_event", [""], plain(404, "Event not registered")),
        ("raise_event", {"event": 7}, plain(404, "Event not registered")),
        ("raise_event", {"event": True}, invalid("Bad type for parameter 'event'")),
        ("raise_event", ["E_CORE_THRESHOLD"], plain(480, "Temporarily Unavailable")),
        ("raise_event", ["E_LATER", [True]], plain(480, "Temporarily Unavailable")),
        ("raise_event", ["E_X", [True]], plain(400, "Bad Params")),
        ("raise_event", ["E_X", [None]], plain(400, "Bad Params")),
        ("raise_event", ["E_X", "text"], plain(400, "Bad Params")),
        ("raise_event", ["E_X", "[1]"], plain(400, "Bad Params")),
        ("raise_event", ["E_X", '{"a":' + "[" * 900 + "]" * 900 + "}"], plain(400, "Bad Params")),
        ("raise_event", ["E_X", 7], plain(400, "Bad Params")),
        ("raise_event", ["E_X", True], plain(400, "No Params")),
        ("raise_event", ["E_X", None], plain(400, "No Params")),
        ("raise_event", {"event": "E_X", "params": {"ip": "x"}}, plain(400, "No Params")),
        ("event_subscribe", ["E_X", "udp:127.0.0.1:9", "x"], invalid("Bad type for parameter 'expire'")),
        ("event_subscribe", ["E_X", "udp:127.0.0.1:9", -1], invalid("Negative expire value")),
        ("event_subscribe", ["E_X", ""], invalid("Bad type for parameter 'socket'")),
        ("event_subscribe", ["", "udp:127.0.0.1:9"], invalid("Bad type for parameter 'event'")),
        ("event_subscribe", ["E_NOPE", "udp:127.0.0.1:9"], plain(400, "Bad parameter value")),
        ("event_subscribe", ["E_X", "zzz:9000"], plain(400, "Bad parameter value")),
        ("event_subscribe", ["E_X", "udp:127.0.0.1"], plain(400, "Bad parameter value")),
        ("subscribers_list", ["E_NOPE"], plain(404, "Event not published")),
        ("subscribers_list", ["E_X", "route:E_X"], plain(404, "Subscriber does not exist")),
        ("subscribers_list", ["E_X", "udp:127.0.0.1:9"], plain(404, "Subscriber does not exist")),
        ("evi_flat_rotate", ["/x"], plain(400, "File not found")),
        ("which", ["zz"], plain(404, "unknown MI command")),
        ("help", ["zz"], plain(404, "unknown MI command")),
        ("log_level", ["x"], invalid("Bad type for parameter 'level'")),
        ("log_level", [3, 1], invalid("Bad PID")),
        ("shv_get", ["zz"], plain(404, "Not found")),
        ("shv_set", ["a", "int", "x"], invalid("Bad type for parameter 'value'")),
        ("shv_set", ["c", "str", ""], plain(500, "value not found")),
        ("shv_set", ["c", "", "x"], plain(500, "type not found")),
        ("get_statistics", ["my"], invalid("Bad type for parameter 'statistics'")),
        ("get_statistics", {"statistics": []}, invalid("Empty array in parameter 'statistics'")),
        ("get_statistics", {"statistics": [True]}, invalid("Bad type for array item in parameter 'statistics'")),
        ("reset_statistics", {"statistics": ["zz"]}, plain(404, "Statistics Not Found")),
        ("cache_store", ["local", "k", "v", -1], invalid("Negative expire value")),
        ("cache_store", ["local", "", "v"], invalid("Empty attribute name")),
        ("cache_store", ["", "k", "v"], invalid("Empty memory cache id")),
        ("cache_store", ["local", "k", ""], invalid("Empty value")),
        ("cache_store", ["redis", "k", "v"], plain(500, "Cache store command failed")),
        ("cache_fetch", ["local", "kk"], plain(400, "Value not found")),
        ("cache_fetch", ["redis", "k"], plain(500, "Cache fetch command failed")),
        ("cache_remove", ["redis", "kk"], plain(500, "Cache remove command failed")),
        ("cache_remove_chunk", ["*", "none"], plain(500, "Internal error")),
        ("mq_get_size", ["nope"], plain(404, "No such queue")),
        ("mq_get_size", [True], invalid("Bad type for parameter 'name'")),
        ("mq_fetch", ["nope", 1], plain(404, "No such queue")),
        ("cache_remove_chunk", [[], "none"], invalid("Bad type for parameter 'glob'")),
        ("cache_fetch_chunk", [[], None], invalid("Bad type for parameter 'collection'")),
        ("mq_fetch", [{}, "x"], invalid("Bad type for parameter 'name'")),
        ("sr_get_status", [None], invalid("Bad type for parameter 'group'")),
        ("regex_match_group", ["x", -1], plain(500, "Error invalid pcre index")),
        ("mq_fetch", ["q", 0], invalid("Bad type for parameter 'limit'")),
        ("mq_fetch", ["q", "x"], invalid("Bad type for parameter 'limit'")),
        ("mq_fetch", ["later"], plain(404, "Empty queue")),
        ("rand_set_prob", [101], plain(400, "Bad parameter value")),
        ("regex_match", ["x", "(?<n>"], plain(500, "Error pcre_re compilation")),
        ("regex_match_group", ["x", "0"], plain(500, "Error group matching is disabled")),
        ("regex_reload", None, plain(403, "Group matching not enabled")),
        ("sr_get_status", ["nope"], plain(404, "Group not found")),
        ("sr_get_status", ["Core", "nope"], plain(404, "Identity not found")),
        ("profiling_proc", None, plain(-32601, "Method not found")),
        ("tcp:close", ["x"], plain(-32601, "Method not found")),
        ("list_tcp_conns", None, plain(-32601, "Method not found")),
        ("check_config_hash", None, plain(404, "Functionality disabled")),
        ("get_config_hash", None, plain(404, "Functionality disabled")),
    ],
)
def test_refusals(ask_shared: Ask, method: str, params: Any, error: dict[str, Any]) -> None:
    assert ask_shared(method, params) == {"jsonrpc": "2.0", "error": error, "id": 1}


@pytest.mark.parametrize(
    ("method", "params", "result"),
    [
        ("which", ["raise_event"], [["event"], ["event", "params"]]),
        ("which", {"command": "evi:list"}, [[]]),
        ("help", None, "Usage: help mi_cmd - returns information about 'mi_cmd'"),
        ("xlog_level", None, {"xLog Level": 4}),
        ("xlog_level", [3], {"New xLog level": 3}),
        ("log_level", ["99"], {"New global log level": 99}),
        (
            "shv_get",
            None,
            [[{"name": "a", "type": "integer", "value": 5}, {"name": "b", "type": "string", "value": 'x"y'}]],
        ),
        ("shv_get", ["a"], {"VAR": {"type": "integer", "value": 5}}),
        ("get_statistics", [["my"]], {"dynamic:my": 3}),
        ("get_statistics", [["all"]], {"dynamic:my": 3}),
        ("get_statistics", {"statistics": ["dynamic:", "nope"]}, {"dynamic:my": 3}),
        ("get_statistics", {"statistics": ["nope"]}, {}),
        ("list_statistics", {"statistics": ["my", "dynamic:"]}, {"my": "incremental", "dynamic:my": "incremental"}),
        ("list_statistics", None, {"dynamic:my": "incremental"}),
        ("cache_remove", ["local", "kk"], "OK"),
        ("subscribers_list", ["E_CORE_THRESHOLD"], {"Event": {}}),
        ("cache_fetch_chunk", [""], {"keys": []}),
        ("cache_fetch_chunk", ["*", "kept"], {"keys": []}),
        ("sr_list_identifiers", [None], [{"Group": "core", "Identifiers": ["main"]}]),
        ("sr_get_status", ["core", "MAIN"], {"Readiness": True, "Status": 1, "Details": "running"}),
        ("rand_get_prob", None, {"actual probability percent": 10}),
        ("regex_match", ["hello", "^H"], "Not Match"),
        ("regex_match", [5, "5"], "Match"),
    ],
)
def test_replies(ask_shared: Ask, method: str, params: Any, result: Any) -> None:
    assert ask_shared(method, params) == {"jsonrpc": "2.0", "result": result, "id": 1}


def test_which_has_the_order_of_a_server(ask: Ask) -> None:
    """As 3.6.8 with statistics, cachedb_local, cfgutils and event_flatstore lists what there is here too."""
    listed = ask("which")["result"]
    order = [
        "get_statistics",
        "uptime",
        "xlog_level",
        "cache_store",
        "raise_event",
        "help",
        "shv_set",
        "evi_flat_rotate",
    ]
    assert [name for name in listed if name in order] == order


def test_which_lists_all(ask: Ask) -> None:
    listed = ask("which")["result"]
    assert listed == [command.name for command in served("3.6")]
    assert {"raise_event", "event_subscribe", "events_list", "subscribers_list", "ps", "kill"} <= set(listed)


def test_every_name_of_4_0_is_understood(session: Session) -> None:
    assert session.version == "3.6"
    for name in ("evi:raise", "raise", "raise_event"):
        assert find(session, name) is COMMANDS["raise_event"]
    assert find(session, "subscribe") is COMMANDS["event_subscribe"]
    assert find(session, "cache:store") is find(session, "store") is COMMANDS["cache_store"]
    assert {find(session, name) for name in names("3.6")} == set(served("3.6"))


def test_kill_is_refused(ask: Ask) -> None:
    error = ask("kill")["error"]
    assert (error["code"], error["message"]) == (403, "Forbidden")
    assert "evroute serve" in error["data"]


def test_events_in_the_order_of_their_ids(ask: Ask) -> None:
    listed = ask("events_list")["result"]["Events"]
    routes = ["E_X", "E_NAMED", "E_B"]
    others = ["E_FLATSTORE_ROTATION", "E_OF_ROUTE", "E_LATER", "E_SUBSCRIBED", "E_CORE_LOG"]
    assert listed == [{"name": name, "id": i} for i, name in enumerate([*CORE_EVENTS, *routes, *others])]


def test_a_loaded_module_publishes_its_events(ask: Ask, loaded: Session) -> None:
    assert ask("raise_event", ["E_PIKE_BLOCKED"])["error"]["code"] == 404
    loaded.load('loadmodule "pike.so"')
    assert ask("raise_event", ["E_PIKE_BLOCKED"])["error"]["code"] == 480


def test_modules_publish_in_the_order_of_loading(ask: Ask, loaded: Session) -> None:
    loaded.load('loadmodule "pike.so"\nloadmodule "drouting.so"', owner="one")
    loaded.load('loadmodule "dispatcher.so"', owner="two")
    listed = [event["name"] for event in ask("events_list")["result"]["Events"]]
    places = [listed.index(name) for name in ("E_PIKE_BLOCKED", "E_DROUTING_STATUS", "E_DISPATCHER_STATUS")]
    assert places == sorted(places)


class TestSubscribing:
    def test_a_subscription_is_listed_first(self, ask: Ask) -> None:
        assert ask("event_subscribe", ["E_X", "udp:127.0.0.1:9000"])["result"] == "OK"
        renewed = {"event": "E_X", "socket": "udp:127.0.0.1:9000", "expire": "20"}
        assert ask("event_subscribe", renewed)["result"] == "OK"
        subscriber = {"socket": "udp:127.0.0.1:9000", "expire": 20, "ttl": 20}
        route = {"socket": "route:E_X", "expire": "never"}
        found = ask("subscribers_list", ["E_X"])["result"]
        found["Event"]["Subscribers"][0]["ttl"] += found["Event"]["Subscribers"][0]["ttl"] < 20  # a second may pass
        assert found == {"Event": {"name": "E_X", "id": 6, "Subscribers": [subscriber, route]}}
        one = ask("subscribers_list", ["E_X", "udp:127.0.0.1:9000"])["result"]["Event"]
        assert (one["name"], one["id"], one["Subscriber"]["expire"]) == ("E_X", 6, 20)

    def test_an_hour_is_the_default(self, ask: Ask) -> None:
        ask("event_subscribe", ["E_X", "udp:127.0.0.1:9000"])
        subscriber = ask("subscribers_list", ["E_X"])["result"]["Event"]["Subscribers"][0]
        assert subscriber["expire"] == 3600
        assert 3590 <= subscriber["ttl"] <= 3600

    def test_events_without_subscribers_are_left_out(self, ask: Ask) -> None:
        listed = ask("subscribers_list")["result"]["Events"]
        assert [event["name"] for event in listed] == ["E_X", "E_NAMED", "E_B"]

    def test_zero_ends_a_subscription(self, ask: Ask, wait: Callable[..., None]) -> None:
        """When the clock shows the next second; until then it is listed as expired."""
        ask("event_subscribe", ["E_X", "udp:127.0.0.1:9000"])
        assert ask("event_subscribe", ["E_X", "udp:127.0.0.1:9000", 0])["result"] == "OK"
        seen = []

        def is_gone() -> bool:
            *sockets, route = ask("subscribers_list", ["E_X"])["result"]["Event"]["Subscribers"]
            seen.extend(sockets)
            return not sockets and route["socket"] == "route:E_X"

        wait(is_gone)
        assert all(s == {"socket": "udp:127.0.0.1:9000", "expire": 0, "ttl": "expired"} for s in seen)


class TestRaising:
    @pytest.fixture
    def logged(self, ask: Ask, loaded: Session, wait: Callable[..., None], management: Management) -> Ask:
        """Raise, and what the route logs."""

        def logged(*params: Any) -> str:
            given: Any = params[0] if isinstance(params[0], dict) else list(params)
            before = len(loaded.log)
            assert ask("raise_event", given)["result"] == "OK"
            wait(lambda: management.pending == 0)
            return "".join(r.text for r in loaded.log[before:] if not r.diagnostic).rstrip("\n")

        return logged

    @pytest.mark.parametrize(
        ("params", "text"),
        [
            ([], "<null>|<null>|<null>"),
            (["a", 7, 7.9], "a|7|7"),
            ([-3.5, 3_000_000_000, "ä"], "-3|2147483647|ä"),
            ('{"z":1,"a":"x","m":-2.5}', "1|x|-2"),
            (
                '{"n":3000000000,"t":true,"o":{"k":[1.5,null,"\\u00e9\\n"],"k":-0.0}}',
                '2147483647|true|{"k":[1.500000,null,"é\\n"],"k":0}',
            ),
            ('{"a":1,"a":2}', "1|2|<null>"),
            ("{}", "<null>|<null>|<null>"),
        ],
    )
    def test_parameters_arrive(self, logged: Ask, params: Any, text: str) -> None:
        assert logged("E_X", params) == text

    def test_without_parameters(self, logged: Ask) -> None:
        assert logged("E_X") == "<null>|<null>|<null>"

    def test_names_and_types(self, logged: Ask) -> None:
        params = {"event": "E_NAMED", "params": '{"ip":"192.0.2.1","n":7}'}
        assert logged(params) == "192.0.2.1 7"

    def test_too_many_that_wait(self, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("evroute_kernel.engine.mi.management.PENDING_LIMIT", 0)
        error = ask("raise_event", ["E_X"])["error"]
        assert (error["code"], error["message"]) == (500, "Cannot Raise Event")


def test_shared_variables_are_the_scripts(ask: Ask, loaded: Session) -> None:
    assert ask("shv_set", ["c", "str", "ä"])["result"] == "OK"
    assert ask("shv_set", {"name": "a", "type": "int", "value": "12"})["result"] == "OK"
    loaded.load('event_route[E_READ] { xlog("$shv(a) $shv(c)"); }')
    assert loaded.raise_event("E_READ").log[0].text == "12 ä"
    assert ask("shv_get", ["c"])["result"] == {"VAR": {"type": "string", "value": "ä"}}


def test_the_cache_is_the_scripts(ask: Ask, loaded: Session) -> None:
    assert ask("cache_store", ["local", "k", "v"])["result"] == "OK"
    assert ask("cache_store", {"system": "local", "attr": "e", "value": "w", "expire": "60"})["result"] == "OK"
    reads = 'cache_fetch("local", "k", $var(k)); cache_fetch("local", "e", $var(e)); xlog("$var(k)$var(e)");'
    loaded.load(f'event_route[E_READ] {{ {reads} cache_store("local", "k", "z"); }}')
    assert loaded.raise_event("E_READ").log[0].text == "vw"
    assert ask("cache_fetch", ["local", "k"])["result"] == {"key": "k", "value": "z"}
    assert ask("cache_remove", ["local", "k"])["result"] == "OK"
    assert ask("cache_fetch", ["local", "k"])["error"]["code"] == 400


def test_queues(ask: Ask) -> None:
    assert ask("mq_get_sizes")["result"] == {"Queue": [{"name": "later", "size": 0}, {"name": "q", "size": 3}]}
    assert ask("mq_fetch", ["q"])["result"] == {"Item": {"key": "k1", "value": "v1"}}
    assert ask("mq_get_size", ["q"])["result"] == {"Queue": {"name": "q", "size": 2}}
    pairs = [{"key": "k2", "value": "v2"}, {"key": "k3", "value": ""}]
    assert [ask("mq_fetch", ["q", 7])["result"] for _ in range(2)] == [pairs, []]


def test_the_probability_is_the_scripts(ask: Ask, loaded: Session) -> None:
    assert ask("rand_set_prob", ["-1"])["result"] == "OK"
    loaded.load('event_route[E_READ] { rand_get_prob(); xlog("$rc"); }')
    assert loaded.raise_event("E_READ").log[0].text == "-1"
    assert ask("rand_get_prob")["result"] == {"actual probability percent": -1}
    assert ask("rand_reset_prob")["result"] == "OK"
    assert ask("rand_get_prob")["result"] == {"actual probability percent": 10}


def test_keys_by_a_pattern(ask: Ask) -> None:
    """In the order of the server's table."""
    for key in ("b", "zeta", "alpha", "m1", "m2", "m3", "cnt", "ck"):
        ask("cache_store", ["local", key, f"v{key}"])
    listed = ask("cache_fetch_chunk", ["*"])["result"]["keys"]
    assert [item["name"] for item in listed] == ["zeta", "b", "m2", "m3", "m1", "cnt", "ck", "alpha"]
    assert ask("cache_remove_chunk", ["m*"])["result"] == "OK"
    assert ask("cache_fetch_chunk", {"glob": "?[12]"})["result"] == {"keys": []}
    assert ask("cache_fetch_chunk", ["a*"])["result"] == {"keys": [{"name": "alpha", "value": "valpha"}]}


def test_groups_of_patterns(ask: Ask, loaded: Session, tmp_path: Path) -> None:
    (tmp_path / "groups").write_text("[0]\n^a\n^b\n[1]\n^z\n")
    loaded.load(f'modparam("regex", "file", "{tmp_path}/groups")')
    replies = {group: ask("regex_match_group", ["zbc", group]) for group in ("0", "1x", " 1", 1, "x", "2", "-1")}
    matches = {group: reply.get("result") for group, reply in replies.items()}
    assert matches == {"0": "Not Match", "1x": "Match", " 1": "Match", 1: "Match", "x": "Not Match"} | dict.fromkeys(
        ("2", "-1")
    )
    assert replies["2"]["error"] == plain(500, "Error invalid pcre index")
    assert ask("regex_reload")["error"]["code"] == 500


def listed_variables(ask: Ask) -> list[tuple[str, Any]]:
    (listed,) = ask("shv_get")["result"]
    return [(found["name"], found["value"]) for found in listed]


def test_shared_variables_that_scripts_name(ask: Ask, loaded: Session) -> None:
    """They start as 0; those with a computed name exist once they are set. The order is that of the server's table."""
    loaded.load(
        """event_route[E_S] {
            if ($shv( unset) > 0) $shv(tt) += 2;
            xlog("$(shv(n){s.len}) $shv($param(1))");
            $var(x) = "$shv(text)";
            if ($param(1) =~ "$shv(regex)") raise_event("$shv(no)");
            cache_store("local", "$shv(dyn)", "v");
        }"""
    )
    assert listed_variables(ask) == [
        ("tt", 0),
        ("unset", 0),
        ("n", 0),
        ("dyn", 0),
        ("a", 5),
        ("b", 'x"y'),
        ("no", 0),
    ]
    assert ask("shv_get", ["unset"])["result"] == {"VAR": {"type": "integer", "value": 0}}
    loaded.raise_event("E_S", ["zz"])
    assert ask("shv_get", ["zz"])["error"]["code"] == 404


def test_the_order_of_shared_variables_in_a_smaller_table(ask: Ask, loaded: Session) -> None:
    loaded.load('loadmodule "cfgutils.so"\nmodparam("cfgutils", "shv_hash_size", 3)')
    for name in "efgh":
        ask("shv_set", [name, "int", 1])
    assert [name for name, _ in listed_variables(ask)] == ["b", "f", "a", "e", "g", "h"]


def test_bytes_that_are_no_utf8_come_back(ask: Ask) -> None:
    def request(method: bytes, params: bytes) -> Any:
        return ask(b'{"jsonrpc":"2.0","id":1,"method":"%b","params":[%b]}' % (method, params))

    request(b"shv_set", b'"c","str","\xff\xc3\xe4"')
    assert request(b"shv_get", b'"c"') == (
        b'{"jsonrpc":"2.0","result":{"VAR":{"type":"string","value":"\xff\xc3\xe4"}},"id":1}'
    )
    request(b"cache_store", b'"local","\xe4","\xff"')
    assert request(b"cache_fetch", b'"local","\xe4"') == (
        b'{"jsonrpc":"2.0","result":{"key":"\xe4","value":"\xff"},"id":1}'
    )


def test_a_statistic_is_named_without_its_group(ask: Ask) -> None:
    for name in ("MY", "dynamic:my"):
        assert ask("get_statistics", [[name]])["result"] == {}
        assert ask("list_statistics", [[name]])["result"] == {}
        assert ask("reset_statistics", [[name]])["error"]["code"] == 404


def test_statistics_are_reset(ask: Ask) -> None:
    assert ask("reset_statistics", [["my"]])["result"] == "OK"
    assert ask("get_statistics", [["my"]])["result"] == {"dynamic:my": 0}
    assert ask("reset_all_statistics")["result"] == "OK"


def test_levels_reach_the_routes(ask: Ask, loaded: Session) -> None:
    ask("xlog_level", [-1])
    loaded.load('event_route[E_L] { xlog("L_NOTICE", "n"); }')
    assert loaded.raise_event("E_L").log == ()


def test_processes(ask: Ask, loaded: Session, wait: Callable[..., None]) -> None:
    wait(lambda: any(worker.pid for worker in loaded.workers()))
    first, *workers = ask("ps")["result"]["Processes"]
    assert first == {"ID": 0, "PID": os.getpid(), "Type": "attendant"}
    assert [w["PID"] for w in workers] == [w.pid for w in loaded.workers()]
    assert {p["Log level"] for p in ask("log_level")["result"]["Processes"]} == {2}


def test_version_and_times(ask: Ask) -> None:
    assert ask("version")["result"]["Server"].startswith("OpenSIPS (3.6-")
    assert ask("version", ["revision"])["result"]["evroute_kernel"] == __version__
    assert list(ask("uptime")["result"]) == ["Now", "Up since", "Up time"]
    assert ask("pwd")["result"] == {"WD": os.getcwd()}  # noqa: PTH109 - the command uses the other way
    assert ask("help", ["ps"])["result"]["Exported by"] == "core"


def test_a_fault_of_ours_is_answered(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evroute_kernel.engine.mi.commands.core.process_list", lambda management: 1 / 0)
    error = ask("ps")["error"]
    assert error == {"code": -32000, "message": "Server error", "data": "ZeroDivisionError: division by zero"}
