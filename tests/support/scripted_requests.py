"""SIP requests in recorded programs, by a scripted start: an event begins what the request began on the server.

The request route becomes a route[] that notify_on_event() has subscribed, which counts as the route of a request. What
it asks of the request itself it finds in AVPs. Each request has a message of its own, so that no transaction is known.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from support.flows import Agent
from support.recorded import Case

EVENT = "E_SIP_REQUEST"
ROUTE = "request"
#: replies, whom nobody gets
REPLIES = ("t_reply", "sl_send_reply", "t_newtran")
_BLOCKS = re.compile(r"^(?=(?:\w+_)?route\b)", re.MULTILINE)
_NOTIFIED = re.compile(r'notify_on_event\([^,]*,[^,]*, *"(\w+)"')


def scripted(case: Case) -> Case:
    """The program with its request route as one that an event begins."""
    notified = {f"route[{name}]" for name in _NOTIFIED.findall(case.script)}
    blocks = []
    for block in _BLOCKS.split(case.script):
        if block.partition(" ")[0] not in notified and not block.startswith("event_route"):
            block = block.replace("$ci", "$avp(ci)").replace("$rm", "$avp(rm)")
        blocks.append(re.sub(r"^route \{", f"route[{ROUTE}] {{", block))
    return replace(case, script=f"{''.join(blocks)}\nevent_route[{EVENT}] {{ exit; }}\n")


class Caller(Agent):
    """Sends the requests of a program."""

    def sip(self, method: str, callid: str, extra: dict[str, Any] | None = None) -> None:
        world = self.session._world
        if not self.session.notifications(EVENT):
            world.notify(EVENT, (), ROUTE, 2**38)
            for name in REPLIES:
                self.session.stub(name)
        world.waits.forget_transaction()
        self.do(lambda: self.session.raise_event(EVENT, {"rm": method, "ci": callid}))
