"""One script in a real Session: it is refused with findings that can be shown, or it is loaded and runs to an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any, Final

from campaigns.case import Case, smaller
from campaigns.hosts import try_all
from campaigns.report import FaultError, Report
from campaigns.texts import parameters, script
from evroute_kernel import ScriptError, Session
from evroute_kernel.errors import Diagnostic
from evroute_kernel.source import Source

#: seconds for one raise; for loading and checking a script, which a busy machine may take
TIMEOUT: Final = 0.5
SLOW: Final = 20.0
#: characters that all findings of a script may take together, and one of them
RENDERED: Final = 2**18
FINDING: Final = 2**16
#: seconds after which a batch is interrupted
ENDLESS: Final = 15.0
#: ends of a run that are the script's own doing
OF_THE_SCRIPT: Final = frozenset({"crashed", "timed out", "out of memory"})
#: scripts after which a session begins anew
RESET: Final = 50
PROBE: Final = 'event_route[E_PROBE] { xlog("works $param(n)\\n"); }'


def cases(seed: int, count: int) -> Iterator[Case]:
    for number in range(count):
        kind, text = script(Random(f"{seed}/script/{number}"))
        yield Case(number, kind, text, f"{seed}/parameters/{number}")


class Scripts:
    """A session that meets one script after the other."""

    def __init__(self) -> None:
        self._session = Session(workers=2, timeout=TIMEOUT, memory_limit=128 * 2**20, log_limit=1000)
        self._tried = 0

    def close(self) -> None:
        self._session.close()

    def __call__(self, case: Case) -> str:
        self._tried += 1
        if self._tried % RESET == 0:
            self._session.reset()
        source = Source("case.cfg", case.given)
        is_refused = self._check(source)
        outcome = self._run(source, is_refused, Random(case.seed))
        self._probe(case.number)
        return outcome

    def _check(self, source: Source) -> bool:
        """Look at the findings; whether there is an error among them."""
        found = in_time("check", lambda: self._session.check(source, owner="case"))
        check_findings(found, source)
        return any(finding.severity == "error" for finding in found)

    def _run(self, source: Source, is_refused: bool, random: Random) -> str:
        try:
            loaded = in_time("load", lambda: self._session.load(source, owner="case", scratch=True))
        except ScriptError as error:
            if not is_refused:
                raise FaultError("load refuses what check lets pass", str(error)[-2000:]) from None
            check_findings(error.diagnostics, source)
            check_size(error.render(), RENDERED, "ScriptError.render()")
            return "refused"
        if is_refused:
            raise FaultError("load takes what check refuses")
        ends = [] if loaded.run is None else [*causes(loaded.run.errors)]
        for title in loaded.routes:
            ends += self._raise(title, random)
        return max(ends, default="ran")

    def _raise(self, title: str, random: Random) -> list[str]:
        """Run a route as it can be run; how that ended, if not well."""
        kind, _, name = title.rstrip("]").partition("[")
        if kind == "timer_route":
            return [*causes(self._session.run_timer(name).errors)]
        if kind != "event_route":
            return []
        given = parameters(random)
        try:
            if random.random() < 0.8:
                run = self._session.raise_event(name, given)
                text = "".join(error.render() for error in run.errors)
                check_size(text, RENDERED, "RunError.render()")
                return [*causes(run.errors)]
            return self._batch(name, [parameters(random) for _ in range(random.randrange(20))])
        except ScriptError as error:  # no such parameters, or nothing handles the event
            check_size(error.render(), RENDERED, "ScriptError.render()")
            return []

    def _batch(self, name: str, lists: list[Any]) -> list[str]:
        """Raise an event several times. A batch has no time of its own: an event that raises itself is interrupted."""
        future = self._session.submit_batch(name, lists)
        try:
            return [*causes(future.result(ENDLESS).errors)]
        except TimeoutError:
            self._session.interrupt()
            future.result(SLOW)
            return ["endless"]

    def _probe(self, number: int) -> None:
        """The session still works, whatever the script has set."""
        self._session.forget_owner("case")
        self._session.load(PROBE, owner="probe")
        run = self._session.raise_event("E_PROBE", {"n": number}, timeout=SLOW)
        if [record.text for record in run.log if not record.diagnostic] != [f"works {number}\n"] or not run.ok:
            raise FaultError("the session no longer works", f"{run} {run.log}")


def in_time(what: str, call: Callable[[], Any]) -> Any:
    started = time.monotonic()
    try:
        return call()
    finally:
        if time.monotonic() - started > SLOW:
            raise FaultError(f"{what} is slow", f"{time.monotonic() - started:.0f} s")


def causes(errors: Iterable[Any]) -> Iterator[str]:
    """Why runs ended; raises FaultError where it is not the script's doing."""
    for error in errors:
        if error.cause not in OF_THE_SCRIPT:
            raise FaultError(f"{error.cause}: {error.detail.strip().rpartition(chr(10))[2][:100]}", error.render())
        yield error.cause


def check_findings(found: Iterable[Diagnostic], source: Source) -> None:
    """Every finding has a place in the text, something to say, and can be shown in a bounded size."""
    for finding in found:
        span = finding.span
        if span is not None and span.source is source and not 0 <= span.start <= span.end <= len(source.text):
            raise FaultError(f"a place outside the text: {finding.code}", f"{span.start} to {span.end}")
        if span is None or not finding.message.strip():
            raise FaultError(f"no place or no words: {finding.code}", repr(finding)[:2000])
        check_size(finding.render(), FINDING, f"a finding's render(): {finding.code}")


def check_size(text: str, limit: int, what: str) -> None:
    if len(text) > limit:
        raise FaultError(f"{what} is too large", f"{len(text):,} characters, {text[:200]}")
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise FaultError(f"{what} cannot be printed", ascii(text[:2000])) from None


def campaign(seed: int, count: int, jobs: int) -> Report:
    """So many scripts."""
    report = Report("scripts", seed, count)
    try_all(report, Scripts, cases(seed, count), jobs, smaller)
    return report
