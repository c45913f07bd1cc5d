"""Programs as people write them, recorded on a server: no lint without a true reason."""

import json
from pathlib import Path

import pytest

PROGRAMS = json.loads((Path(__file__).parents[2] / "conformance" / "realistic.json").read_text(encoding="utf-8"))

#: program -> what is found in it, and why that is right
TRUE_REASONS = {
    # the server never sends it; it is called sip_reason
    "prog-cdr-csv-lines": [("unknown-param", "reason")],
    # it is called sip_code
    "prog-cdr-json-document": [("unknown-param", "code")],
    # the server logs two warnings each time: status is text
    "prog-balancer-and-dispatcher-together": [("text-with-number", "1")],
    # it is called user_agent
    "prog-phone-models": [("unknown-param", "agent")],
    # it is called pid
    "prog-memory-alarm-with-hysteresis": [("unknown-param", "proc")] * 4,
    # the event has source, time and extra
    "prog-alarm-levels-falling-slowly": [("unknown-param", "value")],
    # a server's {s.crc32} holds NUL bytes for small sums
    "prog-call-keys-and-hashes": [("server-bug", "$(var(id){s.crc32})")],
    # the event has the tags, not the addresses
    "prog-call-limit-per-user": [("unknown-param", "from_uri")],
}


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p["expect"]["accepted"]], ids=lambda p: p["name"])
def test_only_true_reasons(findings, program):
    found = [(d.code, d.span.text) for d in findings(program["script"])]
    assert found == TRUE_REASONS.get(program["name"], [])
