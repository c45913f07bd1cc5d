"""Globals and module parameters: who set them, and what is in force."""

from __future__ import annotations

import pytest

from evroute_kernel.engine.state.settings import DEFAULTS, SessionSettings, module_name
from evroute_kernel.engine.state.stubs import StubRule


def test_a_session_shows_every_xlog() -> None:
    settings = SessionSettings()
    assert (settings["xlog_level"], settings["log_level"], settings["max_while_loops"]) == (4, 2, 10000)
    assert dict(settings) == DEFAULTS


def test_the_last_to_set_wins_and_a_cell_replaces_what_it_set() -> None:
    settings = SessionSettings()
    settings.contribute("a", [("log_level", 1), ("max_while_loops", 5)])
    settings.contribute("b", [("log_level", 3)])
    assert (settings["log_level"], settings["max_while_loops"]) == (3, 5)
    settings.contribute("a", [("log_level", 0)])
    assert (settings["log_level"], settings["max_while_loops"]) == (0, 10000)
    settings.contribute("a", [])
    assert settings["log_level"] == 3
    settings.forget_owner("b")
    assert settings["log_level"] == 2


def test_texts_without_an_owner_add_up() -> None:
    settings = SessionSettings()
    settings.contribute(None, [("log_level", 1)])
    settings.contribute(None, [("max_while_loops", 5)])
    assert (settings["log_level"], settings["max_while_loops"]) == (1, 5)


def test_globals_of_a_server_alone_mean_nothing() -> None:
    settings = SessionSettings()
    settings.contribute("a", [("udp_workers", 4), ("enable_asserts", 1), ("server_header", "x")])
    assert settings["enable_asserts"] is True
    assert "udp_workers" not in settings


def test_setting_from_outside_is_the_newest_and_is_told() -> None:
    told = []
    settings = SessionSettings(lambda: told.append(dict(settings)))
    settings.contribute("a", [("log_level", 1)])
    settings["log_level"] = 4
    assert settings["log_level"] == 4
    del settings["log_level"]
    assert settings["log_level"] == 1
    assert [values["log_level"] for values in told] == [4, 1]
    with pytest.raises(KeyError):
        settings["nonsense"] = 1


def test_module_parameters_keep_every_value_in_order() -> None:
    settings = SessionSettings()
    settings.contribute("a", [], [("mqueue", "mqueue", "name=a"), ("mqueue", "mqueue", "name=b")])
    settings.contribute("b", [("dst_blacklist", "x")], [("cfgutils|mathops", "p", 1)])
    assert settings.modparams_in_force() == {
        ("mqueue", "mqueue"): ["name=a", "name=b"],
        ("core", "dst_blacklist"): ["x"],
        ("cfgutils", "p"): [1],
        ("mathops", "p"): [1],
    }
    assert ("mqueue", "mqueue") not in settings.modparams_in_force(without="a")


def test_modules() -> None:
    settings = SessionSettings()
    settings.contribute("a", [], modules=[module_name("/usr/lib/opensips/dialog.so"), module_name("rr")])
    assert settings.modules_in_force() == {"dialog", "rr"}
    assert settings.modules_in_force(without="a") == set()


def test_stubs() -> None:
    settings = SessionSettings()
    rule = StubRule("t_relay", 1, (("$var(x)", "y"),))
    settings.stub(rule)
    assert settings.stubs == {"t_relay": rule}
    assert settings.message().stubs == {"t_relay": (1, (("$var(x)", "y"),))}
    assert settings.unstub("t_relay")
    assert not settings.unstub("t_relay")
    assert settings.stubs == {}
