import pytest

from evroute_kernel.library import table
from evroute_kernel.library.catalogue.nearness import CERTAIN, likely_params, words_of

LIBRARY = table.of("3.6")


def best(name, *known):
    return next((param for param, _ in likely_params(name, known)), None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("called_number", ("called", "number")),
        ("calledNumber", ("called", "number")),
        ("SIP-Code", ("sip", "code")),
        ("IP", ("ip",)),
        ("port2", ("port", "2")),
        ("_", ()),
    ],
)
def test_words(name, words):
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("name", "param"),
    [
        ("ruleid", "rule_id"),  # written together
        ("RULE_ID", "rule_id"),  # letter case
        ("code", "sip_code"),  # a word left out
        ("src_ip", "ip"),  # a word put in
        ("val", "value"),  # the beginning
        ("thr", "threshold"),  # some letters
        ("vlaue", "value"),  # misspelt
        ("uri", "address"),  # another word of the trade
        ("rule", "rule_id"),  # the first word alone
    ],
)
def test_each_rule(name, param):
    assert best(name, "user", param, "partition") == param


def test_the_present_state_comes_before_the_old_one():
    assert [p for p, _ in likely_params("state", ["old_state", "new_state"])] == ["new_state", "old_state"]


def test_the_sure_rule_comes_first():
    assert [p for p, _ in likely_params("dlg_id", ["db_id", "id"])] == ["id", "db_id"]


@pytest.mark.parametrize("name", ["caller", "callee", "account", "carrier", "from", "to", "legs", "cost", "x", "ua"])
def test_what_people_add_to_cdrs_is_no_mistake(name):
    params = [p.name for p in LIBRARY.events["E_ACC_CDR"].params]
    assert [p for p, sure in likely_params(name, params) if sure >= CERTAIN] == []


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("E_PIKE_BLOKED", "E_PIKE_BLOCKED"),
        ("PIKE_BLOCKED", "E_PIKE_BLOCKED"),
        ("e_pike_blocked", "E_PIKE_BLOCKED"),
        ("E-PIKE-BLOCKED", "E_PIKE_BLOCKED"),
        ("E_DIALOG_STATE_CHANGED", "E_DLG_STATE_CHANGED"),
        ("E_FRAUD_WARNING", "E_FRD_WARNING"),
        ("E_DISPATCHER_DOWN", "E_DISPATCHER_STATUS"),  # the module is known, the event is not
        ("E_PIKE", "E_PIKE_BLOCKED"),
    ],
)
def test_events(name, event):
    assert LIBRARY.likely_events(name)[0] == event


@pytest.mark.parametrize(
    "name", ["E_REPORT", "E_CALL_START", "E_ACCOUNT_LOCK", "E_GW_STATE", "E_T", "E_LOAD_HIGH", "7"]
)
def test_events_of_ones_own(name):
    assert LIBRARY.likely_events(name) == []


def test_declared_events_are_offered_too():
    assert LIBRARY.likely_events("E_BANNED_HOTS", ["E_BANNED_HOST"]) == ["E_BANNED_HOST"]
