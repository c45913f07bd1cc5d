"""What a worker keeps, asked between its runs."""

from __future__ import annotations

from evroute_kernel.engine.session.session import Session, Variables


def test_variables_and_documents(session: Session) -> None:
    session.load(
        'event_route[E_A] { $var(ö) = "ü"; $var(n) = 5; $var(gone) = NULL; $json(d) := "{\\"a\\": [1, \\"é\\"]}"; }'
    )
    session.raise_event("E_A")
    assert session.variables().result() == Variables(1, {"n": 5, "ö": "ü"}, {"d": '{ "a": [ 1, "é" ] }'})


def test_a_worker_that_does_not_exist_keeps_nothing(session: Session) -> None:
    assert session.variables(7).result() == Variables(7)


def test_the_answer_comes_after_the_run_under_way(session: Session) -> None:
    session.load("event_route[E_A] { usleep(50000); $var(n) += 1; } startup_route { $var(n) = 0; }")
    run = session.submit("E_A")
    told = session.variables()
    assert told.result().var == {"n": 1}
    assert run.done()


def test_what_was_raised_before_comes_first_even_if_the_worker_is_only_starting(session: Session) -> None:
    for _ in range(5):
        session.reset()
        session.load("event_route[E_A] { $var(n) = 7; }")
        session.submit("E_A")
        assert session.variables().result().var == {"n": 7}


def test_a_document_that_contains_itself(session: Session) -> None:
    session.load(
        'event_route[E_A] { $json(d) := "{}"; json_link($json(d/self), $json(d)); $var(x) = 1; }',
    )
    session.raise_event("E_A")
    assert session.variables().result() == Variables(1, {"x": 1}, {"d": None})
    assert session.workers()[0].runs == 1


def test_large_values_are_cut(session: Session) -> None:
    session.load("event_route[E_A] { $var(x) = $param(1); }")
    session.raise_event("E_A", ["x" * 100_000])
    assert session.variables().result().var == {"x": "x" * 65_536}


def test_nobody_waits_for_a_worker_that_ends() -> None:
    session = Session(workers=1)
    session.load("event_route[E_A] { sleep(60); }")
    session.submit("E_A")
    told = session.variables()
    session.close()
    assert told.result(10) == Variables(1)
    assert session.variables().result(10) == Variables(1)


def test_nobody_waits_for_a_worker_that_is_replaced(session: Session) -> None:
    session.load("event_route[E_A] { $var(n) = 1; sleep(60); }")
    session.submit("E_A")
    told = session.variables()
    session.reset()
    assert told.result(10).var in ({}, {"n": 1})
    assert session.variables().result(10) == Variables(1)
