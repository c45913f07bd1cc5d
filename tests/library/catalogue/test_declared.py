import pytest

from evroute_kernel.library import table
from evroute_kernel.library.catalogue.declared import DeclaredParam, EventDeclaration, known_event

EVENTS = table.of("3.6").events


def test_declaration():
    declared = EventDeclaration.parse("E_BAN ip port:int [reason] [count:int] ...")
    assert declared == EventDeclaration(
        "E_BAN",
        (
            DeclaredParam("ip"),
            DeclaredParam("port", "int"),
            DeclaredParam("reason", optional=True),
            DeclaredParam("count", "int", optional=True),
        ),
        open=True,
    )


@pytest.mark.parametrize("text", ["E_BAN", "E_BAN ip port:int [reason]", "E_BAN ip ..."])
def test_text_of_a_declaration_is_what_was_read(text):
    assert str(EventDeclaration.parse(text)) == text


def test_commas_and_types_in_full():
    assert EventDeclaration.parse("E_BAN ip:string, port:int") == EventDeclaration.parse("E_BAN ip port:int")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an event needs a name"),
        ("E_BAN port:number", "unknown type 'number'"),
        ("E_BAN ip ip:int", "'ip' is declared twice"),
        ("E_BAN a:int:int", "'a:int:int' is no parameter"),
        ("E_BAN [ip", r"'\[ip' is no parameter"),
        ("E_BAN ... ip", "may only come last"),
        ("E_" + "X" * 63, "longer than 64 bytes"),
    ],
)
def test_bad_declarations(text, message):
    with pytest.raises(ValueError, match=message):
        EventDeclaration.parse(text)


def test_samples_have_the_declared_types():
    event = EventDeclaration.parse("E_BAN ip port:int").event()
    assert [(p.name, p.sample) for p in event.params] == [("ip", "ip"), ("port", 1)]


def test_known_events():
    own = {"E_BAN": EventDeclaration.parse("E_BAN ip"), "E_PIKE_BLOCKED": EventDeclaration.parse("E_PIKE_BLOCKED code")}
    assert known_event("E_NOBODY", own, EVENTS) is None
    assert [p.name for p in known_event("E_BAN", own, EVENTS).params] == ["ip"]
    assert [p.name for p in known_event("E_PIKE_BLOCKED", own, EVENTS).params] == ["ip", "code"]
    assert [p.name for p in known_event("E_PIKE_BLOCKED", {}, EVENTS).params] == ["ip"]
