"""Module uuid."""

from __future__ import annotations

import uuid

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.template import parse_variable

LIBRARY = table.of("3.6")

DNS = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


@pytest.mark.parametrize(("asked", "made", "returned"), [(None, 4, 1), (0, 4, 1), (1, 1, 2), (4, 4, 1), (7, 4, 1)])
def test_versions(run, read, asked, made, returned):
    assert run("uuid", "$var(u)", *([] if asked is None else [asked])) == returned
    assert uuid.UUID(read("$var(u)")).version == made


@pytest.mark.parametrize(
    ("version", "expected"),
    [(3, "a02a7c7d-c025-3d2c-8d35-12dfbbf47045"), (5, "475f21e8-22fe-5e4f-a9c9-521a848734a9")],
)
def test_names_always_give_the_same(run, read, version, expected):
    assert run("uuid", "$var(u)", version, DNS, "sip.example.com") == 1
    assert read("$var(u)") == expected


def test_names_are_bytes(run, read, put):
    put("$var(n)", "J\xc3\xbcrgen")
    run("uuid", "$var(u)", 5, DNS, "$var(n)")
    assert read("$var(u)") == str(uuid.uuid5(uuid.UUID(DNS), "Jürgen"))
    put("$var(n)", "\xff")
    assert run("uuid", "$var(u)", 5, DNS, "$var(n)") == 1


@pytest.mark.parametrize("version", [2, 7])
def test_what_no_library_makes_is_replaced_with_a_warning(run, complaints, version):
    assert run("uuid", "$var(u)", version) == 1
    assert len(complaints()) == 1


@pytest.mark.parametrize("arguments", [(9,), (3,), (5, DNS), (5, "nonsense", "x")])
def test_what_cannot_be_made(run, complaints, arguments):
    assert run("uuid", "$var(u)", *arguments) == -1
    assert len(complaints()) == 1


def test_the_result_must_be_writable(refused):
    assert refused("uuid", parse_variable("$rm", LIBRARY)) == 0
