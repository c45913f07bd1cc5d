"""What names mean under 4.0, as observed on 4.0.1: a short one depends on the modules that are loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evroute_kernel.engine.mi.naming import find, names, served, why_not
from evroute_kernel.engine.mi.protocol import CommandError
from evroute_kernel.engine.session.session import Session
from evroute_kernel.library.catalogue.management import mi_commands


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(workers=1, version="4.0") as opened:
        yield opened


def meant(session: Session, name: str) -> str:
    """The full name of the command, or what the error says."""
    try:
        return find(session, name).full_name
    except CommandError as error:
        return error.data or error.message


def test_every_name_that_is_offered_is_found(session: Session) -> None:
    found = {name: meant(session, name) for name in names("4.0")}
    full_names = {command.full_name for command in served("4.0")}
    assert set(found.values()) == full_names
    assert {found[command.name] for command in served("4.0")} == full_names


@pytest.mark.parametrize(
    ("name", "before", "modules", "after"),
    [
        ("reload", "regex:reload", "db_text", "supported names: db_text:reload, regex:reload"),
        ("reset", "statistics:reset", "gflags", "supported names: statistics:reset, gflags:reset"),
        (
            "get",
            "supported names: statistics:get, status_report:get",
            "gflags",
            "supported names: statistics:get, status_report:get, gflags:get",
        ),
        ("raise", "evi:raise", "pua_mi", "evi:raise"),
        ("subscribe", "evi:subscribe", "pua_mi", "supported names: evi:subscribe, pua_mi:subscribe"),
        ("tls_trace", "Method not found", "proto_tls", "tls:trace is not served here"),
        ("gflags:set_gflag", "Method not found", "gflags", "gflags:set is not served here"),
        ("evi:reload", "Method not found", "regex", "Method not found"),
    ],
)
def test_a_module_takes_a_name_away(session: Session, name: str, before: str, modules: str, after: str) -> None:
    assert meant(session, name) == before
    session.load(f'loadmodule "{modules}.so"')
    assert meant(session, name) == after


def test_names_with_a_colon_and_those_of_3_6_stay(session: Session) -> None:
    session.load('loadmodule "gflags.so"\nloadmodule "db_text.so"')
    for name, full_name in (
        ("statistics:reset", "statistics:reset"),
        ("reset_statistics", "statistics:reset"),
        ("regex_reload", "regex:reload"),
    ):
        assert meant(session, name) == full_name


@pytest.mark.parametrize("name", ["Evi:raise", "evi:Raise", "RAISE_EVENT", "evi:", ":raise", "evi::raise", "", "evi"])
def test_no_names(session: Session, name: str) -> None:
    assert meant(session, name) == "Method not found"


@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        ("pike_list", "4.0", "gone since 4.0: use pike:list"),
        ("refreshWatchers", "4.0", "gone since 4.0: use presence:refresh_watchers"),
        ("tls_trace", "4.0", "a command of module proto_bins and proto_tls, which is not served here"),
        ("t_uac_dlg", "4.0", "a command of module tm, which is not served here"),
        ("mem_shm_dump", "4.0", "a command of the core, which is not served here"),
        ("profiling_proc", "3.6", "new in 4.0"),
        ("reg_upsert", "3.6", "new in 4.0"),
        ("tm:uac_dlg", "3.6", "in 3.6 it is t_uac_dlg, which is not served here"),
        ("pike_list", "3.6", "a command of module pike, which is not served here; in 4.0 it is pike:list"),
        ("nonsense", "4.0", None),
        ("nonsense", "3.6", None),
    ],
)
def test_why_a_name_is_not_served(name: str, version: str, said: str | None) -> None:
    assert why_not(name, version) == said  # type: ignore[arg-type]


def test_nothing_known_is_without_a_word() -> None:
    """Of every name of both versions there is something to say, or it is served."""
    for fact in (*mi_commands("3.6"), *mi_commands("4.0")):
        for name in (fact.name, *fact.aliases):
            assert why_not(name, "3.6"), name
            assert why_not(name, "4.0"), name
