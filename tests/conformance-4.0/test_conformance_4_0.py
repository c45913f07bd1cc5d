"""Every program recorded on a 4.0 logs here what it logged there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from evroute_kernel import Session
from support.receivers import Receivers
from support.recorded import HERE_4_0, Case, differences, read_cases, run_in_session

#: what does not end as recorded yet, by file and name; one of them that does is a failure
PENDING = frozenset(Path(__file__).with_name("pending.txt").read_text().split())
#: what cannot, as it needs what is not simulated: t_new_request(), which runs local_route
NOT_SIMULATED = frozenset({"raise-inline:v40-tm-t-new-request-local-route-avps"})

#: what shows how the recording server was built and started, no version: modules that it did not have, a protocol that
#: it had not loaded or that had no socket, a module without the parameter that a file, not a session, must give
OF_THE_BUILD = frozenset(
    f"settings-sockets:v40-{name}"
    for name in (
        "loadmodule-mi_xmlrpc",
        "loadmodule-auth_web3",
        "loadmodule-opentelemetry",
        "loadmodule-proto_tcp",
        "modparam-proto_tcp-tcp-port",
        "loadmodule-mi_datagram",
    )
)


@pytest.fixture(scope="module")
def used_session() -> Iterator[Session]:
    with Session(workers=1, version="4.0") as session:
        yield session


@pytest.fixture
def session(used_session: Session) -> Session:
    """As new: one worker process that has run nothing, empty shared memory, no routes."""
    used_session.reset()
    return used_session


def cases() -> Iterator[object]:
    for case in read_cases(version="4.0"):
        identity = f"{case.file}:{case.name}"
        if identity in OF_THE_BUILD:
            continue
        marks = [pytest.mark.xfail(strict=True)] if identity in PENDING | NOT_SIMULATED else []
        yield pytest.param(case, id=identity, marks=marks)


@pytest.mark.parametrize("case", list(cases()))
def test_logs_what_the_server_logged(case: Case, session: Session, tmp_path: Path) -> None:
    if "pref.db" in case.script:
        shutil.copy(HERE_4_0 / "pref.db", tmp_path)
    with Receivers(case.sockets, tmp_path) as receivers:
        outcome = run_in_session(case, session, receivers.fill_in(case.script))
        if case.sockets and not outcome.errors:
            outcome.payloads = receivers.got(case.expect.get("payloads", {}))
        assert not differences(case, outcome)
