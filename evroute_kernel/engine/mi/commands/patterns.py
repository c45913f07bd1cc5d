"""The patterns of module regex."""

from __future__ import annotations

import re
from typing import Final

from evroute_kernel.engine.mi.arguments import Arguments
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import CommandError
from evroute_kernel.library.formats import pcre
from evroute_kernel.library.functions import regex
from evroute_kernel.runtime.values import encode

#: as C reads a number: what follows it does not matter, and what is none is 0
_NUMBER: Final = re.compile(r"[ \t-\r]*([+-]?[0-9]+)")


@command("regex_reload", "regex:reload", exporter="regex")
def regex_reload(management: Management, given: Arguments) -> str:
    """403 where scripts name no file of pattern groups. Else refused: here each worker reads it once."""
    if not regex.has_groups(management.process()):
        raise CommandError(403, "Group matching not enabled")
    raise CommandError(500, "Internal error", "here each worker reads the groups once, and a new session anew")


@command("regex_match", "regex:match", "string pcre_regex", exporter="regex")
def regex_match(management: Management, given: Arguments) -> str:
    """Tell whether a text matches a Perl-compatible pattern: `Match` or `Not Match`."""
    text, pattern = encode(given.text("string")), encode(given.text("pcre_regex"))
    try:
        compiled = pcre.compile(pattern, **regex.flags(management.process()))
    except pcre.PcreError:
        raise CommandError(500, "Error pcre_re compilation") from None
    return _told(compiled.search(text))


@command("regex_match_group", "regex:match_group", "string group", exporter="regex")
def regex_match_group(management: Management, given: Arguments) -> str:
    """Tell whether a text matches a group of patterns of the file that scripts name."""
    text, group = encode(given.text("string")), _NUMBER.match(given.text("group"))
    number = int(group[1]) if group else 0
    if number < 0:
        raise CommandError(500, "Error invalid pcre index")
    if not regex.has_groups(management.process()):
        raise CommandError(500, "Error group matching is disabled")
    groups = _groups(management)
    if number >= len(groups):
        raise CommandError(500, "Error invalid pcre index")
    return _told(groups[number].search(text))


def _groups(management: Management) -> list[regex.Pattern]:
    try:
        return regex.load_groups(management.process())
    except regex.GroupFileError as error:
        raise CommandError(500, "Internal error", str(error)) from None


def _told(found: object) -> str:
    return "Not Match" if found is None else "Match"
