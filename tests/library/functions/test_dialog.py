"""Module dialog on a dialog that is there: as observed on a 3.6.8 and a 4.0.1 with a call."""

from __future__ import annotations

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.behaviour import MODPARAM_CHECKS
from evroute_kernel.library.dialogs import store
from evroute_kernel.library.dialogs.dialog import Dialog
from evroute_kernel.library.dialogs.ids import decimal, entry_of, read, written
from evroute_kernel.library.linker import link_call
from evroute_kernel.library.references import reference
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.values import int_of

LIBRARY = table.of("3.6")


def call(shared: Shared, name: str, number: int = 1, **values: int | str) -> Dialog:
    """A call that has been answered."""
    dialog = Dialog(name, written(entry_of(name), number))
    dialog.answer()
    dialog.status, dialog.values = 4, values
    store.put(shared, name, dialog)
    return dialog


@pytest.fixture
def loaded(process, run):
    call(process.shared, "call1", who="alice", ci="call1", n=5)
    assert run("load_dialog_ctx", "call1") == 1


@pytest.fixture
def profiles(modparam):
    modparam("dialog", "profiles_no_value", "p")
    modparam("dialog", "profiles_with_value", "v; w/s")


# -- ids --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("callid", "did"), [("call1", "80d.1"), ("c2@host", "7ea.1"), ("zz-9", "0e9.1")])
def test_the_entry_of_a_call(callid, did):
    assert written(entry_of(callid), 1) == did


def test_ids_are_read_and_written():
    assert read("80d.9a594474") == (0xD08, 0x474495A9)
    assert decimal("80d.9a594474") == 14329206576553
    assert read("80D.0") == (0xD08, 0)
    assert [read(text) for text in ("", "1", "x.1", "1.", ".1", "1.2.3", "123456789.1")] == [None] * 7


# -- loading ----------------------------------------------------------------------------------------------------------


def test_unknown_dialogs_are_not_loaded_and_nothing_is_said(run, complaints):
    assert [run("load_dialog_ctx", text) for text in ("", "other")] == [-1, -1]
    assert run("load_dialog_ctx", "80d.1", "did") == -1
    assert run("unload_dialog_ctx") == -1
    assert complaints() == []


def test_by_either_id(process, run, show):
    call(process.shared, "call1", who="alice")
    for arguments in (("call1",), ("call1", "callid"), ("call1", "CallID"), ("80D.1", "did")):
        assert run("load_dialog_ctx", *arguments) == 1
        assert show("$dlg_val(who) $DLG_did") == "alice 80d.1"
        assert run("unload_dialog_ctx") == 1


def test_another_type_of_id(process, run, put, complaints, refused):
    call(process.shared, "call1")
    assert refused("load_dialog_ctx", "call1", "x") == 1
    put("$var(t)", "x")
    assert run("load_dialog_ctx", "call1", "$var(t)") == -1
    assert "no id of type 'x'" in complaints()[0]


def test_a_forgotten_unload(process, run, show, complaints):
    call(process.shared, "call1", who="alice")
    assert run("load_dialog_ctx", "call1") == 1
    assert run("load_dialog_ctx", "call1") == -1
    assert show("$dlg_val(who)") == "alice"
    assert "nobody has unloaded" in complaints()[0]


def test_the_next_run_begins_without(process, run, loaded, complaints):
    del run, loaded
    later = Context(process, "E_T")
    load = link_call(LIBRARY, "load_dialog_ctx", (("value", "call1"), ("omitted",)))
    unload = link_call(LIBRARY, "unload_dialog_ctx", ())
    assert [load(later), unload(later), unload(later), load(later)] == [-1, 1, -1, 1]
    assert len(complaints()) == 1


def test_one_that_is_over_only_where_all_are_wanted(process, run, read):
    dialog = call(process.shared, "call1")
    dialog.end("Upstream BYE")
    store.put(process.shared, "call1", dialog)
    assert run("load_dialog_ctx", "call1") == 1
    assert [read(f"$DLG_{what}") for what in ("status", "timeout", "end_reason", "count")] == [5, 0, "Upstream BYE", 0]


# -- variables --------------------------------------------------------------------------------------------------------


def test_without_a_dialog_they_are_null(read, complaints):
    names = "status lifetime did dir end_reason flags timeout del_delay json ctx_json".split()
    assert [read(f"$DLG_{name}") for name in names] == [None] * len(names)
    assert (read("$dlg_val(x)"), read("$DLG_count")) == (None, 0)
    assert complaints() == []


@pytest.mark.parametrize("variable", ["$dlg_val(x)", "$DLG_flags", "$DLG_del_delay"])
@pytest.mark.parametrize("value", ["3", None])
def test_without_a_dialog_they_cannot_be_set(put, complaints, variable, value):
    assert not put(variable, value)
    assert len(complaints()) == 1


def test_a_timeout_without_a_dialog_lasts_as_long_as_the_run(process, put, read, complaints):
    for value, expected in ((7, 7), ("9", 9)):
        assert put("$DLG_timeout", value)
        assert read("$DLG_timeout") == expected
    assert not any(put("$DLG_timeout", value) for value in (-1, "x", None))
    assert len(complaints()) == 3
    assert reference("$DLG_timeout", LIBRARY).get(Context(process, "E_T")) is None


def test_values(loaded, put, read, show, complaints):
    assert put("$dlg_val(n)", 6)
    assert put("$dlg_val(who)", None)
    assert put("$var(n)", 12)
    assert put("$dlg_val($var(n))", "")
    assert (int_of(read("$dlg_val(n)")), read("$dlg_val(who)"), show("[$dlg_val(12)]")) == (6, None, "[]")
    assert complaints() == []
    put("$var(n)", None)
    assert read("$dlg_val($var(n))") is None
    assert not put("$dlg_val($var(n))", 4)
    assert len(complaints()) == 2


def test_integers_have_no_text_form(process, script):
    """They compute, print as 64 bits without sign, and go with no text."""
    call(process.shared, "call1", n=5)
    printed = script(
        """
        load_dialog_ctx("call1"); $dlg_val(m) = -3; $dlg_val(z) = 0; $var(t) = "5"; $var(i) = 5;
        xlog("$dlg_val(m) $(dlg_val(m){s.len}) $dlg_val(n)\\n");
        $var(x) = $dlg_val(m); xlog("$var(x)\\n"); $var(x) = $dlg_val(m) + 1; xlog("$var(x)\\n");
        $var(x) = $var(t) + $dlg_val(n); xlog("$var(x)\\n"); $var(x) = $dlg_val(n) - $dlg_val(m); xlog("$var(x)\\n");
        if ($dlg_val(n) == 5 && $dlg_val(n) == $var(i) && $var(i) == $dlg_val(n)) xlog("equal\\n");
        if ($dlg_val(n) == "5" || $dlg_val(n) == $var(t) || $var(t) == $dlg_val(n) || $dlg_val(n) =~ "5") xlog("no\\n");
        switch ($dlg_val(n)) { case "5": xlog("text\\n"); break; case 5: xlog("integer\\n"); break; }
        if ($dlg_val(z)) xlog("no\\n"); if ($dlg_val(n)) xlog("true\\n");
        cache_store("local", "k", $dlg_val(n)); xlog("$rc\\n"); $rU = $dlg_val(n); xlog("$rU\\n");
        $dlg_val($dlg_val(n)) = "by name"; xlog("$dlg_val(5)\\n"); $DLG_flags = $dlg_val(n); xlog("$rc\\n");
        """,
        'loadmodule "tm.so"\nloadmodule "dialog.so"',
    )
    assert printed == [
        "18446744073709551613 20 5\n", "-3\n", "-2\n", "-2\n", "8\n", "equal\n", "integer\n", "true\n", "-1\n",
        "user\n", "by name\n", "-1\n",
    ]  # fmt: skip


def test_flags(loaded, run, put, read, show, complaints):
    for flag in ("f1", "f2", "f3"):
        assert run("set_dlg_flag", flag) == 1
    assert run("reset_dlg_flag", "f2") == 1
    assert (read("$DLG_flags"), run("is_dlg_flag_set", "f2"), run("is_dlg_flag_set", "f1")) == ("f3 f1", -1, 1)
    assert [run("test_and_set_dlg_flag", "f2", value) for value in (0, 0, 1)] == [1, -1, 1]
    assert put("$DLG_flags", "f1  f2")
    assert read("$DLG_flags") == "f2 f1"
    assert complaints() == []
    assert run("test_and_set_dlg_flag", "f2", 2) == -1
    assert not put("$DLG_flags", 3)
    assert len(complaints()) == 2
    assert put("$DLG_flags", None)
    assert show("[$DLG_flags]") == "[]"


def test_timeouts(process, loaded, put, read, show):
    assert put("$DLG_timeout", "20")
    assert read("$DLG_timeout") in (19, 20)
    assert put("$DLG_del_delay", 4)
    assert read("$DLG_del_delay") == 4
    dialog = store.get(process.shared, "call1")
    dialog.expires -= 30
    store.put(process.shared, "call1", dialog)
    assert (read("$DLG_status"), read("$DLG_timeout"), show("$dlg_val(who)")) == (5, 0, "alice")


def test_json(process, loaded, put, read):
    dialog = store.get(process.shared, "call1")
    dialog.started, dialog.expires = 1796015347, 4294967295
    dialog.from_uri, dialog.to_uri, dialog.from_tag, dialog.to_tag = "sip:a@x", "sip:b@x", "ft1", "tt1"
    dialog.profiles = [("v", "a"), ("w", "z"), ("v", "b"), ("p", ""), ("p", "")]
    store.put(process.shared, "call1", dialog)
    put("$dlg_val(q)", 'a"b\\c')
    leg = '"route_set":"","bind_addr":"udp:127.0.0.1:5060","sdp":""}'
    told = (
        '{"ID":"14328010899457","state":"4","user_flags":"","callid":"call1","timestart":"1796015347",'
        '"timeout":"4294967295","from_uri":"sip:a@x","to_uri":"sip:b@x",'
        f'"caller":{{"tag":"ft1","contact":"sip:a@x","cseq":"0",{leg},'
        f'"callees":[{{"tag":"tt1","contact":"sip:b@x","cseq":"1",{leg}]'
    )
    assert read("$DLG_json") == told + "}"
    values = '{"q":"a\\"b\\c","n":5,"ci":"call1","who":"alice"}'
    joined = '{"v":["a","b"],"w":["z"],"p":["",""]}'
    assert read("$DLG_ctx_json") == f'{told},"values":{values},"profiles":{joined}}}'


def test_json_before_the_first_reply(process, run, read):
    store.put(process.shared, "c", Dialog("c", "1.1", status=1, to_tag="t", to_uri="sip:b@x"))
    run("load_dialog_ctx", "c")
    leg = '{"tag":"","contact":"","cseq":"","route_set":"","bind_addr":"","sdp":""}'
    assert '"timestart":"0","timeout":"0","from_uri":"","to_uri":"sip:b@x","caller"' in read("$DLG_json")
    assert read("$DLG_json").endswith(f'"callees":[{leg}]}}')
    assert (read("$DLG_lifetime"), read("$DLG_timeout"), read("$DLG_count")) == (0, 43200, 0)


# -- values by function -----------------------------------------------------------------------------------------------


def test_store_and_fetch(loaded, run, put, read, complaints):
    put("$var(i)", 77)
    assert run("store_dlg_value", "i", "$var(i)") == 1
    assert run("fetch_dlg_value", "i", "$avp(j)") == 1
    assert run("fetch_dlg_value", "who", "$avp(j)") == 1
    assert (read("$(avp(j)[*])"), int_of(read("$dlg_val(i)"))) == ("alice, 77", 77)
    assert complaints() == []
    put("$var(i)", None)
    assert run("store_dlg_value", "i", "$var(i)") == -1
    assert len(complaints()) == 1
    put("$var(k)", 9)
    assert (run("fetch_dlg_value", "none", "$var(k)"), read("$var(k)")) == (-1, 9)
    run("unload_dialog_ctx")
    assert (run("store_dlg_value", "i", "$var(k)"), run("fetch_dlg_value", "who", "$var(k)")) == (-1, -1)
    assert complaints() == []


# -- profiles ---------------------------------------------------------------------------------------------------------


def sizes(run, read, *arguments):
    assert run("get_profile_size", *arguments, *[None] * (2 - len(arguments)), "$var(size)") == 1
    return read("$var(size)")


def test_profiles(loaded, profiles, run, read, complaints):
    assert [run("set_dlg_profile", "p"), run("set_dlg_profile", "p"), sizes(run, read, "p")] == [1, 1, 2]
    for value in ("a", "b", "a"):
        assert run("set_dlg_profile", "v", value) == 1
    assert (sizes(run, read, "v"), sizes(run, read, "v", "a"), sizes(run, read, "p", "x")) == (3, 2, 2)
    assert [run("is_in_profile", *a) for a in (("v", "b"), ("v", "c"), ("v",), ("p", "x"))] == [1, -1, 1, 1]
    assert run("unset_dlg_profile", "v", "a") == 1
    assert sizes(run, read, "v") == 2
    assert run("set_dlg_profile", "v", "q", 1) == 1
    assert sizes(run, read, "v") == 1
    assert [run("unset_dlg_profile", "v") for _ in range(2)] == [1, -1]
    assert complaints() == []
    assert [run("unset_dlg_profile", "p") for _ in range(3)] == [1, 1, -1]
    assert [run("set_dlg_profile", "v"), run("unset_dlg_profile", "v", "c")] == [-1, -1]
    assert len(complaints()) == 3
    for name in ("set_dlg_profile", "unset_dlg_profile", "is_in_profile"):
        assert run(name, "nix") == -1
    assert run("get_profile_size", "nix", None, "$var(size)") == -1
    assert run("is_in_profile", "w/s") == -1  # without a cache it is the plain w
    assert len(complaints()) == 5
    assert run("is_in_profile", "w") == -1
    assert complaints() == []


def test_profiles_without_a_dialog(profiles, run, read, complaints):
    assert [run(f"{name}_profile", "p") for name in ("set_dlg", "unset_dlg", "is_in")] == [-1] * 3
    assert len(complaints()) == 3
    assert sizes(run, read, "p") == 0


def test_a_call_that_is_over_has_left_its_profiles(process, loaded, profiles, run, put, read):
    run("set_dlg_profile", "p")
    dialog = store.get(process.shared, "call1")
    dialog.expires = 1
    store.put(process.shared, "call1", dialog)
    assert (run("is_in_profile", "p"), sizes(run, read, "p")) == (-1, 0)
    assert (run("set_dlg_profile", "p"), sizes(run, read, "p")) == (1, 1)  # it can be put into one
    assert run("get_dialogs_by_profile", "p", None, "$avp(o)", "$var(n)") == -1


@pytest.mark.parametrize(
    ("value", "is_refused"),
    [("a; b_c ;d-1/s", False), ("a b", True), ("a/x", True), ("a;a", True), ("", False), ("a/", False), ("ü", True)],
)
def test_names_of_profiles(value, is_refused):
    assert (MODPARAM_CHECKS["dialog"]("profiles_with_value", value) is not None) is is_refused


# -- other dialogs ----------------------------------------------------------------------------------------------------


@pytest.fixture
def three(process):
    for number, name in enumerate(("call1", "c2@host", "zz-9"), 1):
        call(process.shared, name, number, who="alice", ci=name, n=5)


def test_info_of_all_that_have_a_value(three, run, put, read, complaints):
    put("$var(v)", "alice")
    assert run("get_dialog_info", "ci", "$avp(w)", "who", "$var(v)", "$var(n)") == 3
    assert (read("$(avp(w)[*])"), read("$var(n)")) == ("call1, c2@host, zz-9", 3)
    assert complaints() == []
    assert run("get_dialog_info", "nothing", "$avp(w)", "who", "$var(v)", "$var(n)") == -1
    assert len(complaints()) == 1
    put("$var(v)", None)
    assert run("get_dialog_info", "ci", "$avp(w)", "who", "$var(v)", "$var(n)") == -1
    assert len(complaints()) == 3
    put("$var(v)", "bob")
    assert run("get_dialog_info", "ci", "$avp(w)", "who", "$var(v)", "$var(n)") == -1
    assert complaints() == []


def test_by_a_value(process, three, run, put, read):
    for name, value, found in (("who", "alice", 3), ("n", "5", -1), ("n", 6, -1), ("n", 5, 3)):
        put("$var(v)", value)
        assert run("get_dialogs_by_val", name, "$var(v)", "$avp(o)", "$var(n)") == found
    assert '"callid":"call1"' in read("$avp(o)")
    dialog = store.get(process.shared, "call1")
    dialog.end()
    store.put(process.shared, "call1", dialog)
    put("$var(v)", 5)
    assert run("get_dialogs_by_val", "n", "$var(v)", "$avp(o)", "$var(n)") == read("$var(n)") == 2


def test_all_values_of_a_call(three, run, read, show):
    assert run("get_dialog_vals", "$avp(names)", "$avp(vals)", "call1") == 1
    assert show("$(avp(names)[*]) | $(avp(vals)[*])") == "who, ci, n | alice, call1, 5"
    assert run("get_dialog_vals", "$avp(names)", "$avp(vals)", "other") == -1


def test_what_a_server_leaves_locked(process, three, run, put, read):
    """A 3.6.8 and a 4.0.1 hang at the write; all else goes on."""
    run("load_dialog_ctx", "call1")
    put("$var(v)", 5)
    assert run("get_dialog_info", "who", "$avp(w)", "n", "$var(v)", "$var(c)") == 3
    assert put("$dlg_val(x)", "1")
    assert run("get_dialogs_by_val", "n", "$var(v)", "$avp(o)", "$var(n)") == 3
    assert (read("$dlg_val(x)"), put("$DLG_flags", "f"), put("$DLG_timeout", 9)) == ("1", True, True)
    for write in (lambda: put("$dlg_val(x)", 2), lambda: run("store_dlg_value", "x", "$var(v)")):
        with pytest.raises(ScriptCrash, match="hangs for ever"):
            write()
