"""What a source tree says, beside what the catalogue says."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from evroute_kernel.library import catalogue
from fidelity.facts.tree import Facts

#: words of the catalogue for parameters that it tells apart further
_TYPES: Final = {"literal": "string"}


def differences(facts: Facts, version: str) -> Iterator[str]:
    """What the tables of a tree and the catalogue of a version do not agree on, a line each."""
    known = catalogue.of(version)
    names = {fact["name"] for fact in facts["modules"]}
    yield from _only("modules", names, set(known.modules))
    yield from _functions(facts, known)
    yield from _only("variables", {fact["name"] for fact in facts["variables"]}, set(known.variables))
    yield from _written(facts, known)
    yield from _only("globals", {fact["name"] for fact in facts["globals"]}, set(known.globals))
    yield from _modparams(facts, known)
    yield from _only("events", {fact["name"] for fact in facts["events"]}, set(known.events))
    found = {f"{fact['class']}.{fact['name']}".lower() for fact in facts["transformations"]}
    yield from _only("transformations", found, {name.lower() for name in known.transformations})


def _only(what: str, tree: Collection[str], ours: Collection[str]) -> Iterator[str]:
    for name in sorted(set(tree) - set(ours)):
        yield f"{what}: the tree has {name}, the catalogue does not"
    for name in sorted(set(ours) - set(tree)):
        yield f"{what}: the catalogue has {name}, the tree does not"


def _functions(facts: Facts, known: catalogue.Catalogue) -> Iterator[str]:
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for fact in facts["functions"]:
        if fact.get("routes") or fact.get("async"):  # those without are bindings of C
            first.setdefault((fact["name"], "async" if fact.get("async") else "sync"), fact)
    yield from _only("functions", {name for name, _ in first}, set(known.functions))
    for (name, kind), fact in first.items():
        ours = known.functions.get(name)
        if ours is None or kind == "async":
            continue
        params = [(p["type"], p.get("optional", False)) for p in fact["params"]]
        wanted = [(_TYPES.get(p.type, p.type), p.optional) for p in ours.params]
        if params != wanted:
            where = f"{name} ({fact['source']})"
            yield f"functions: parameters of {where}: {_shown(params)}, in the catalogue {_shown(wanted)}"
        if set(fact["routes"]) != ours.routes:
            other = sorted(set(fact["routes"]) ^ ours.routes)
            yield f"functions: routes of {name} ({fact['source']}) differ in {', '.join(other)}"


def _shown(params: list[tuple[str, bool]]) -> str:
    return "(" + ", ".join(f"[{type}]" if optional else type for type, optional in params) + ")"


def _written(facts: Facts, known: catalogue.Catalogue) -> Iterator[str]:
    """A name can have two entries, with and without a name in parentheses."""
    written = {fact["name"] for fact in facts["variables"] if fact["writable"]}
    for fact in {fact["name"]: fact for fact in facts["variables"]}.values():
        ours = known.variables.get(fact["name"])
        if ours is not None and ours.writable != (fact["name"] in written):
            yield f"variables: {fact['name']} ({fact['source']}) {'can' if not ours.writable else 'cannot'} be written"


def _modparams(facts: Facts, known: catalogue.Catalogue) -> Iterator[str]:
    """Of the modules whose parameters the catalogue lists."""
    found: dict[str, dict[str, set[str]]] = {}
    for fact in facts["modparams"]:
        found.setdefault(fact["module"], {}).setdefault(fact["name"], set()).add(fact["type"])
    for module, ours in known.modules.items():
        if not ours.params:
            continue
        theirs = found.get(module, {})
        yield from _only(f"modparams of {module}", set(theirs), set(ours.params))
