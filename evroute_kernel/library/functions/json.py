"""Module json: linking and merging documents. The documents themselves are `$json` (library/variables/json.py)."""

from __future__ import annotations

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.formats import json_merge_patch
from evroute_kernel.library.references import Reference
from evroute_kernel.library.variables import json as documents
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash


def _path(variable: Reference) -> documents.Path:
    if not isinstance(variable.spec.name, documents.Path):
        raise ScriptCrash("$json without a name kills the server's process; write $json(name)")
    return variable.spec.name


@function("json_link")
def json_link(context: Context, json_dest_id: Reference, json_source_id: Reference) -> int:
    """Put a node in a second place, without copying it: what changes in one place changes in the other.

    A variable in either path is not looked at: the server takes 0 for the index, and an empty text for the key. Returns
    1; -1 when there is no such source, or no such place.
    """
    source = documents.unexpanded(_path(json_source_id))
    if source.name not in context.process.json:
        context.error(f"$json({source.name}) does not exist, so nothing of it can be linked")
        return -1
    node = documents.find(context, source)
    if node is None:
        context.diagnose(levels.NOTICE, f"{json_source_id.text} cannot be linked: it is missing or null")
        return -1
    return 1 if documents.put(context, documents.unexpanded(_path(json_dest_id)), node) else -1


@function("json_merge")
def json_merge(context: Context, main_json_var: str, patch_json_var: str, output_var: Reference) -> int:
    """Change a JSON text as a patch says (RFC 7396: null deletes a member), and store the compact result as text.

    Numbers that are no integers are printed with six decimals; keys are compared without regard to letter case. Returns
    1; -1 when one of the two is no JSON, or the variable cannot be written.
    """
    try:
        merged = json_merge_patch.merge(main_json_var, patch_json_var)
    except json_merge_patch.PatchError as error:
        context.error(f"json_merge(): {error}")
        return -1
    return 1 if output_var.set(context, "=", merged) else -1
