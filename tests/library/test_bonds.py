"""Bonds of sockets, and who of the library knows them."""

from __future__ import annotations

import pytest

from evroute_kernel.library import bonds, sockets

ONE, OTHER = "udp:192.0.2.1:5060", "tcp:192.0.2.2:5062"
MODPARAMS = {
    ("core", "socket"): [
        f"bond:both {{\"{ONE}\" , '{OTHER}'}}",
        ONE,
        f"{OTHER} as 198.51.100.7",
        'bond:half {"udp:192.0.2.1", "udp:192.0.2.9:5060", "bond:both"}',
    ]
}


@pytest.mark.parametrize(
    ("value", "bond"),
    [
        ('bond:b {"udp:192.0.2.1"}', bonds.Bond("b", ("udp:192.0.2.1",))),
        ('BOND : b\n{ "a",\n"b" }', bonds.Bond("b", ("a", "b"))),
        ("udp:192.0.2.1:5060", None),
        ("udp:bond:5060", None),
        ("bond:b", None),
    ],
)
def test_what_a_setting_defines(value, bond):
    assert bonds.parse(value) == bond


def test_members_are_sockets_wherever_they_stand():
    known = bonds.configured(MODPARAMS)
    assert list(known) == ["both", "half"]
    assert known["both"].sockets(MODPARAMS) == {ONE: ONE, OTHER: OTHER}
    assert known["half"].sockets(MODPARAMS) == {"udp:192.0.2.1": ONE}


def test_a_bond_is_no_socket():
    assert sockets.configured(MODPARAMS) == [ONE, f"{OTHER} as 198.51.100.7"]
    assert sockets.own_socket("bond:both", MODPARAMS) is None
    assert "bond" not in sockets.listed(MODPARAMS)


def test_who_names_a_bond():
    assert bonds.named_by("bond:both", MODPARAMS) == bonds.configured(MODPARAMS)["both"]
    assert bonds.named_by("bond:none", MODPARAMS) is None
    assert bonds.named_by("both", MODPARAMS) is None
