"""Kills of workers, fork servers and kernels, of sessions and of notebooks."""

from __future__ import annotations

from campaigns import kernel_kills, session_kills
from campaigns.hosts import try_all
from campaigns.report import Report


def campaign(seed: int, count: int, jobs: int) -> Report:
    """So many kills: three of five are of a session's processes, the others of a notebook's."""
    report = Report("kills", seed, count)
    of_sessions = count * 3 // 5
    try_all(report, session_kills.SessionKills, (session_kills.kill(seed, n) for n in range(of_sessions)), jobs)
    rest = (kernel_kills.kill(seed, n) for n in range(of_sessions, count))
    try_all(report, kernel_kills.KernelKills, rest, jobs)
    return report
