"""Modules that have another name in 3.6, and those whose functions went to others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from evroute_kernel.lang.lexer import string_value
from evroute_kernel.lang.migration.legacy import TARGET, Code, Doubt, Edit
from evroute_kernel.lang.migration.modparams import modparams
from evroute_kernel.lang.migration.renamed import called, loaded, renamed
from evroute_kernel.library import table

#: their functions are elsewhere; event_route is taken away by `legacy.module_lines`
_SPLIT: Final = ("avpops", "uri")
_LEFT: Final = ("event_route", "auth_diameter")
#: a parameter of a module that is split -> what it is called where it went
_PARAMS: Final = {"avp_table": "usr_table"}


def modules(code: Code) -> Iterator[Edit | Doubt]:
    """`loadmodule` and `modparam` of these modules."""
    yield from _loaded(code)
    yield from _parameters(code)


def _loaded(code: Code) -> Iterator[Edit | Doubt]:
    for index, token in enumerate(code.tokens):
        if token.type != "LOADMODULE" or code.kind(index + 1) != "STRING":
            continue
        path, slash, file = string_value(code.tokens[index + 1])[0].rpartition("/")
        name, dot, ending = file.partition(".")
        gone = renamed("module").get(name)
        if gone is None or name in _LEFT or name in table.of(TARGET).modules:
            continue
        span = code.span(index + 1)
        if name in _SPLIT:
            yield _split(code, index, name, f"{path}{slash}", f"{dot}{ending}")
        elif gone.successor:
            why = f"the module {name} is {gone.successor} in 3.6"
            yield Edit(span.start, span.end, f'"{path}{slash}{gone.successor}{dot}{ending}"', "renamed-module", why)


def _split(code: Code, index: int, name: str, path: str, ending: str) -> Edit:
    """The modules that the functions of one are in now, as far as the text calls them and does not load them."""
    start, end = code.span(index).start, code.span(index + 1).end
    wanted = [module for module in _homes(called(code), name) if module not in loaded(code)]
    why = f"the module {name} is gone"
    if not wanted:
        return Edit(*code.whole_lines(start, end), "", "renamed-module", f"{why}, and nothing of it is needed")
    indent, _ = code.indent(start)
    lines = [f'loadmodule "{path}{module}{ending}"' for module in wanted]
    why = f"{why}: its functions are in {' and '.join(wanted)}"
    return Edit(start, end, f"{code.line_break}{indent}".join(lines), "renamed-module", why)


def _homes(names: Iterable[str], module: str) -> list[str]:
    """The modules that have these functions now, of those that one module had."""
    functions = table.of(TARGET).functions
    entries = (renamed("function").get(name) for name in names)
    found = (functions.get(e.successor) for e in entries if e is not None and e.module == module and e.successor)
    return list(dict.fromkeys(f.module for f in found if f is not None and f.module != "core"))


def _parameters(code: Code) -> Iterator[Edit | Doubt]:
    known = table.of(TARGET).modules
    for param in modparams(code):
        gone = renamed("module").get(param.module)
        if gone is None or param.module in (*_LEFT, *known):
            continue
        name = _PARAMS.get(param.name, param.name)
        homes = _homes(renamed("function"), param.module) if param.module in _SPLIT else [gone.successor or ""]
        home = next((module for module in homes if module in known and name in known[module].params), None)
        is_wanted = param.module not in _SPLIT or home in (*_homes(called(code), param.module), *loaded(code))
        if home is None:
            why = (
                f"the module {param.module} is gone, and {' and '.join(homes) or 'what follows'} has no {param.name!r}"
            )
            yield Doubt(param.start, param.end, "renamed-module", why)
        elif is_wanted:
            yield _moved(code, param.index, home, name, f"{param.module} is {home} in 3.6")
        else:
            why = f"the module {param.module} is gone, and nothing of {home} is called"
            notes = (f"{param.name} was {param.value}: {why}",)
            yield Edit(*code.whole_lines(param.start, param.end), "", "renamed-module", why, notes)


def _moved(code: Code, index: int, module: str, name: str, why: str) -> Edit:
    """Both names of a `modparam`, with all that stands between them."""
    first, second = code.span(index + 2), code.span(index + 4)
    between = code.text[first.end : second.start]
    return Edit(first.start, second.end, f'"{module}"{between}"{name}"', "renamed-module", why)
