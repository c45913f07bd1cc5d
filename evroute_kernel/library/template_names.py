"""Names in templates: finding transformations by the spellings the server takes, and explaining unknown names."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.library.table import Library, Transformation, Variable
from evroute_kernel.spelling import Words

#: a hint lists the transformations of a class that has no more than this
LISTED: Final = 12


class TemplateError(ValueError):
    """A text that is no variable or no format. `start` and `end` are byte offsets into the text given.

    `code` is a stable word: "unknown-variable", "unknown-context", "unknown-transformation", "bad-variable",
    "bad-transformation".
    """

    def __init__(self, message: str, start: int, end: int, code: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message: Final = message
        self.start: Final = start
        self.end: Final = max(end, start)
        self.code: Final = code
        self.hint: Final = hint

    def shifted(self, offset: int) -> TemplateError:
        """The same error about a text that starts `offset` bytes into a larger one."""
        return TemplateError(self.message, self.start + offset, self.end + offset, self.code, self.hint)


# -- variables ----------------------------------------------------------------------------------------------------


def unknown_variable(
    library: Library, name: str, declaration: Variable | None, has_sub: bool, start: int, end: int
) -> TemplateError:
    """A name that is not in the table, or that is there only with (or only without) a name in parentheses."""
    if not name:
        hint = "write $$ for a dollar sign"
        return TemplateError("'$' is not followed by a variable name", start, start + 1, "unknown-variable", hint)
    written = f"${name}(...)" if has_sub else f"${name}"
    if declaration is not None:
        message = f"${name} takes no name in parentheses" if has_sub else f"${name} needs a name in parentheses"
        hint = f"write $({name}) when '(' follows" if has_sub else f"write ${name}(name)"
        unfit = "none" if has_sub else "required"
        known = ((other.version, other.variables.get(name)) for other in library.others)
        version = next((version for version, other in known if other is not None and other.subname != unfit), None)
        hint += f"; OpenSIPS {version} takes it as it stands" if version else ""
        return TemplateError(message, start, end, "unknown-variable", hint)
    message = f"unknown variable {written}"
    return TemplateError(message, start, end, "unknown-variable", _variable_hint(library, name, has_sub))


def _variable_hint(library: Library, name: str, has_sub: bool) -> str | None:
    if name.isdigit():
        return "write $$ for a dollar sign"
    gone = library.successor("variable", name)
    if gone is not None:
        return gone
    known = library.variables
    for length in range(len(name) - 1, 1, -1):
        if name[length] in "._" and name[:length] in known and not has_sub:
            if known[name[:length]].needs_name:
                return f"did you mean ${name[:length]}({name[length + 1 :] or 'name'})?"
            # a dot or underscore after a bare name is taken for a part of it
            return f"write $({name[:length]}){name[length:]} when {name[length:]!r} is text"
    unfit = "none" if has_sub else "required"
    found = _variables(library, unfit).near(name, 1) or _variables(library, "").near(name, 1)
    if not found:
        return None
    return f"did you mean ${found[0]}{'(...)' if known[found[0]].needs_name else ''}?"


@cache
def _variables(library: Library, unfit: str) -> Words:
    """Names of variables but for those whose name in parentheses is `unfit`."""
    return Words(name for name, known in library.variables.items() if known.subname != unfit)


def unknown_context(context: str, known: list[str], start: int, end: int) -> TemplateError:
    """`$(<rquest>rm)`: a context that no module has."""
    hint = did_you_mean(context, known) or f"known: {', '.join(f'<{word}>' for word in known)}"
    return TemplateError(f"unknown context <{context}>", start, end, "unknown-context", hint)


# -- transformations ----------------------------------------------------------------------------------------------


def find_transformation(known: list[Transformation], name: str) -> Transformation | None:
    """The transformation a script means by `name`: the name itself first, then the looser spellings."""
    folded = name.lower()
    for transformation in known:
        if transformation.name == (folded if transformation.any_case else name):
            return transformation
    for transformation in known:
        spelled = folded if transformation.any_case else name
        if any(fnmatchcase(spelled, pattern) for pattern in transformation.spellings):
            return transformation
    return None


def no_class(library: Library, text: str, start: int, end: int) -> TemplateError:
    """`{len}`, `{}`: no class in front of a dot."""
    hint = _elsewhere(library, text.partition(",")[0].strip()) or "write {class.name}, such as {s.len}"
    return TemplateError(f"transformation {{{text}}} names no class", start, end, "unknown-transformation", hint)


def _elsewhere(library: Library, name: str) -> str | None:
    """A hint when another class has a transformation of this name."""
    near = [full for full, known in library.transformations.items() if known.name == name.lower()]
    return f"did you mean {{{min(near, key=len)}}}?" if near else None


def unknown_class(library: Library, cls: str, rest: str, start: int, end: int) -> TemplateError:
    """A class that is not in the table; `rest` is what follows its dot."""
    hint = library.successor("transformation", f"{cls.lower()}.{rest.partition(',')[0].strip().lower()}")
    hint = hint or did_you_mean(cls, {known.cls for known in library.transformations.values()})
    hint = hint or _elsewhere(library, rest.partition(",")[0].strip())
    if cls != cls.strip() and library.transformations_of(cls.strip()):
        hint = "no blank may follow '{'"
    return TemplateError(f"unknown class {cls!r} of transformations", start, end, "unknown-transformation", hint)


def unknown_transformation(
    library: Library, known: list[Transformation], cls: str, name: str, start: int, end: int
) -> TemplateError:
    """A name that the class does not have."""
    written = f"{{{cls}.{name}}}"
    hint = library.successor("transformation", f"{cls.lower()}.{name.lower()}")
    hint = hint or did_you_mean(name, (t.name for t in known)) or _elsewhere(library, name)
    if hint is None and len(known) <= LISTED:
        hint = f"{cls} has {', '.join(sorted(t.name for t in known))}"
    return TemplateError(f"unknown transformation {written}", start, end, "unknown-transformation", hint)
