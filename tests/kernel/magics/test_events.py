"""`%events`, `%event`: the catalogue, what is declared, what is handled."""

from __future__ import annotations

import pytest

from support.frontend import Frontend


def test_the_catalogue(kernel: Frontend) -> None:
    (table,) = kernel.run("%events E_PIKE_*").shown
    (row,) = table.splitlines()[2:]
    assert row.split() == ["E_PIKE_BLOCKED", "pike", "(ip)"]
    assert len(kernel.run("%events").shown[0].splitlines()) > 50
    assert len(kernel.run("%events dispatcher").shown[0].splitlines()) > 2
    assert kernel.run("%events E_NO*").shown == ["no event matches E_NO*"]


def test_what_is_declared_and_handled(kernel: Frontend) -> None:
    kernel.run(
        "%event declare E_MINE ip port:int [why]\nevent_route[E_PIKE_BLOCKED] { exit; } event_route[E_FREE] { exit; }"
    )
    rows = {line.split()[0]: line.split()[1:] for line in kernel.run("%events").shown[0].splitlines()[2:]}
    assert rows["E_MINE"] == ["declared", "(ip,", "port:int,", "[why])"]
    assert rows["E_PIKE_BLOCKED"][-1] == "yes"
    assert rows["E_FREE"] == ["yes"]
    found = kernel.run("%event E_MINE")
    assert [line.split()[:4] for line in found.shown[0].splitlines()[2:]] == [
        ["1", "ip", "string", "ip"],
        ["2", "port", "int", "1"],
        ["3", "why", "string", "why"],
    ]
    assert "nothing handles it here" in found.stdout
    assert "event_route[E_FREE] handles it here" in kernel.run("%event E_FREE").stdout


def test_declarations_are_known_to_the_cell_that_makes_them(kernel: Frontend) -> None:
    script = 'event_route[E_PIKE_BLOKED] { xlog("$param(ip)\\n"); }'
    assert "E_PIKE_BLOCKED" in kernel.run(script).told
    assert kernel.run(f"%event declare E_PIKE_BLOKED ip\n{script}").told == ""
    assert "no parameter 'ipp'" in kernel.run(script.replace("(ip)", "(ipp)")).told
    assert kernel.run("%reset").status == "ok"
    assert "E_PIKE_BLOCKED" in kernel.run(script).told


def test_samples_of_declared_events(kernel: Frontend) -> None:
    kernel.run('event_route[E_MINE] { xlog("$param(1) $param(2) $param(3)\\n"); }')
    assert "no sample is known" in kernel.run("%raise E_MINE --sample").traceback
    found = kernel.run("%event declare E_MINE ip port:int [why]\n%raise E_MINE --sample port=5060")
    assert found.stdout == "ip 5060 why\n"


def test_a_declaration_adds_to_an_event_of_opensips(kernel: Frontend) -> None:
    kernel.run("%event declare E_PIKE_BLOCKED why")
    found = kernel.run("%event E_PIKE_BLOCKED")
    assert [line.split()[1] for line in found.shown[0].splitlines()[2:]] == ["ip", "why", "others"]


@pytest.mark.parametrize(
    ("line", "pointed", "message"),
    [
        ("%event", "%event", "NAME is missing"),
        ("%event declare", "declare", "the name of the event is missing"),
        ("%event declare E_X ip port:itn", "port:itn", "unknown type 'itn'"),
        ("%event declare E_X ip ip", "ip", "declared twice"),
        ("%event declare E_X ... ip", "ip", "only come last"),
        ("%event E_X E_Y", "E_Y", "unexpected 'E_Y'"),
        ("%event E_PIKE_BLOKED", "E_PIKE_BLOKED", "did you mean 'E_PIKE_BLOCKED'?"),
    ],
)
def test_mistakes_are_pointed_at(kernel: Frontend, line: str, pointed: str, message: str) -> None:
    found = kernel.run(line)
    assert found.status == "error"
    assert message in found.traceback
    lines = found.traceback.splitlines()
    (carets,) = [i for i, text in enumerate(lines) if text.strip(" |").startswith("^")]
    start = lines[carets].index("^")
    assert lines[carets - 1][start : start + lines[carets].count("^")] == pointed
