"""Messages between nodes: to a node that there is not, an answer without a tag, a tag that comes too late."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject

_REPLY: Final = "cluster_send_rpl"
#: function -> the place of the node that it sends to
_TO_ONE: Final = {"cluster_send_req": 1, _REPLY: 1}
#: function -> the place of the variable that gets the tag
_TAGGED: Final = {"cluster_send_req": 3, "cluster_broadcast_req": 2}
_MODULES: Final = (
    'loadmodule "proto_bin.so"\nloadmodule "clusterer.so"\nmodparam("clusterer", "db_mode", 0)\n'
    'modparam("clusterer", "my_node_id", 1)\n'
    'modparam("clusterer", "neighbor_node_info", "cluster_id=1, node_id=2, url=bin:192.0.2.2:5555")\n'
)
_VAR: Final = re.compile(r"\$\(?var\([^()$]+\)")


@rule(
    "cluster-unknown-node",
    "a message to a node that is none of the cluster",
    fires=_MODULES + 'event_route[E_X] { cluster_send_req(1, 3, "hello"); }',
    quiet=(
        _MODULES + 'event_route[E_X] { cluster_send_req(1, 2, "hello"); }',
        'loadmodule "proto_bin.so"\nloadmodule "clusterer.so"\nmodparam("clusterer", "my_node_id", 1)\n'
        'event_route[E_X] { cluster_send_req(1, 3, "hello"); }',
    ),
)
def cluster_unknown_node(subject: Subject) -> Iterator[Finding]:
    """The call returns -3 and logs an error. The nodes are those of the notebook (`%node`), or those that the
    parameters of module clusterer name; where a database names them, nothing is said."""
    known = subject.nodes
    for call in subject.of(nodes.Call) if known else ():
        place = _TO_ONE.get(call.name)
        given = call.arguments[place] if place is not None and place < len(call.arguments) else None
        if isinstance(given, nodes.Number) and given.value not in known:
            listed = ", ".join(map(str, sorted(known)))
            yield Finding(
                f"there is no node {given.value}: {call.name}() returns -3", given.span, f"there are {listed}"
            )


@rule(
    "cluster-empty-tag",
    "an answer with a tag that nothing has set",
    fires=_MODULES + 'event_route[E_CLUSTERER_REQ_RECEIVED] { cluster_send_rpl(1, $param(src_id), "yes", $var(tag)); }',
    quiet=(
        _MODULES + 'event_route[E_CLUSTERER_REQ_RECEIVED] { cluster_send_rpl(1, $param(src_id), "yes", $param(tag)); }',
        _MODULES
        + """event_route[E_CLUSTERER_REQ_RECEIVED] {
            $var(tag) = $param(tag);
            cluster_send_rpl(1, $param(src_id), "yes", $var(tag));
        }""",
    ),
)
def cluster_empty_tag(subject: Subject) -> Iterator[Finding]:
    """The tag tells the asking node which question is answered: it is that of the request, `$param(tag)`. With an empty
    one cluster_send_rpl() logs an error, returns -1 and sends nothing."""
    if _REPLY not in subject.functions:
        return
    found = [tag for block in subject.blocks for tag in block.once(_tags_of_answers)]
    if not found:
        return
    given = set[str]().union(*(block.once(_given) for block in subject.blocks))
    for tag in found:
        if not isinstance(tag, nodes.Variable) or not _VAR.fullmatch(tag.text):
            continue
        if not given & {"", tag.text} and not subject.hides(tag.text):
            message = f"{tag.text} is null: cluster_send_rpl() returns -1 and sends nothing"
            yield Finding(message, tag.span, "the tag of the request is $param(tag)")


def _tags_of_answers(block: Block) -> list[nodes.Argument | None]:
    """What each answer of a block has for its tag."""
    return [call.arguments[3] for call in block.of(nodes.Call) if call.name == _REPLY and len(call.arguments) > 3]


def _given(block: Block) -> set[str]:
    """The variables that a block writes or hands to functions, as they are written; "" for one that is computed."""
    targets = {assign.target.text for assign in block.of(nodes.Assign)}
    handed = {
        a.text for c in block.of(nodes.Call) if c.name != _REPLY for a in c.arguments if isinstance(a, nodes.Variable)
    }
    texts = {a.value for c in block.of(nodes.Call) for a in c.arguments if isinstance(a, nodes.String)}
    mentioned = {found[0] for text in texts for found in _VAR.finditer(text)}
    computed = {""} if any("$" in text[1:] and text.startswith("$var(") for text in targets) else set[str]()
    return targets | handed | mentioned | computed


@rule(
    "cluster-tag-late",
    "a tag that is copied into `$shv` after the message was sent: the answer may be there before",
    local=True,
    fires=_MODULES
    + """event_route[E_X] {
        cluster_send_req(1, 2, "hello", $var(tag));
        $shv(tag) = $var(tag);
    }""",
    quiet=_MODULES + 'event_route[E_X] { cluster_send_req(1, 2, "hello", $shv(tag)); }',
)
def cluster_tag_late(subject: Subject) -> Iterator[Finding]:
    """The route of E_CLUSTERER_RPL_RECEIVED runs in another process, and may compare the tag with `$shv` before this
    statement has set it. Handed to the function itself, `$shv` holds the tag before the message is sent."""
    blocks = () if subject.functions.isdisjoint(_TAGGED) else subject.blocks
    return (found for block in blocks for found in block.once(_late))


def _late(block: Block) -> list[Finding]:
    return [found for statements in block.bodies() for found in _late_in(statements)]


def _late_in(statements: tuple[nodes.Statement, ...]) -> Iterator[Finding]:
    tags: dict[str, str] = {}
    for statement in statements:
        if isinstance(statement, nodes.Call) and (place := _TAGGED.get(statement.name)) is not None:
            tag = statement.arguments[place] if place < len(statement.arguments) else None
            if isinstance(tag, nodes.Variable) and tag.text.startswith("$var("):
                tags[tag.text] = statement.name
        elif isinstance(statement, nodes.Assign):
            target, value = statement.target.text, statement.value
            if isinstance(value, nodes.Variable) and value.text in tags and target.startswith("$shv("):
                message = f"the answer may come before {target} holds the tag"
                yield Finding(message, statement.span, f"hand {target} to {tags[value.text]}() itself")
            tags.pop(target, None)
