"""`$cluster.sh_tag(name/cluster)` (module clusterer): whether this node is active for a sharing tag."""

from __future__ import annotations

from typing import Final

from evroute_kernel.library import modparams, sharing_tags
from evroute_kernel.library.behaviour import kept, variable
from evroute_kernel.library.dummy_message import is_bare
from evroute_kernel.library.sharing_tags import BadTag, Tag
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Dual, Value, fold, int_of, text_of

EVENT: Final = "E_CLUSTERER_SHARING_TAG_CHANGED"
#: of a session that is in no cluster
_KEPT: Final = kept("cluster.sh_tag", True)
_ACTIVE: Final = Dual("active", 1, is_int=False)
_BACKUP: Final = Dual("backup", 0, is_int=False)


def _tag(text: str) -> Tag:
    try:
        return sharing_tags.read(text)
    except BadTag as error:
        raise ValueError(str(error)) from None


@variable("cluster.sh_tag", parse_name=_tag, needs_text=True)
def sh_tag(context: Context, name: Tag, index: None) -> Value:
    """State of a sharing tag on this node, `active` or `backup`, as an integer 1 or 0: `$cluster.sh_tag(vip/1)`.

    Setting it to a literal 1 or `active` makes this node active, and all others of the cluster its backup; both raise
    E_CLUSTERER_SHARING_TAG_CHANGED. It cannot be set to backup: another node becomes active. Without a cluster (`%node
    NAME`) it is null until it is written.
    """
    process = context.process
    if not process.settings.node or not isinstance(name, Tag):
        value: Value = _KEPT.get(context, name, index)
        return value
    values = modparams.values(process, sharing_tags.MODULE, sharing_tags.PARAMETER)
    return _ACTIVE if sharing_tags.is_active(process.shared, values, name) else _BACKUP


@sh_tag.setter
def set_sh_tag(context: Context, name: Tag, index: None, op: str, value: Value) -> bool:
    process = context.process
    if not process.settings.node or not isinstance(name, Tag):
        assert _KEPT.set is not None
        return _KEPT.set(context, name, index, op.removesuffix("bare"), value)
    if value is None:
        return True
    active = _wanted(value, op)
    if active is None:
        context.error(f"$cluster.sh_tag({name}) cannot be set to {text_of(value)!r}: it is set to active")
        return False
    if not active:
        context.warning(f"$cluster.sh_tag({name}) cannot be set to backup: make another node active")
        return True
    _, is_new, said = process.ask_cluster("tag", name.cluster, 0, name.name, "")
    for text in said:
        context.error(text)
    if is_new and process.has_subscribers(EVENT):
        told = (("name", name.name), ("cluster", name.cluster), ("state", "active"), ("reason", "script variable"))
        process.raise_event(context, EVENT, told)
    return True


def _wanted(value: Value, op: str) -> bool | None:
    """Whether a value means active; None for one that means nothing: also an integer that a variable holds, which is
    taken as its text."""
    if is_bare(op, value):
        return (int_of(value) or 0) > 0
    text = fold(text_of(value) or "")
    return None if text not in sharing_tags.STATES else text == sharing_tags.STATES[1]
