"""`%vars`, `%shv`, `%cache`."""

from __future__ import annotations

from evroute_kernel.kernel.display.formats import MOST_ROWS
from support.frontend import Frontend


def rows(text: str) -> list[list[str]]:
    """The cells of a table's text, without its head."""
    return [line.split() for line in text.splitlines()[2:]]


def test_variables_of_the_first_worker(kernel: Frontend) -> None:
    assert kernel.run("%vars").shown == ["worker 1 keeps no variable"]
    kernel.run('$var(n) = 42; $var(text) = "42"; $var(ö) = "<b>ü"; $var(gone) = NULL; $json(d) := "{\\"a\\": [1]}";')
    found = kernel.run("%vars")
    assert rows(found.shown[0]) == [
        ["$var(n)", "integer", "42"],
        ["$var(text)", "string", '"42"'],
        ["$var(ö)", "string", '"<b>ü"'],
        ["$json(d)", "document", "{", '"a":', "[", "1", "]", "}"],
    ]
    html = found.contents("display_data")[0]["data"]["text/html"]
    assert "&lt;b&gt;ü" in html
    assert "<b>" not in html


def test_variables_after_what_runs(kernel: Frontend) -> None:
    kernel.run("%workers 1")
    found = kernel.run("event_route[E_X] { usleep(50000); $var(n) = 7; }\n%raise E_X --detach\n%vars")
    assert rows(found.shown[0]) == [["$var(n)", "integer", "7"]]


def test_variables_of_another_worker(kernel: Frontend) -> None:
    assert kernel.run("%vars 99").shown == ["worker 99 keeps no variable"]
    assert "the number of a worker" in kernel.run("%vars first").traceback


def test_long_values_are_cut(kernel: Frontend) -> None:
    kernel.run(f'$var(x) = "{"x" * 1000}";')
    (shown,) = kernel.run("%vars").contents("display_data")
    (row,) = rows(shown["data"]["text/plain"])
    assert row[3:] == ["(1,002", "characters)"]
    assert f"</summary>&quot;{'x' * 1000}&quot;</details>" in shown["data"]["text/html"], "it can be opened"


def test_shared_variables(kernel: Frontend) -> None:
    assert kernel.run("%shv").shown == ["no $shv has been set"]
    kernel.run('$shv(calls) = 3; $shv(name) = "Zoë <b>";')
    found = kernel.run("%shv")
    assert rows(found.shown[0]) == [["$shv(calls)", "integer", "3"], ["$shv(name)", "string", '"Zoë', '<b>"']]
    assert "Zoë &lt;b&gt;" in found.contents("display_data")[0]["data"]["text/html"]


CACHE = """loadmodule "cachedb_local.so"
modparam("cachedb_local", "cache_collections", "users; calls")
modparam("cachedb_local", "cachedb_url", "local://")
modparam("cachedb_local", "cachedb_url", "local:u:///users")
cache_store("local", "k ü", "<b>");
cache_store("local:u", "alice", "x", 60);
"""


def test_the_cache_by_collection(kernel: Frontend) -> None:
    assert kernel.run("%cache").shown == ["the cache is empty"]
    assert kernel.run(CACHE).status == "ok"
    found = kernel.run("%cache")
    assert [row[0] for row in rows(found.shown[0])] == ["default", "users"]
    assert "&lt;b&gt;" in found.contents("display_data")[0]["data"]["text/html"]
    (row,) = rows(kernel.run("%cache users").shown[0])
    assert row[:4] == ["users", "alice", '"x"', "in"]
    assert 50 < int(row[4]) <= 60
    assert kernel.run("%cache calls").shown == ["the cache is empty"]


def test_an_unknown_collection(kernel: Frontend) -> None:
    kernel.run(CACHE)
    found = kernel.run("%cache usres")
    assert found.error["ename"] == "UnknownCollection"
    assert "did you mean 'users'?" in found.traceback
    assert "collections are default, users, calls" in kernel.run("%cache zzzzz").traceback
    assert "no collection 'u*'" in kernel.run("%cache u* ali*").traceback
    assert "no collection 'local:nobody'" in kernel.run("%cache local:nobody").traceback


def test_collections_are_called_as_scripts_call_them(kernel: Frontend) -> None:
    kernel.run(CACHE)
    assert kernel.run("%cache local").shown == kernel.run("%cache default").shown
    assert kernel.run("%cache local:users").shown == kernel.run("%cache users").shown
    assert [row[:2] for row in rows(kernel.run("%cache LIC").shown[0])] == [["users", "alice"]]


def test_long_tables_are_counted(kernel: Frontend) -> None:
    setting = '$var(i) = 0; while ($var(i) < 1000) { $var(i) = $var(i) + 1; $var(n) = "key" + $var(i);'
    storing = '$shv($var(n)) = $var(i); cache_store("local", "$var(n)", "x"); }'
    assert kernel.run(f"{setting} {storing}").status == "ok"
    for magic, how in (("%shv", "%shv PATTERN"), ("%cache", "%cache PATTERN")):
        (shown,) = kernel.run(magic).shown
        assert len(shown.splitlines()) == MOST_ROWS + 3
        assert shown.splitlines()[-1].startswith(f"... and {1000 - MOST_ROWS} more; {how} shows ")
    assert len(rows(kernel.run("%shv key99?").shown[0])) == 10
    assert len(rows(kernel.run("%cache default key99?").shown[0])) == 10
    assert len(rows(kernel.run("%cache key99?").shown[0])) == 10
    assert kernel.run("%shv nothing*").shown == ["no $shv matches nothing*"]
    assert kernel.run("%cache default nothing*").shown == ["no key matches nothing*"]
    assert rows(kernel.run("%vars 1 [in]").shown[0]) == [
        ["$var(i)", "integer", "1000"],
        ["$var(n)", "string", '"key1000"'],
    ]
