"""Queues of key and value."""

from __future__ import annotations

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.functions.mqueue import Queue, parse_queue

LIBRARY = table.of("3.6")


@pytest.fixture
def queue(modparam):
    return lambda text: modparam("mqueue", "mqueue", text)


def take_all(run, show, name):
    found = []
    while run("mq_fetch", name) == 1:
        found.append(show(f"$mqk({name})=$mqv({name})"))
    return found


def test_first_in_first_out(run, queue, show, read):
    queue("name=q")
    assert run("mq_size", "q") == -1
    run("mq_add", "q", "k1", "v1")
    run("mq_add", "q", "k2", "v2")
    assert run("mq_size", "q") == read("$mq_size(q)") == 2
    assert take_all(run, show, "q") == ["k1=v1", "k2=v2"]
    assert run("mq_fetch", "q") == -2
    assert show("$mqk(q) $mqv(q)") == "<null> <null>"


def test_the_fetched_pair_stays_until_it_is_freed(run, queue, show):
    queue("name=q")
    run("mq_add", "q", "k", "v")
    run("mq_fetch", "q")
    run("mq_add", "q", "other", "x")
    assert show("$mqk(q)") == "k"
    assert run("mq_pv_free", "q") == 1
    assert show("$mqk(q)") == "<null>"


def test_a_full_queue_drops_its_oldest(run, queue, show):
    queue("name=q;size=2")
    for key in "abc":
        run("mq_add", "q", key, "v")
    assert take_all(run, show, "q") == ["b=v", "c=v"]


@pytest.mark.parametrize(("mode", "expected"), [(0, ["a=1", "b=2", "a=3"]), (1, ["a=1", "b=2"]), (2, ["b=2", "a=3"])])
def test_what_happens_to_a_key_that_is_there(run, queue, show, mode, expected):
    queue(f"name=q;addmode={mode}")
    for key, value in (("a", "1"), ("b", "2"), ("a", "3")):
        assert run("mq_add", "q", key, value) == 1
    assert run("mq_size", "q") == len(expected)
    assert take_all(run, show, "q") == expected


def test_empty_texts_read_as_null(run, queue, show):
    queue("name=q")
    run("mq_add", "q", "", "")
    assert run("mq_fetch", "q") == 1
    assert show("$mqk(q)$mqv(q)") == "<null><null>"


def test_queues_that_are_not_declared(run, read, complaints):
    assert run("mq_add", "nope", "k", "v") == -1
    assert run("mq_size", "nope") == -2
    assert read("$mqk(nope)") is read("$mqv(nope)") is read("$mq_size(nope)") is None
    assert len(complaints()) == 5
    assert run("mq_fetch", "nope") == -1
    assert run("mq_pv_free", "nope") == 1


def test_queues_are_shared_and_fetched_pairs_are_not(run, queue, process):

    from evroute_kernel.runtime.context import Context, Process

    queue("name=q")
    run("mq_add", "q", "k", "v")
    other = Context(Process(process.shared, process.settings), "E_T")
    assert LIBRARY.functions["mq_fetch"].behaviour.call(other, "q") == 1
    assert run("mq_fetch", "q") == -2


def test_declarations():
    assert parse_queue("NAME=q; size=3;addmode=2;dbmode=0;") == Queue("q", 3, 2)


@pytest.mark.parametrize("text", ["size=3", "name=q;size=x", "name=q;colour=red", ""])
def test_bad_declarations_are_refused_at_start(text):
    assert LIBRARY.modules["mqueue"].check("mqueue", text) is not None
