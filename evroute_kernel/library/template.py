"""Reads variable tokens and format strings: `$var(x)`, `$(avp(x)[0]{s.len})`, `"ip $param(ip)\\n"`.

The rules are those of OpenSIPS 3.6 (observed, and read in its sources), blanks and oddities included, and 4.0
has the same; names come from the `Library` of a version (`library.table`) alone. Used when a script is compiled and,
for `{s.eval}`, while it runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from evroute_kernel.library import template_names as names
from evroute_kernel.library.behaviour import ALL, APPEND, Mark, VariableBehaviour
from evroute_kernel.library.formats.c_numbers import LOW_DIGITS
from evroute_kernel.library.table import Library, Param, Transformation, Variable
from evroute_kernel.library.template_names import TemplateError
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import wrap

__all__ = ["MARKER", "TemplateError", "VariableSpec", "parse_format", "parse_variable"]

CACHE_SIZE: Final = 4096
BLANKS: Final = " \t\r\n"
NAME_CHARACTERS: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.")
DIGITS: Final = frozenset("0123456789")
#: what may stand in the brackets of $sdp.line and its kin
INSERTIONS: Final = ("insert", "insertAfter")

#: `$$`: a dollar sign. No name a script could mistake, so it is not in the table
MARKER: Final = Variable("$", behaviour=VariableBehaviour(lambda context, name, index: "$"))

Transformed = tuple[tuple[Transformation, tuple[Any, ...]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class VariableSpec:
    """One variable as a script names it.

    `text` is what was read of the token: what follows a bare name (`$rc{s.len}`) is no part of it. `name` is None, what
    the declaration's `parse_name` made of the text in parentheses (the text itself without one), or a VariableSpec when
    the name is computed. `index` is None, an int, ALL, APPEND, a VariableSpec, or what is written in the brackets of
    `$sdp.line`, `$sdp.stream` and `$sdp.session`. `transformations` pairs each
    declaration with its parameters: prepared literals, or VariableSpecs.
    """

    text: str
    declaration: Variable
    name: Any = None
    index: int | str | Mark | VariableSpec | None = None
    transformations: Transformed = ()
    #: `reply` of `$(<reply>rs)`: the message of a transaction that is read instead
    context: str | None = None

    def __repr__(self) -> str:
        return f"VariableSpec({self.text!r})"

    @property
    def may_be_typed_null(self) -> bool:
        """Whether its value as an operand can be a null that kept its type. What is handed on has a position."""
        hands_on = self.declaration.behaviour.bind_operand is not None and not isinstance(self.name, str)
        return hands_on or any(transformation.behaviour.typed_null for transformation, _ in self.transformations)

    def parts(self) -> Iterator[VariableSpec]:
        """The variables inside this one: its name, its index, parameters of its transformations, and theirs."""
        inner = [self.name, self.index, *(p for _, params in self.transformations for p in params)]
        for part in inner:
            if isinstance(part, VariableSpec):
                yield part
                yield from part.parts()


@lru_cache(CACHE_SIZE)
def parse_variable(text: str, library: Library) -> VariableSpec:
    """The variable at the start of a token, `$` included; text after it is ignored, as the server does.

    Raises TemplateError for what is no variable.
    """
    if not text.startswith("$"):
        raise TemplateError(f"{text!r} is no variable", 0, len(text), "bad-variable", "a variable starts with '$'")
    return _Reader(text, library).variable(0, len(text))[0]


@lru_cache(CACHE_SIZE)
def parse_format(text: str, library: Library) -> tuple[str | VariableSpec, ...]:
    """The pieces of a format string: texts and variables in order, no empty texts. Raises TemplateError.

    The text ends before its first NUL, as it does in the server.
    """
    text = text.partition("\0")[0]
    reader, pieces, position = _Reader(text, library), list[str | VariableSpec](), 0
    while position < len(text):
        dollar = text.find("$", position)
        if dollar != position:
            pieces.append(text[position:] if dollar < 0 else text[position:dollar])
            if dollar < 0:
                break
        spec, position = reader.variable(dollar, len(text))
        pieces.append("$" if spec.declaration is MARKER else spec)
    return tuple(_joined(pieces))


def _joined(pieces: list[str | VariableSpec]) -> Iterator[str | VariableSpec]:
    """Neighbouring texts as one."""
    texts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        if texts:
            yield "".join(texts)
            texts = []
        yield piece
    if texts:
        yield "".join(texts)


class _Reader:
    """A text and the ways to read it. Positions are offsets into the whole text; `end` limits what may be read.

    A nested variable (in a name, an index, a parameter) is read in place, so offsets of errors need no correction.
    """

    def __init__(self, text: str, library: Library) -> None:
        self.text = text
        self.library = library

    def at(self, position: int) -> str:
        """The character at a position, "" after the last one."""
        return self.text[position : position + 1]

    def skip(self, position: int, end: int, blanks: str = BLANKS) -> int:
        while position < end and self.text[position] in blanks:
            position += 1
        return position

    # -- variables ------------------------------------------------------------------------------------------------

    def variable(self, start: int, end: int) -> tuple[VariableSpec, int]:
        """The variable whose `$` stands at `start`, and the position after it."""
        position = start + 1
        enclosed = self.at(position) == "("
        position += enclosed
        if self.at(position) == "$":
            return self._marker(start, position + 1, enclosed)
        context = None
        if enclosed and self.at(position) == "<":
            context, position = self._context(position, end)
        name_start = position
        while position < end and self.text[position] in NAME_CHARACTERS:
            position += 1
        name = self.text[name_start:position]
        has_sub = self.at(position) == "(" and position < end
        if enclosed and (self.at(position) or "end") not in ")([{":
            raise self._unexpected(start, position, "after the name", "')', '(', '[' or '{'")
        declaration = self.library.variables.get(name)
        if declaration is None or declaration.subname == ("none" if has_sub else "required"):
            raise names.unknown_variable(self.library, name, declaration, has_sub, start, position)
        sub: Any = None
        if has_sub:
            sub, position = self._sub(declaration, position + 1, end)
        if not enclosed:
            return VariableSpec(self.text[start:position], declaration, sub), position
        spec, position = self._enclosed(start, position, end, declaration, sub)
        return spec if context is None else replace(spec, context=context), position

    def _context(self, position: int, end: int) -> tuple[str, int]:
        """The word in `<...>`, and the position after it."""
        stop = self.text.find(">", position, end)
        if stop < 0:
            message = "the '<' of a context is never closed"
            raise TemplateError(message, position, end, "unknown-context", "add '>'")
        context = self.text[position + 1 : stop]
        if context not in self.library.contexts:
            raise names.unknown_context(context, sorted(self.library.contexts), position, stop + 1)
        return context, stop + 1

    def _enclosed(
        self, start: int, position: int, end: int, declaration: Variable, sub: Any
    ) -> tuple[VariableSpec, int]:
        """What may follow inside `$( )`: an index, transformations, the closing parenthesis."""
        index: Any = None
        transformations: Transformed = ()
        if self.at(position) == "[":
            index, position = self._index(declaration, sub, position + 1, end)
        if self.at(position) == "{":
            transformations, position = self._transformations(position, end)
        if self.at(position) != ")":
            raise self._unexpected(start, position, f"in {self.text[start:position]}", "')'")
        position += 1
        return VariableSpec(self.text[start:position], declaration, sub, index, transformations), position

    def _marker(self, start: int, position: int, enclosed: bool) -> tuple[VariableSpec, int]:
        if enclosed:
            if self.at(position) != ")":
                raise self._unexpected(start, position, "after '$($'", "')'")
            position += 1
        return VariableSpec(self.text[start:position], MARKER), position

    def _sub(self, declaration: Variable, start: int, end: int) -> tuple[Any, int]:
        """The text in parentheses, from after `(`: the name it means, and the position after `)`."""
        stop = self._matching(start, end, "(", ")", f"the parenthesis of ${declaration.name}(")
        if stop == start:
            raise TemplateError(
                f"${declaration.name}() has an empty name",
                start - 1,
                stop + 1,
                "bad-variable",
                "put a name between ( )",
            )
        if declaration.dynamic and self.text[start] == "$":
            # what follows the variable is ignored: $avp($var(x)y) is $avp($var(x))
            return self.variable(start, stop)[0], stop + 1
        text = self.text[start:stop]
        parse_name = declaration.behaviour.parse_name
        if parse_name is None:
            if declaration.computed == "format":
                self._check_format(text, start)
            return text, stop + 1
        try:
            more = (self.library,) if declaration.behaviour.name_library else ()
            return parse_name(text, *more), stop + 1
        except TemplateError as error:
            raise error.shifted(start) from None
        except ValueError as error:
            message = f"${declaration.name}({text}): {error}"
            raise TemplateError(message, start, stop, "bad-variable") from None

    def _check_format(self, text: str, start: int) -> None:
        """A name that is a format; nothing here reads the variable, so that it stays as it is written."""
        try:
            parse_format(text, self.library)
        except TemplateError as error:
            raise error.shifted(start) from None

    def _index(self, declaration: Variable, sub: Any, start: int, end: int) -> tuple[Any, int]:
        """The text in brackets, from after `[`: the index it means, and the position after `]`."""
        name = declaration.name
        if not declaration.index or (declaration.index_needs_name and sub is None):
            raise TemplateError(f"${name} takes no index", start - 1, start, "bad-variable", "remove [ ]")
        stop = self._matching(start, end, "[", "]", f"the bracket of ${name}[")
        text = self.text[start:stop]
        if declaration.index == "insert":
            return self._insertion(name, text, start, stop), stop + 1
        if declaration.index == "all" and text != "*":
            message = f"index {text!r} of ${name}: only [*] is possible, in for-each"
            raise TemplateError(message, start - 1, stop + 1, "bad-variable", f"write $({name}(...)[*])")
        if text.startswith("$"):
            return self.variable(start, stop)[0], stop + 1
        if text == "*":
            return ALL, stop + 1
        if declaration.append and text.lower() == "append":
            return APPEND, stop + 1
        digits = text.removeprefix("-")
        if not text or not DIGITS.issuperset(digits):
            message = f"index {text!r} of ${name} is no number" if text else f"the index of ${name} is empty"
            raise TemplateError(message, start - 1, stop + 1, "bad-variable", _index_hint(declaration))
        number = int(digits[-LOW_DIGITS:] or "0")
        return wrap(-number if text[0] == "-" else number), stop + 1

    def _insertion(self, name: str, text: str, start: int, stop: int) -> str:
        """`[insert]` and `[insertAfter]` of parts of an SDP."""
        if text not in INSERTIONS:
            message = f"index {text!r} of ${name}: only {' and '.join(f'[{word}]' for word in INSERTIONS)} are possible"
            hint = f"which one is meant stands in the name: $({name}([1]))"
            raise TemplateError(message, start - 1, stop + 1, "bad-variable", hint)
        return text

    def _matching(self, start: int, end: int, opening: str, closing: str, what: str) -> int:
        """The position of the closing bracket that belongs to the one before `start`."""
        depth, position = 0, start
        while position < end:
            character = self.text[position]
            if character == closing:
                if depth == 0:
                    return position
                depth -= 1
            elif character == opening:
                depth += 1
            position += 1
        raise TemplateError(f"{what} is never closed", start - 1, end, "bad-variable", f"add {closing!r}")

    def _unexpected(self, start: int, position: int, where: str, wanted: str) -> TemplateError:
        found = self.at(position)
        if not found:
            return TemplateError(f"the text ends {where}, expected {wanted}", start, len(self.text), "bad-variable")
        hint = "no blank may stand here" if found in BLANKS else None
        message = f"unexpected {found!r} {where}, expected {wanted}"
        return TemplateError(message, position, position + 1, "bad-variable", hint)

    # -- transformations ------------------------------------------------------------------------------------------

    def _transformations(self, start: int, end: int) -> tuple[Transformed, int]:
        """The chain that begins with the `{` at `start`, and the position after its last `}` and blanks."""
        found, position = [], start
        while self.at(position) == "{" and position < end:
            step, position = self._transformation(position, end)
            found.append(step)
            position = self.skip(position, end, " \t")
        return tuple(found), position

    def _transformation(self, brace: int, end: int) -> tuple[tuple[Transformation, tuple[Any, ...]], int]:
        stop = self._matching(brace + 1, end, "{", "}", "the brace of a transformation")
        dot = self.text.find(".", brace, stop)
        cls = self.text[brace + 1 : dot] if dot >= 0 else ""
        if not cls:
            raise names.no_class(self.library, self.text[brace + 1 : stop], brace, stop + 1)
        known = self.library.transformations_of(cls)
        if not known:
            raise names.unknown_class(self.library, cls, self.text[dot + 1 : stop], brace + 1, dot)
        position, prefix = dot + 1, list[Any]()
        if known[0].indexed:
            position, prefix = self._leading_index(position, stop)
        name_end = min((i for i in (self.text.find(",", position, stop),) if i >= 0), default=stop)
        name = self.text[position:name_end].strip(BLANKS)
        transformation = names.find_transformation(known, name)
        if transformation is None:
            raise names.unknown_transformation(self.library, known, cls, name, brace, stop + 1)
        params = self._parameters(transformation, prefix, name_end, stop)
        return (transformation, self._prepared(transformation, params, brace, stop + 1)), stop + 1

    def _prepared(self, transformation: Transformation, params: list[Any], start: int, end: int) -> tuple[Any, ...]:
        """The parameters after the transformation's own look at its literals."""
        behaviour = transformation.behaviour
        if behaviour.prepare is None:
            return tuple(params)
        written = tuple(None if isinstance(p, VariableSpec) else p for p in params)
        more = (self.library,) if behaviour.prepare_library else ()
        try:
            prepared = behaviour.prepare(written, *more)
        except ValueError as error:
            message = f"{{{transformation.full_name}}}: {error}"
            raise TemplateError(message, start, end, "bad-transformation", f"write {_usage(transformation)}") from None
        return tuple(p if isinstance(p, VariableSpec) else q for p, q in zip(params, prepared, strict=True))

    def _leading_index(self, position: int, stop: int) -> tuple[int, list[Any]]:
        """`2.` or `$var(i).` before the name of an indexed transformation; index 0 where there is none."""
        dot, comma = self.text.find(".", position, stop), self.text.find(",", position, stop)
        if dot < 0 or 0 <= comma < dot:
            return position, [0]
        value, _ = self._number(self.skip(position, dot), dot, "an index before the name")
        return dot + 1, [value]

    def _parameters(self, transformation: Transformation, prefix: list[Any], position: int, end: int) -> list[Any]:
        """The parameters as written: int or str for literals, VariableSpec for variables."""
        found = prefix.copy()
        for number, param in enumerate(transformation.params):
            position = self.skip(position, end) if number else position
            if position >= end or self.text[position] != ",":
                self._check_absent(transformation, param, position, end)
                return found
            value, position = self._parameter(transformation, param, position + 1, end)
            found.append(value)
        if transformation.tail == "refused" and self.skip(position, end) < end:
            raise self._surplus(transformation, position, end)
        return found

    def _check_absent(self, transformation: Transformation, param: Param, position: int, end: int) -> None:
        if not param.optional:
            message = f"{{{transformation.full_name}}} lacks its parameter {param.name!r}"
            raise TemplateError(message, position, end + 1, "bad-transformation", f"write {_usage(transformation)}")
        if position < end and transformation.tail != "anywhere":
            raise self._surplus(transformation, position, end)

    def _surplus(self, transformation: Transformation, position: int, end: int) -> TemplateError:
        message = f"unexpected {self.text[position:end].strip(BLANKS)!r} in {{{transformation.full_name}}}"
        return TemplateError(message, position, end, "bad-transformation", f"write {_usage(transformation)}")

    def _parameter(self, transformation: Transformation, param: Param, position: int, end: int) -> tuple[Any, int]:
        if param.type == "char":
            # the closing brace itself may be the character: {s.select,1,}
            return self.text[position], position + 1
        position = self.skip(position, end)
        if param.type == "int":
            return self._number(position, end, f"parameter {param.name!r} of {{{transformation.full_name}}}")
        if self.text[position] == "$" and position < end:
            return self.variable(position, end)
        stop = position
        while stop < end:
            character = self.text[stop]
            if character in ",}" and (stop == position or self.text[stop - 1] != "\\"):
                break
            if character in BLANKS and param.type == "string":
                break
            stop += 1
        return self.text[position:stop], stop

    def _number(self, position: int, end: int, what: str) -> tuple[Any, int]:
        first = self.text[position] if position < end else ""
        if first == "$":
            return self.variable(position, end)
        if first not in DIGITS and first not in ("+", "-"):
            found = self.text[position:end].strip(BLANKS)
            message = f"{what} is {found!r}, expected a number" if found else f"{what} is empty, expected a number"
            raise TemplateError(message, position, end, "bad-transformation", "a number or a variable")
        if first in "+-":
            position = self.skip(position + 1, end)
        stop = position
        while stop < end and self.text[stop] in DIGITS:
            stop += 1
        number = int(self.text[position:stop][-LOW_DIGITS:] or "0")
        return wrap(-number if first == "-" else number), stop


def _usage(transformation: Transformation) -> str:
    return "{" + ",".join([transformation.full_name, *(p.name for p in transformation.params)]) + "}"


def _index_hint(declaration: Variable) -> str:
    return "a number, a variable, '*'" + (" or 'append'" if declaration.append else "")
