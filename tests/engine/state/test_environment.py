"""What a text finds in a session: modules and parameters of earlier texts, events that were declared."""

from __future__ import annotations

import pytest

from evroute_kernel.engine.events.params import UnknownEventError
from evroute_kernel.engine.session.session import Session
from evroute_kernel.errors import ScriptError
from evroute_kernel.library.catalogue.declared import DeclaredParam, EventDeclaration

MINE = 'event_route[E_MINE] { xlog("$param(ip) $param(prot)\\n"); }'


def codes(session: Session, text: str) -> list[str]:
    return [finding.code for finding in session.check(text)]


def test_modules_of_earlier_texts_count(session: Session) -> None:
    text = "route[r] { t_newtran(); }"
    with pytest.raises(ScriptError, match="module tm, which is not loaded"):
        session.load(text)
    session.load('loadmodule "tm.so"', owner="one")
    assert session.load(text).routes == ("route[r]",)
    session.forget_owner("one")
    assert codes(session, text) == ["unknown-function"]


def test_check_gives_lints_and_errors_and_defines_nothing(session: Session) -> None:
    assert codes(session, 'event_route[E_PIKE_BLOCKED] { xlog("$param(src_ip)\\n"); }') == ["unknown-param"]
    assert codes(session, "event_route[E_X] { nonsense(); }") == ["unknown-function"]
    assert len(session.registry) == 0


def test_parameters_of_declared_events_are_checked(session: Session) -> None:
    assert codes(session, MINE) == []
    declared = session.declare_event("E_MINE ip port:int [why]")
    assert declared == EventDeclaration(
        "E_MINE", (DeclaredParam("ip"), DeclaredParam("port", "int"), DeclaredParam("why", optional=True))
    )
    (finding,) = session.check(MINE)
    assert finding.code == "unknown-param"
    assert finding.hint == "E_MINE has ip, port and why"
    session.declare_event("E_MINE ip prot")
    assert codes(session, MINE) == []
    assert list(session.declared_events) == ["E_MINE"]
    session.reset()
    assert dict(session.declared_events) == {}


def test_declared_names_beyond_ascii(session: Session) -> None:
    session.declare_event("E_Ö größe")
    assert codes(session, 'event_route["E_Ö"] { xlog("$param(größe)\\n"); }') == []
    assert codes(session, 'event_route["E_Ö"] { xlog("$param(größen)\\n"); }') == ["unknown-param"]


def test_a_declaration_that_is_none(session: Session) -> None:
    with pytest.raises(ValueError, match="unknown type"):
        session.declare_event("E_MINE port:integer")


def test_declared_events_are_offered_for_misspelt_ones(session: Session) -> None:
    session.declare_event("E_MY_EVENT")
    with pytest.raises(UnknownEventError, match="did you mean 'E_MY_EVENT'"):
        session.raise_event("E_MY_EVNT")
