"""Module regex: Perl-compatible patterns, single ones and groups of them from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import function
from evroute_kernel.library.formats import pcre
from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.files import FileError, read_bytes
from evroute_kernel.runtime.values import encode

if TYPE_CHECKING:
    import regex as regex_package

MODULE: Final = "regex"
DEFAULT_GROUPS: Final = 20
DEFAULT_GROUP_SIZE: Final = 8192
LINE_LIMIT: Final = 500
FLAGS: Final = ("caseless", "multiline", "dotall", "extended")

Pattern: TypeAlias = "regex_package.Pattern[str]"


class GroupFileError(ValueError):
    """The file of pattern groups cannot be used."""


def has_groups(process: Process) -> bool:
    """Whether scripts name a file of groups."""
    return modparams.text(process, MODULE, "file") is not None


def flags(process: Process) -> dict[str, bool]:
    """The options of patterns. They have an effect only when there is a file of groups, as on the server."""
    if not has_groups(process):
        return {}
    return {flag: modparams.integer(process, MODULE, f"pcre_{flag}", 0) != 0 for flag in FLAGS}


def read_groups(text: str, max_groups: int = DEFAULT_GROUPS, max_size: int = DEFAULT_GROUP_SIZE) -> list[str]:
    """The pattern of each group of a file: `[0]` begins a group, each further line is an alternative of it.

    Lines that begin with a blank or `#` are comments. A group without lines matches the empty text alone. Raises
    GroupFileError.
    """
    groups: list[list[str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line[0].isspace() or line[0] == "#":
            continue
        if line[0] == "[":
            groups.append([])
        elif not groups:
            raise GroupFileError(f"line {number} stands before the first group, which begins with [0]")
        elif len(line) >= LINE_LIMIT - 2:
            raise GroupFileError(f"line {number} is longer than {LINE_LIMIT - 3} bytes")
        else:
            groups[-1].append(f"({line})")
    if len(groups) > max_groups:
        raise GroupFileError(f"{len(groups)} groups, at most {max_groups} are allowed (max_groups)")
    patterns = [f"({'|'.join(lines)})" if lines else "^$" for lines in groups]
    if any(len(pattern) >= max_size for pattern in patterns):
        raise GroupFileError(f"a group is longer than {max_size} bytes (group_max_size)")
    return patterns


def load_groups(process: Process) -> list[Pattern]:
    """The groups of the configured file, read once for each process. Raises GroupFileError."""
    path = modparams.text(process, MODULE, "file") or ""
    known = process.state.get("regex groups")
    if known is None or known[0] != path:
        try:
            data = read_bytes(Path(path))
        except FileError as error:
            raise GroupFileError(f"{path}: {error.reason}") from None
        text = encode(data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n"))
        sizes = (
            modparams.integer(process, MODULE, "max_groups", DEFAULT_GROUPS),
            modparams.integer(process, MODULE, "group_max_size", DEFAULT_GROUP_SIZE),
        )
        try:
            groups = [pcre.compile(pattern, **flags(process)) for pattern in read_groups(text, *sizes)]
        except (GroupFileError, pcre.PcreError) as error:
            raise GroupFileError(f"{path}: {error}") from None
        known = process.state["regex groups"] = (path, groups)
    found: list[Pattern] = known[1]
    return found


@function("pcre_match")
def pcre_match(context: Context, string: str, pcre_regex: str) -> int:
    """Match a text against a Perl-compatible pattern, with regard to letter case: `(?i)` in front ignores it.

    A pattern in quotes is a format, so the end of the text is written `$$`. Returns 1 for a match, -1 for none, -4 when
    the pattern makes no sense.
    """
    try:
        pattern = pcre.compile(pcre_regex, **flags(context.process))
    except pcre.PcreError as error:
        context.error(f"{pcre_regex!r} is no pattern: {error}")
        return -4
    return 1 if pattern.search(string) else -1


@function("pcre_match_group")
def pcre_match_group(context: Context, string: str, group: int | None) -> int:
    """Match a text against a group of patterns (0 when left out) of the file that modparam("regex", "file") names.

    Returns 1 for a match, -1 for none, -2 without a file, -4 for a group that the file does not have.
    """
    if not has_groups(context.process):
        context.error('there are no pattern groups: name their file with modparam("regex", "file", "...")')
        return -2
    try:
        groups = load_groups(context.process)
    except GroupFileError as error:
        context.error(str(error))
        return -2
    number = group or 0
    if not 0 <= number < len(groups):
        context.error(f"there is no pattern group {number}: the file has {len(groups)}")
        return -4
    return 1 if groups[number].search(string) else -1
