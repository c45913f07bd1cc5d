"""Programs as people write them, recorded on a server: no lint without a true reason."""

import json
from pathlib import Path

import pytest

PROGRAMS = json.loads((Path(__file__).parents[2] / "conformance" / "realistic.json").read_text(encoding="utf-8"))

#: program -> what is found in it, and why that is right
TRUE_REASONS = {
    # the server never sends it; it is called sip_reason
    # and the header is written twice where two records end at once
    "prog-cdr-csv-lines": [("lost-update", "$shv(header) = 1"), ("unknown-param", "reason")],
    # it is called sip_code
    "prog-cdr-json-document": [("unknown-param", "code")],
    # the server logs two warnings each time: status is text
    "prog-balancer-and-dispatcher-together": [
        ("text-with-number", "1"),
        ("lost-update", "$shv(failed) = $shv(failed) + $var(delta)"),
    ],
    # it is called user_agent
    "prog-phone-models": [("unknown-param", "agent")],
    # it is called pid
    "prog-memory-alarm-with-hysteresis": [
        ("unknown-param", "proc"),
        ("lost-update", "$shv($var(k)) = 1"),
        *[("unknown-param", "proc")] * 3,
    ],
    # the event has source, time and extra
    "prog-alarm-levels-falling-slowly": [("lost-update", "$shv(level) = $var(next)"), ("unknown-param", "value")],
    # a server's {s.crc32} holds NUL bytes for small sums
    "prog-call-keys-and-hashes": [("server-bug", "$(var(id){s.crc32})")],
    # the event has the tags, not the addresses
    "prog-call-limit-per-user": [("unknown-param", "from_uri")],
    # two processes that handle such an event at once lose one of two changes, or both do what one should
    "prog-fraud-score-with-lock-event": [("lost-update", "$shv($var(k)) += $var(points)")],
    "prog-media-proxy-flapping": [
        ("lost-update", "$shv($var(last)) = $var(s)"),
        ("lost-update", "$shv($var(cnt)) += 1"),
    ],
    "prog-repeated-alarm-suppression": [("lost-update", "$shv(last) = $var(text)")],
    "prog-trunk-capacity": [("lost-update", "$shv($var(u)) += 1"), ("lost-update", "$shv($var(u)) -= 1")],
    "prog-maintenance-mode": [
        ("lost-update", "$shv(muted) = 0"),
        ("lost-update", "$shv(muted) = $shv(muted) + 1"),
    ],
    "prog-outage-minutes": [("lost-update", "$shv($var(k)) = $param(at)")],
    "prog-call-queue-with-agents": [("lost-update", "$shv(ready) = 1")],
    "prog-carrier-service-level": [
        ("lost-update", "$shv($var(worst)) = $param(ms)"),
        ("lost-update", "$shv($var(run)) += 1"),
    ],
}


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p["expect"]["accepted"]], ids=lambda p: p["name"])
def test_only_true_reasons(findings, program):
    found = [(d.code, d.span.text) for d in findings(program["script"])]
    assert found == TRUE_REASONS.get(program["name"], [])
