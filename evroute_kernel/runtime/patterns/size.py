"""How large a regular expression grows when it is compiled.

glibc writes repeats out (`x{3}` is three x, `x+` is two), recurses into groups, and needs memory by the square of the
number of elements that may be empty. A short pattern can so take gigabytes, or overflow the stack, and with it the
process. `is_too_big` refuses such patterns; no pattern that people write comes near the limits.
"""

from __future__ import annotations

from typing import Final, NamedTuple

#: elements once repeats are written out: about 5 kB each at worst
ELEMENT_LIMIT: Final = 100_000
#: of these, those that branch or may be empty: some 200 MB at the limit
BRANCH_LIMIT: Final = 5_000
DEPTH_LIMIT: Final = 1_000
#: an anchor behind another one costs as much as many branches
ANCHOR_COST: Final = 10


class Size(NamedTuple):
    """Elements and branches of a piece of a pattern, repeats written out."""

    elements: int = 0
    branches: int = 0

    def __add__(self, other: Size) -> Size:  # type: ignore[override]
        return Size(self.elements + other.elements, self.branches + other.branches)

    def __mul__(self, times: int) -> Size:  # type: ignore[override]
        return Size(self.elements * times, self.branches * times)


def is_too_big(pattern: str) -> bool:
    """Whether compiling the pattern would take absurd time, memory or stack."""
    size, depth = measure(pattern)
    return size.elements > ELEMENT_LIMIT or size.branches > BRANCH_LIMIT or depth > DEPTH_LIMIT


def measure(pattern: str) -> tuple[Size, int]:
    """The size of a pattern, and how deep its groups nest. Broken patterns are measured as far as they make sense."""
    open_groups = [Size()]
    depth, i = 1, 0
    last = Size()  # what a repeat at this place would apply to
    while i < len(pattern):
        c = pattern[i]
        i += 1
        if c == "(":
            open_groups.append(Size(0, 1))
            depth = max(depth, len(open_groups))
            last = Size()
            continue
        if c in "{+*?":
            times, i = (_times(pattern, i)) if c == "{" else (2 if c == "+" else 1, i)
            added = last * (times - 1) + Size(0, c in "*?")
            last += added
            open_groups[-1] += added
            continue
        if c == ")" and len(open_groups) > 1:
            last = open_groups.pop()
        elif c == "[":
            last, i = Size(1), _bracket_end(pattern, i)
        elif c in "|^$":
            last = Size(1, 1 if c == "|" else ANCHOR_COST)
        else:
            last, i = Size(1), i + (c == "\\")
        open_groups[-1] += last
    return sum(open_groups, Size()), depth


def _times(pattern: str, i: int) -> tuple[int, int]:
    """How often the repeat whose inside starts at `i` writes its element, and the place behind it."""
    end = pattern.find("}", i)
    if end < 0:
        return 1, len(pattern)
    # larger numbers than the library takes are refused anyway
    bounds = [int(n) for n in pattern[i:end].split(",") if n.isdecimal() and len(n) < 6]
    return max(1, *bounds) if bounds else 1, end + 1


def _bracket_end(pattern: str, i: int) -> int:
    """The place behind a bracket expression whose inside starts at `i`."""
    i += pattern.startswith("^", i)
    i += pattern.startswith("]", i)
    while i < len(pattern) and pattern[i] != "]":
        if pattern[i : i + 2] in ("[:", "[.", "[="):
            end = pattern.find(pattern[i + 1] + "]", i + 2)
            i = end + 1 if end >= 0 else i
        i += 1
    return i + 1
