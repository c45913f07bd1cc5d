"""The commands of the management interface: the names are those of a server, its modules and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from evroute_kernel.engine.mi import commands as _commands  # noqa: F401 - fills the table
from evroute_kernel.engine.mi.declaration import COMMANDS
from evroute_kernel.library.catalogue.management import mi_commands, mi_names_lost, mi_successors

NAMES = json.loads((Path(__file__).parent / "mi_names.json").read_text())


def test_every_name_of_both_versions_is_known_and_no_other() -> None:
    assert sorted(fact.name for fact in mi_commands("3.6")) == NAMES["3.6"]
    assert {fact.name: list(fact.aliases) for fact in mi_commands("4.0")} == NAMES["4.0"]


def test_every_command_of_3_6_has_one_of_4_0() -> None:
    assert [name for name, successors in mi_successors().items() if not successors] == []
    (successor,) = mi_successors()["raise_event"]
    assert (successor.name, successor.module, successor.params) == (
        "evi:raise",
        "core",
        (("event",), ("event", "params")),
    )
    assert [fact.name for fact in mi_successors()["tls_trace"]] == ["bins:trace", "tls:trace"]


def test_names_that_mean_nothing_to_a_4_0() -> None:
    lost = mi_names_lost()
    assert len(lost) == 14
    assert {"pike_list", "rtpengine_show", "nh_enable_ping"} <= lost
    assert not {"raise_event", "shv_get", "trace", "tls_trace"} & lost


def test_what_is_served_is_declared_as_the_servers_have_it() -> None:
    old = {fact.name: fact for fact in mi_commands("3.6")}
    new = {fact.name: fact for fact in mi_commands("4.0")}
    for command in COMMANDS.values():
        if "3.6" in command.versions:
            assert old[command.name].params == command.recipes
        assert new[command.full_name].params == command.recipes
        assert new[command.full_name].aliases == command.aliases
