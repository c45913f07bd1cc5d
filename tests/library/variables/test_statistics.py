"""`$stat`."""

from __future__ import annotations

import pytest

from evroute_kernel.runtime.control import ScriptCrash


def test_a_number_resets_and_creates(put, read, said):
    assert put("$stat(c)", 0)
    assert read("$stat(c)") == 0
    assert said == []
    assert put("$stat(c)", 9)
    assert read("$stat(c)") == 0
    assert len(said) == 1


def test_the_name_is_a_format(put, read):
    put("$stat(calls_42)", 0)
    assert read("$stat(calls_$param(n))") == 0
    assert read("$stat(calls_$param(k))") is None


def test_an_unknown_group_is_one_error(put, read, said):
    assert read("$stat(nope:x)") is None
    assert not put("$stat(nope:x)", 0)
    assert len(said) == 2


def test_what_kills_the_server(put, read):
    with pytest.raises(ScriptCrash, match="reset_stat"):
        put("$stat(c)", None)
    with pytest.raises(ScriptCrash):
        read("$stat")
    with pytest.raises(ScriptCrash):
        put("$stat", 0)


def test_what_counts_sip_messages_is_zero(read):
    """Observed on 3.6.8 and 4.0.1, in event routes of a server that has received none."""
    assert read("$stat(core:rcv_requests)") == read("$stat(rcv_requests)") == 0
