"""What may be written as a subscriber: `protocol:rest`, as `subscribe_event` and MI `event_subscribe` take it.

Here the form is read and hosts are looked up, by whoever subscribes; the engine opens and sends. Observed on OpenSIPS
3.6 with the event_* modules loaded.
"""

from __future__ import annotations

import os
import re
import socket as network
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

from evroute_kernel.library.formats.addresses import is_this_machine
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.limits import UNIX_PATH_LIMIT

#: what is a name from beginning to end, whatever its characters; all others go into requests that lines make up
_NAMES_ALONE: Final = frozenset({"route", "routing", "unix", "flatstore", "virtual"})
# patterns are compiled when a socket is read first: few workers do
_HOST_AND_PORT: Final = r"(?P<host>[^:]+):(?P<port>[^/]*)(?P<method>/.*)?"
_XMLRPC: Final = r"(?P<host>[^:]+):(?P<port>[^/:]*)(?P<path>/[^:]*)?:(?P<method>.+)"
_RABBITMQ: Final = (
    r"(?:(?P<user>[^:@/]*)(?::(?P<password>[^@/]*))?@)?"
    r"(?P<host>[^:/@]+)(?::(?P<port>[^/]*))?"
    r"/(?:(?P<options>[^?]*)\?)?(?P<key>.*)"
)
_KAFKA: Final = r"(?P<brokers>[^/]+)/(?P<topic>[^?]+)(?:\?(?P<options>.*))?"
_KAFKA_BROKERS: Final = frozenset({"g.bootstrap.servers", "g.metadata.broker.list"})
_POLICIES: Final = ("PARALLEL", "FAILOVER", "ROUND-ROBIN")
#: a refusal without a word: the server says nothing either
SILENT: Final = ""

AMQP_PORT: Final = 5672


class BadSocket(ValueError):
    """A socket that nothing can serve; the text says why, or is SILENT."""


@dataclass(frozen=True, slots=True)
class Address:
    """A socket, understood. `shown` is what subscribers_list prints after the protocol.

    `path`: of unix and flatstore the file, of virtual the policy, of rabbitmq the routing key, of kafka the topic, of
    xmlrpc the path of its URL. `host` of kafka is a list of brokers. All are byte strings.
    """

    protocol: str
    shown: str
    host: str = ""
    port: int = 0
    path: str = ""
    method: str = ""
    user: str = "guest"
    password: str = "guest"
    members: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    #: folders that its files must be in, by their real paths; None: anywhere. Said by whoever subscribes for others
    within: tuple[str, ...] | None = None

    @property
    def socket(self) -> str:
        return f"{self.protocol}:{self.shown}"

    @property
    def key(self) -> object:
        """Equal for what renews one subscription. The sockets of a PARALLEL one may come in any order."""
        if self.path == "PARALLEL" and self.protocol == "virtual":
            return self.path, len(self.members), frozenset(self.members)
        return self.protocol, self.shown


def check(socket: str, event_routes: Collection[str]) -> Address:
    """Read a socket, and look whether its file or route can be had. Raises BadSocket."""
    address = parse(socket)
    check_files(address)
    if address.protocol == "route" and address.path not in event_routes:
        raise BadSocket(f"there is no event_route[{address.path}] to subscribe")
    return address


def parse(socket: str) -> Address:
    """Read a socket. Raises BadSocket."""
    if "\0" in socket:
        raise BadSocket("a socket cannot hold a zero byte")
    protocol, colon, rest = socket.partition(":")
    read = _READERS.get(protocol) if colon else None
    if protocol == "sqs":
        raise BadSocket("sqs: needs Amazon's service, and the server sends a part of the event only: not supported")
    if read is None:
        raise BadSocket(f"no transport can serve {socket!r}: known are {', '.join(_READERS)}")
    if not rest:
        raise BadSocket(f"nothing follows {protocol}: in the socket {socket!r}")
    if protocol not in _NAMES_ALONE and any(c < " " or c == "\x7f" for c in rest):
        raise BadSocket(f"a socket with a host cannot hold control characters: {socket!r}")
    return read(rest)


def look_up(address: Address) -> dict[str, str]:
    """The IPv4 addresses of the hosts in a socket, by name; this may take its time. Raises BadSocket.

    Hosts inside a virtual socket that are not known now are left out: the server looks at them at the first event.
    """
    if address.protocol != "virtual":
        return {address.host: _ip_of(address)} if address.protocol in _RESOLVED else {}
    found: dict[str, str] = {}
    for member in members_of(address):
        try:
            found |= look_up(member)
        except BadSocket:
            continue  # said when an event is raised, as the server does
    return found


def members_of(address: Address) -> Iterator[Address]:
    """The sockets inside a virtual one that can be read."""
    for member in address.members:
        try:
            yield parse(member)
        except BadSocket:
            continue


def check_reach(address: Address) -> None:
    """Raises BadSocket for a socket on another machine: what a script subscribes while the network is off."""
    for each in (address, *members_of(address)):
        for host in _hosts(each):
            if not is_this_machine(host):
                raise BadSocket(f"{host} is another machine, and the network is off (%config network=on allows it)")


def _hosts(address: Address) -> list[str]:
    """The hosts in a socket, as they are written."""
    if address.protocol != "kafka":
        return [address.host] if address.host else []
    # properties of the client library may name brokers too
    named = [value for name, value in address.options if name in _KAFKA_BROKERS]
    brokers = [broker.strip().rpartition("//")[2] for broker in ",".join([address.host, *named]).split(",")]
    return [broker.rpartition(":")[0] or broker for broker in brokers]


def check_files(address: Address) -> None:
    """Raises BadSocket for a file that cannot come to be."""
    if address.protocol != "flatstore":
        return
    path = Path(os.fsdecode(address.path.encode("latin-1")))
    # not those of Path, which raise what they meet: no right to look, a name that is too long
    if not os.path.exists(path.parent):  # noqa: PTH110
        raise BadSocket(f"the directory of {address.socket} does not exist")
    if os.path.isdir(path):  # noqa: PTH112
        raise BadSocket(f"{address.socket} is a directory, not a file")


def _ip_of(address: Address) -> str:
    try:
        return network.gethostbyname(address.host.encode("latin-1"))  # type: ignore[arg-type]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadSocket(f"cannot find the IPv4 address of {address.host} in {address.socket}: {reason}") from None


# -- protocols ----------------------------------------------------------------------------------------------------


def _read_route(rest: str) -> Address:
    return Address("route", rest, path=rest)


def _read_routing(rest: str) -> Address:
    return Address("routing", rest, path=rest)


def _read_udp(rest: str) -> Address:
    found = re.fullmatch(_HOST_AND_PORT, rest, re.DOTALL)
    if found is None:
        raise BadSocket(f"the socket udp:{rest} has no port: write udp:HOST:PORT")
    port = _port(found["port"] + (found["method"] or ""))
    if port is None:
        raise BadSocket(SILENT)
    return Address("udp", f"{found['host']}:{port}", found["host"], port)


def _read_tcp(rest: str) -> Address:
    found = re.fullmatch(_HOST_AND_PORT, rest, re.DOTALL)
    if found is None or not found["port"]:
        raise BadSocket(f"the socket tcp:{rest} has no port: write tcp:HOST:PORT")
    port, method = _port(found["port"]), (found["method"] or "/")[1:]
    if port is None:
        raise BadSocket(f"{found['port']!r} is no port number, in the socket tcp:{rest}")
    shown = f"{found['host']}:{port}" + (f"/{method}" if method else "")
    return Address("tcp", shown, found["host"], port, method=method)


def _read_unix(rest: str) -> Address:
    if len(rest) > UNIX_PATH_LIMIT:
        raise BadSocket(
            f"the path in unix:{rest[:20]}... has {len(rest)} bytes, at most {UNIX_PATH_LIMIT} are possible"
        )
    return Address("unix", rest, path=rest)


def _read_flatstore(rest: str) -> Address:
    return Address("flatstore", rest, path=rest)


def _read_virtual(rest: str) -> Address:
    text = rest.lstrip(" \t")
    policy = next((p for p in _POLICIES if text.startswith(p)), None)
    if policy is None:
        raise BadSocket(f"a virtual socket begins with its policy: {', '.join(_POLICIES)}")
    members = tuple(re.split("[ \t]+", text.removeprefix(policy).strip(" \t")))
    if members == ("",):  # the server takes it, and fails in various ways when an event is raised
        raise BadSocket(f"no sockets follow {policy} in the virtual socket")
    if inner := [m for m in members if m.startswith(("route:", "routing:", "virtual:"))]:
        raise BadSocket(f"{inner[0]} inside a virtual socket is not supported: subscribe it by itself")
    return Address("virtual", " ".join((policy, *members)), path=policy, members=members)


def _read_xmlrpc(rest: str) -> Address:
    found = re.fullmatch(_XMLRPC, rest, re.DOTALL)
    if found is None:
        raise BadSocket(f"the socket xmlrpc:{rest} lacks a part: write xmlrpc:HOST:PORT[/PATH]:METHOD")
    port, path = _port(found["port"]), found["path"] or ""
    if port is None:
        raise BadSocket(f"{found['port']!r} is no port number, in the socket xmlrpc:{rest}")
    shown = f"{found['host']}:{port}{path}:{found['method']}"
    return Address("xmlrpc", shown, found["host"], port, path, found["method"])


def _read_rabbitmq(rest: str) -> Address:
    found = re.fullmatch(_RABBITMQ, rest, re.DOTALL)
    if found is None or not found["key"]:
        raise BadSocket(f"write rabbitmq:[USER[:PASSWORD]@]HOST[:PORT]/[OPTIONS?]ROUTING_KEY, not rabbitmq:{rest}")
    port = AMQP_PORT if found["port"] is None else _port(found["port"])
    if port is None:
        raise BadSocket(f"{found['port']!r} is no port number, in the socket rabbitmq:{rest}")
    options = _pairs(found["options"] or "", ";")
    if unknown := [name for name, _ in options if name not in ("exchange", "persistent")]:
        what = "TLS is not supported" if unknown[0] == "tls_domain" else "known are exchange=NAME and persistent"
        raise BadSocket(f"rabbitmq: takes no option {unknown[0]!r}: {what}")
    user, password, key = (_unescaped(found[name]) for name in ("user", "password", "key"))
    exchange = dict(options).get("exchange", "")
    # a password is never shown
    shown = (f"{user}@" if user else "") + found["host"] + (f":{port}" if port != AMQP_PORT else "") + "/"
    shown += (f"{exchange}?" if exchange else "") + key
    return Address(
        "rabbitmq", shown, found["host"], port, key, "", user or "guest", password or "guest", options=options
    )


def _read_kafka(rest: str) -> Address:
    found = re.fullmatch(_KAFKA, rest, re.DOTALL)
    if found is None:
        raise BadSocket(f"write kafka:BROKER[,BROKER...]/TOPIC[?PROPERTIES], not kafka:{rest}")
    options = _pairs(found["options"] or "", "&")
    for name, value in options:
        if name == "key" and value != "callid":
            raise BadSocket(f"the one key that kafka: knows is callid, not {value!r}")
        if name != "key" and not name.startswith(("g.", "t.")):
            raise BadSocket(f"a property of kafka: is g.NAME=VALUE, t.NAME=VALUE or key=callid, not {name!r}")
    return Address("kafka", rest, found["brokers"], path=found["topic"], options=options)


def _pairs(text: str, separator: str) -> tuple[tuple[str, str], ...]:
    pieces = (piece.partition("=") for piece in text.split(separator) if piece)
    return tuple((name, _unescaped(value)) for name, _, value in pieces)


def _unescaped(text: str | None) -> str:
    from urllib.parse import unquote_to_bytes  # workers that subscribe no broker do without

    return unquote_to_bytes((text or "").encode("latin-1")).decode("latin-1")


def _port(text: str) -> int | None:
    if not re.fullmatch("0*[1-9][0-9]{0,4}", text, re.ASCII):
        return None
    return int(text) if int(text) < 65536 else None


_READERS: Final[dict[str, Callable[[str], Address]]] = {
    "route": _read_route,
    "routing": _read_routing,
    "udp": _read_udp,
    "tcp": _read_tcp,
    "unix": _read_unix,
    "flatstore": _read_flatstore,
    "virtual": _read_virtual,
    "rabbitmq": _read_rabbitmq,
    "kafka": _read_kafka,
    "xmlrpc": _read_xmlrpc,
}
PROTOCOLS: Final = tuple(_READERS)
#: protocols whose host is looked up when it is subscribed
_RESOLVED: Final = frozenset({"udp", "tcp", "xmlrpc"})
