"""What is defined beyond the text, without a notebook."""

from __future__ import annotations

import pytest

from evroute_kernel.assist.defined import Defined, DefinedRoute
from evroute_kernel.lang import nodes
from evroute_kernel.lang.parser import parse
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.source import Source

OTHER = """
    route[greet] { exit; }
    route[called] { exit; }
    event_route[E_MINE] {
        $var(seen) = $param(color); $avp(list) = 1; $json(doc) := "{}"; $shv(total) = 1;
        route(greet, $param(color), 5);
    }
    event_route["E_Zoe"] { exit; }
    timer_route[clean, 60] { exit; }
"""


@pytest.fixture(scope="session")
def defined() -> Defined:
    source = Source("other.cfg", OTHER)
    script, errors = parse(source, version="3.6")
    assert errors == []
    routes = [item for item in script.items if isinstance(item, nodes.Route)]
    declared = EventDeclaration.parse("E_OWN ip port:int [why]")
    return Defined(
        routes=tuple(DefinedRoute(r.kind, r.name, r.header, r.span, 2 if r.name == "E_MINE" else None) for r in routes),
        events={declared.name: declared},
        settings={"max_while_loops": 10000},
        texts=(source,),
        shared=lambda: ("stored",),
        given=lambda event: ("reason",) if event == "E_MINE" else (),
        runs=True,
    )
