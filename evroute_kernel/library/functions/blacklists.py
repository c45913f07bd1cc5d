"""Blacklists of destinations: named lists of networks that a script reads, extends and switches on.

They are defined by the global `dst_blacklist = NAME[/flags][: { rules }]`; the text after `=` arrives as a module
parameter of `core`. The list `dns` exists always. Rules live in shared memory.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from typing import Any, Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import function
from evroute_kernel.library.functions.glob import glob_pattern
from evroute_kernel.library.functions.parameters import Problem
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.shared import Shared

TABLE: Final = "blacklists"
#: the lists that use_blacklist switched on in the run now running: (context, names)
STATE: Final = "blacklists"
PROTOCOLS: Final = (
    *("udp", "tcp", "tls", "sctp", "ws", "wss", "bin", "bins", "ipsec"),
    *("hep_udp", "hep_tcp", "hep_tls", "smpp", "msrp", "msrps"),
)

_DEFINITION: Final = re.compile(
    r"\s*(?P<name>[^\s/:]+)\s*(?:/\s*(?P<flags>[a-z\s,-]*?))?\s*(?::\s*\{(?P<rules>.*)\}\s*)?\Z", re.S
)
_RULE: Final = re.compile(r"\s*(?P<not>!|not\b)?\s*(?:\((?P<fields>[^)]*)\)|(?P<network>[^,(]+))\s*(?:,|\Z)", re.I)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a network, with a port (0: any), a protocol ("": any) and a shell pattern ("": none)."""

    network: str
    negated: bool = False
    port: int = 0
    protocol: str = ""
    pattern: str = ""
    #: second of the clock at which it ends; 0: never
    expires: int = 0

    def matches(self, address: str, port: int, protocol: str, text: str) -> bool:
        inside = (
            self.port in (0, port)
            and self.protocol in ("", protocol)
            and _contains(self.network, address)
            and (not self.pattern or glob_pattern(self.pattern).fullmatch(text) is not None)
        )
        return inside != self.negated

    def same_place(self, other: Rule) -> bool:
        """Whether both say the same, whenever they end."""
        return replace(self, expires=0) == replace(other, expires=0)


@dataclass(frozen=True, slots=True)
class Blacklist:
    """One list as the configuration defines it."""

    name: str
    flags: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()


DNS: Final = Blacklist("dns", frozenset({"expire", "default"}))


# -- reading ----------------------------------------------------------------------------------------------------------


def parse_network(text: str) -> tuple[str, bool]:
    """`[!]address[/mask]` -> (network, negated); the mask is a number of bits or an address. Raises ValueError."""
    text = text.strip()
    negated = text.startswith("!")
    return str(ipaddress.ip_network(text[negated:].strip(), strict=False)), negated


def parse_blacklist(text: str) -> Blacklist:
    """`NAME[/flags][: { rules }]` -> a list. Raises ValueError."""
    found = _DEFINITION.match(text)
    if found is None:
        raise ValueError(f"{text!r} defines no blacklist: expected NAME/flags: {{ rules }}")
    flags = frozenset(f.strip().replace("-", "") for f in (found["flags"] or "").split(",") if f.strip())
    rules = tuple(_parse_rule(m) for m in _RULE.finditer(found["rules"] or "") if m[0].strip())
    return Blacklist(found["name"], flags, rules)


def _parse_rule(found: re.Match[str]) -> Rule:
    fields = [f.strip() for f in (found["fields"] or found["network"]).split(",")]
    protocol = fields.pop(0).lower() if fields[0].lower() in ("any", *PROTOCOLS) else ""
    network, _ = parse_network(fields[0])
    port = int(fields[1]) if len(fields) > 1 and fields[1].isdecimal() else 0
    pattern = fields[2].strip("\"'") if len(fields) > 2 else ""
    return Rule(network, bool(found["not"]), port, "" if protocol == "any" else protocol, pattern)


def blacklists(definitions: modparams.Values) -> dict[str, Blacklist]:
    """Every list by name."""
    lists = (DNS, *(parse_blacklist(str(text)) for text in definitions))
    return {found.name: found for found in lists}


def _contains(network: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network)


# -- the rules of a list ----------------------------------------------------------------------------------------------


def _rules(shared: Shared, blacklist: Blacklist) -> list[Rule]:
    """The rules now in force, those that never expire first."""
    stored = shared.get_object(TABLE, blacklist.name)
    if stored is None:
        return list(blacklist.rules)
    now = shared.clock.second()
    return [rule for fields in stored if not (rule := Rule(*fields)).expires or rule.expires > now]


def _change(shared: Shared, blacklist: Blacklist, rules: Sequence[Rule]) -> None:
    shared.put_object(TABLE, blacklist.name, [astuple(rule) for rule in rules])


def _lists(context: Context) -> dict[str, Blacklist]:
    return modparams.derived(context.process, "core", ("dst_blacklist",), blacklists)


def _find(context: Context, name: str) -> Blacklist | None:
    known = _lists(context)
    if name not in known:
        context.error(_unknown(name, known))
    return known.get(name)


def _unknown(name: str, known: Mapping[str, Blacklist]) -> str:
    return f"no blacklist is named {name!r}; define it with dst_blacklist = {name}: {{ }}" + (
        f" ({hint})" if (hint := did_you_mean(name, known)) else ""
    )


def _in_use(context: Context) -> set[str]:
    """Names of the lists that this run has switched on."""
    known = context.process.state.get(STATE)
    if known is None or known[0] is not context:
        known = context.process.state[STATE] = (context, set())
    names: set[str] = known[1]
    return names


# -- checks at start --------------------------------------------------------------------------------------------------


def _check(*, all_allowed: bool, network: bool) -> Any:
    """A check of (name, network or address, port, protocol, ...) literals against the lists that are defined."""

    def check(arguments: Sequence[Any], settings: Mapping[tuple[str, str], modparams.Values]) -> Problem | None:
        name = arguments[0]
        known = blacklists(settings.get(("core", "dst_blacklist"), []))
        if isinstance(name, str) and name not in known and not (all_allowed and name.lower() == "all"):
            return 0, f"no blacklist is named {name!r}", did_you_mean(name, known) or f"dst_blacklist = {name}: {{ }}"
        if len(arguments) > 1 and isinstance(arguments[1], str):
            try:
                _ = parse_network(arguments[1]) if network else ipaddress.ip_address(arguments[1])
            except ValueError as error:
                return 1, str(error), None
        if len(arguments) > 3 and isinstance(arguments[3], str) and not _is_protocol(arguments[3]):
            return 3, f"{arguments[3]!r} is no protocol", did_you_mean(arguments[3], PROTOCOLS)
        return None

    return check


def _is_protocol(text: str) -> bool:
    return text.lower() in PROTOCOLS


def _protocol(text: str | None) -> str:
    return (text or "").lower()


# -- functions --------------------------------------------------------------------------------------------------------


@function("use_blacklist", check=_check(all_allowed=True, network=False), check_modparams=True)
def use_blacklist(context: Context, name: str) -> int:
    """Switch a list on for this run; `all` switches on every one.

    Returns 1; -1 for an unknown list.
    """
    return _switch(context, name, on=True)


@function("unuse_blacklist", check=_check(all_allowed=True, network=False), check_modparams=True)
def unuse_blacklist(context: Context, name: str) -> int:
    """Switch a list off for this run; `all` switches off every one.

    Returns 1; -1 for an unknown list.
    """
    return _switch(context, name, on=False)


def _switch(context: Context, name: str, *, on: bool) -> int:
    in_use = _in_use(context)
    if name.lower() == "all":
        in_use.clear()
        in_use.update(_lists(context) if on else ())
        return 1
    if _find(context, name) is None:
        return -1
    if on:
        in_use.add(name)
    else:
        in_use.discard(name)
    return 1


@function("check_blacklist_rule", check=_check(all_allowed=True, network=False), check_modparams=True)
def check_blacklist_rule(
    context: Context, name: str, ip: str, port: int | None, proto: str | None, pattern: str | None
) -> int:
    """Test an address against a list; `all` tests the lists that use_blacklist switched on.

    Returns 1 when a rule matches; -1 otherwise, also for an unknown list or an invalid address.
    """
    if not _is_address(context, ip):
        return -1
    if name.lower() == "all":
        lists = [found for found in _lists(context).values() if found.name in _in_use(context)]
    else:
        found = _find(context, name)
        lists = [found] if found else []
    rules = (rule for found in lists for rule in _rules(context.process.shared, found))
    return 1 if any(rule.matches(ip, port or 0, _protocol(proto), pattern or "") for rule in rules) else -1


def _is_address(context: Context, text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        context.error(f"{text!r} is no IP address")
        return False
    return True


@function("add_blacklist_rule", check=_check(all_allowed=False, network=True), check_modparams=True)
def add_blacklist_rule(
    context: Context,
    name: str,
    net: str,
    port: int | None,
    proto: str | None,
    pattern: str | None,
    expire: int | None,
) -> int:
    """Add a rule to a list: a network, `!` in front to match all others, perhaps for `expire` seconds.

    A rule that is there already stays as it is. Returns 1; -1 for a list that is unknown or read-only, or that does not
    expire when `expire` is given.
    """
    found, rule = _rule_for(context, name, net, port, proto, pattern)
    if found is None or rule is None:
        return -1
    if expire and "expire" not in found.flags:
        context.error(f"blacklist {name!r} keeps no rules that expire; define it as {name}/expire")
        return -1
    shared = context.process.shared
    ends = shared.clock.second() + expire if expire else 0
    with shared.transaction():
        rules = _rules(shared, found)
        if not any(rule.same_place(old) for old in rules):
            _change(shared, found, sorted([*rules, replace(rule, expires=ends)], key=lambda r: r.expires))
    return 1


@function("del_blacklist_rule", check=_check(all_allowed=False, network=True), check_modparams=True)
def del_blacklist_rule(
    context: Context, name: str, net: str, port: int | None, proto: str | None, pattern: str | None
) -> int:
    """Delete a rule of a list. As on the server, a rule that was added without a pattern is never found.

    Returns 1; -1 when there is no such rule, or the list is unknown or read-only.
    """
    found, rule = _rule_for(context, name, net, port, proto, pattern)
    if found is None or rule is None or not rule.pattern:
        return -1
    shared = context.process.shared
    with shared.transaction():
        rules = _rules(shared, found)
        kept = [old for old in rules if not rule.same_place(old)]
        _change(shared, found, kept)
    return 1 if len(kept) < len(rules) else -1


def _rule_for(
    context: Context, name: str, net: str, port: int | None, proto: str | None, pattern: str | None
) -> tuple[Blacklist | None, Rule | None]:
    """The list and the rule that add and del mean; None, with the reason logged, for what cannot be changed."""
    found = _find(context, name)
    if found is None:
        return None, None
    if "readonly" in found.flags:
        context.error(f"blacklist {name!r} is read-only")
        return None, None
    try:
        network, negated = parse_network(net)
    except ValueError as error:
        context.error(str(error))
        return found, None
    if proto is not None and not _is_protocol(proto):
        context.error(f"{proto!r} is no protocol")
        return found, None
    return found, Rule(network, negated, port or 0, _protocol(proto), pattern or "")
