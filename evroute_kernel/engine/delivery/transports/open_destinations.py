"""Opens the ways out that subscriptions name, and closes them all at the end of the session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from evroute_kernel.engine.delivery.transports.client_destination import ClientDestination
from evroute_kernel.engine.delivery.transports.datagram import Datagram, Datagrams
from evroute_kernel.engine.delivery.transports.destination import Destination, SessionView
from evroute_kernel.engine.delivery.transports.flatstore import FlatFiles, Flatstore
from evroute_kernel.engine.delivery.transports.folders import check_reach
from evroute_kernel.engine.delivery.transports.kafka import Kafka
from evroute_kernel.engine.delivery.transports.rabbitmq import open_rabbitmq
from evroute_kernel.engine.delivery.transports.stream import Connections, Stream
from evroute_kernel.engine.delivery.transports.unopened import Unopened
from evroute_kernel.engine.delivery.transports.virtual import Virtual
from evroute_kernel.engine.delivery.transports.xmlrpc import XmlRpc
from evroute_kernel.worker.sockets import Address, BadSocket, check_files, parse

#: addresses of hosts, by name, as they were looked up at the subscription
Hosts = Mapping[str, str]
#: protocols whose hosts are looked up at the subscription
BY_ADDRESS: Final = frozenset({"udp", "tcp", "xmlrpc"})


class OpenDestinations:
    """All that is open. `open` may be called from any thread; nothing of it waits for a peer."""

    def __init__(self, session: SessionView) -> None:
        self._session = session
        self._datagrams = Datagrams()
        self._connections = Connections(session)
        self._files = FlatFiles(session)
        self._threaded: list[ClientDestination | Kafka] = []
        self._lock = threading.Lock()
        self._makers: dict[str, Callable[[Address, Hosts], Destination]] = {
            "udp": lambda a, hosts: Datagram(a, session, self._datagrams, _found(a, hosts)),
            "unix": lambda a, hosts: Datagram(a, session, self._datagrams, None),
            "tcp": lambda a, hosts: Stream(a, session, self._connections, _found(a, hosts)),
            "flatstore": lambda a, hosts: Flatstore(a, session, self._files),
            "virtual": lambda a, hosts: Virtual(a, session, lambda socket: self.open(_member(a, socket), hosts)),
            "rabbitmq": lambda a, hosts: self._keep(ClientDestination(a, session, open_rabbitmq(a))),
            "kafka": lambda a, hosts: self._keep(Kafka(a, session)),
            "xmlrpc": lambda a, hosts: self._keep(XmlRpc(a, session, _found(a, hosts))),
        }

    @property
    def protocols(self) -> frozenset[str]:
        """What can be opened."""
        return frozenset(self._makers)

    def open(self, address: Address, hosts: Hosts) -> Destination:
        """Raises BadSocket for what cannot be opened. Most connect at the first event only."""
        check_reach(address)
        check_files(address)
        return self._makers[address.protocol](address, hosts)

    def unopened(self, address: Address, hosts: Hosts) -> Destination:
        """One that takes events and sends nothing, for what `open` would open. Raises BadSocket."""
        check_reach(address)
        check_files(address)
        if address.protocol in BY_ADDRESS:
            _found(address, hosts)
        return Unopened(address, self._session)

    def rotate(self, path: str) -> bool:
        """Rotate the file of a flatstore subscription; False when there is none of this path."""
        return self._files.rotate(path)

    def close(self) -> None:
        """Close what all subscriptions share, and wait for the threads; the subscriptions have been closed before."""
        self._connections.close()
        with self._lock:
            threaded, self._threaded = self._threaded, []
        for destination in threaded:
            destination.close()
        for destination in threaded:
            destination.join()
        self._datagrams.close()

    def _keep(self, destination: ClientDestination | Kafka) -> Destination:
        with self._lock:
            self._threaded = [known for known in self._threaded if not known.has_ended]
            self._threaded.append(destination)
        return destination


def _member(address: Address, socket: str) -> Address:
    """A socket inside a virtual one, which reaches no further. Raises BadSocket."""
    return replace(parse(socket), within=address.within)


def _found(address: Address, hosts: Hosts) -> str:
    """The IPv4 address of a host. Raises BadSocket."""
    ip = hosts.get(address.host)
    if ip is None:
        raise BadSocket(f"cannot resolve host {address.host}")  # as the server's log says it
    return ip
