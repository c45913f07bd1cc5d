"""Where statements begin in the byte code of a route, and how single ones of them are marked.

Generated code stores the index of a statement in `at` before it runs. In a marked statement it stores it in its context
instead (`Context.__setitem__`), which tells: one operand of one instruction is another one, so that all other
statements cost what they always do. Python's own tracing gives the offset of the instruction that is about to run; a
statement is found by it (`marks`).
"""

from __future__ import annotations

import dis
from collections.abc import Iterator, Sequence
from itertools import pairwise
from types import CodeType
from typing import Final

from evroute_kernel.records import dataclass

#: how the names begin that stand in a route's globals for what gives the elements of a collection
ITERATES: Final = "iterate_"
#: runtime functions that take the index of a call inside of an expression
INSIDE: Final = ("call_inside", "route_inside")
#: where a route finds its context, and the place of the running statement; the head of a loop has a name for it that
#: begins like this
_CONTEXT: Final = "c"
_PLACE: Final = "at"
_HEAD: Final = "untraced_"
#: instructions after the name of a function, among which its second argument is
_CALL: Final = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """A statement begins where the instruction at this offset runs. `load`: that which loads what its index is stored
    in, -1 where there is none. `is_round`: the head of a loop, at each round, also the first."""

    offset: int
    statement: int
    load: int = -1
    is_round: bool = False


def marks(code: CodeType) -> list[Mark]:
    """Those of one code, in order; blocks inside of conditions have a code of their own."""
    return list(_marks(list(dis.get_instructions(code))))


def _marks(code: Sequence[dis.Instruction]) -> Iterator[Mark]:
    latest = -1
    for place, instruction in enumerate(code):
        name = instruction.argval
        if instruction.opname == "STORE_SUBSCR":
            value, container = code[place - 3], code[place - 2].argval
            if type(value.argval) is not int or not isinstance(container, str):
                continue
            if container in (_PLACE, _CONTEXT) or container.startswith(_HEAD):
                latest = value.argval
                yield Mark(instruction.offset, latest, code[place - 2].offset, container.startswith(_HEAD))
        elif instruction.opname == "LOAD_GLOBAL" and name in INSIDE:
            numbers = [each.argval for each in code[place + 1 : place + 1 + _CALL] if type(each.argval) is int]
            constants = [n for n in numbers if n >= 0]
            if constants:
                yield Mark(instruction.offset, constants[0])
        elif instruction.opname == "LOAD_GLOBAL" and str(name).startswith(ITERATES):
            yield Mark(instruction.offset, latest, is_round=True)


def marked(code: CodeType, statements: frozenset[int]) -> CodeType:
    """The code in which these tell: at the head of a loop at each round."""
    found = [mark for mark in marks(code) if mark.load >= 0]
    heads = {mark.statement for mark in found if mark.is_round}
    chosen = [m for m in found if m.statement in statements and (m.is_round or m.statement not in heads)]
    text = bytearray(code.co_code)
    for mark in chosen:
        text[mark.load + 1] = code.co_varnames.index(_CONTEXT)
        if mark.load and text[mark.load - 2] == dis.EXTENDED_ARG:
            text[mark.load - 1] = 0
    inner = tuple(marked(each, statements) if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_code=bytes(text), co_consts=inner)


def codes(code: CodeType) -> Iterator[CodeType]:
    """It, and those of the blocks inside of its conditions."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from codes(each)


def before(found: Sequence[Mark], offset: int) -> int:
    """The statement in which an instruction is; -1 where none has begun."""
    statement = -1
    for mark, after in pairwise([*found, Mark(1 << 30, -1)]):
        if mark.offset <= offset < after.offset:
            statement = mark.statement
    return statement
