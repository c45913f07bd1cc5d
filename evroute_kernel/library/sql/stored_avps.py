"""What sql_avp_load and its kin are told: whose AVPs, which of them, and where they are kept."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, Literal

from evroute_kernel.library.formats.sip_uri import BadUri, parse_uri
from evroute_kernel.library.references import Reference, reference
from evroute_kernel.library.sql.settings import Columns, Scheme
from evroute_kernel.library.sql.texts import Pair, equal
from evroute_kernel.library.sql.types import SqlError
from evroute_kernel.library.table import Library, in_process
from evroute_kernel.library.template import TemplateError, VariableSpec, parse_variable
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import fold, text_of, wrap

#: bytes of an AVP's name that a script computes or a table holds
NAME_LIMIT: Final = 64
#: in the column "type": the value is an integer; the name is one, which has no meaning any more
INTEGER_VALUE: Final = 1
INTEGER_NAME: Final = 2

Part = Literal["uuid", "uri", "username", "domain"]
_PARTS: Final[tuple[Part, ...]] = ("uuid", "uri", "username", "domain")
#: variables that hold a URI: they mean user and domain when nothing else is said
_URIS: Final = ("ru", "ou", "fu", "tu")
_EVERY: Final = re.compile(r"[siaSIA*](?P<flags>\d*)", re.ASCII)


class BadArgument(ValueError):
    """An argument that the server refuses."""


# -- whose AVPs -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Whose AVPs: a text or a variable, and what of it counts."""

    owner: str | Reference
    part: Part


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose AVPs, as a table knows them; None where it is not asked for."""

    uuid: str | None = None
    username: str | None = None
    domain: str | None = None

    def pairs(self, columns: Columns) -> list[Pair]:
        """The filter for the rows of this owner."""
        if self.uuid is not None:
            return [equal(columns.uuid, self.uuid)]
        given = ((columns.username, self.username), (columns.domain, self.domain))
        return [equal(column, text) for column, text in given if text is not None]


@lru_cache(256)
def parse_source(text: str, library: Library) -> Source:
    """`bob`, `$var(user)/uuid`, `sip:bob@example.org/uri`, `.../username`, `.../domain`. Raises BadArgument."""
    owner, slash, written = text.partition("/")
    part = next((p for p in _PARTS if p == fold(written)), None)
    if slash and part is None:
        raise BadArgument(f"{written!r} after the slash is unknown, expected {', '.join(_PARTS)}")
    if not owner.startswith("$"):
        return Source(owner, part or "uuid")
    variable = _variable(owner, library)
    meant: Part = "uri" if variable.declaration.name in _URIS else "uuid"
    return Source(reference(variable.text, library), part or meant)


def owner_of(context: Context, source: Source, use_domain: bool) -> Owner:
    """Evaluate a source. Raises SqlError when it is null, or no URI where one is needed."""
    text = source.owner if isinstance(source.owner, str) else text_of(source.owner.get(context))
    if text is None:
        raise SqlError("the first argument is null")
    if source.part == "uuid":
        return Owner(uuid=text)
    try:
        uri = parse_uri(text)
    except BadUri as error:
        raise SqlError(f"{text!r} is no URI: {error}") from None
    username = domain = None
    if source.part in ("uri", "username"):
        username = uri.user
        if not username:
            raise SqlError(f"the URI {text!r} has no user")
    if source.part == "domain" or (source.part == "uri" and use_domain):
        domain = uri.host
    if source.part in ("uri", "domain") and not uri.host:
        raise SqlError(f"the URI {text!r} has no host")
    return Owner(None, username, domain)


# -- which AVPs -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """One AVP or all (None), and the table or the scheme that are named."""

    avp: Reference | None
    table: str | None = None
    scheme: str | None = None


@lru_cache(256)
def parse_wanted(text: str, library: Library) -> Wanted:
    """`$avp(x)`, or `*` for all (also `a`, `s`, `i`), with `/table` or `/$scheme` behind it. Raises BadArgument."""
    name, slash, place = text.partition("/")
    if slash and place in ("", "$"):
        raise BadArgument("the name of a table or scheme is missing after the slash")
    avp = None
    if name.startswith("$"):
        variable = _variable(name, library)
        if variable.declaration.name != "avp" or variable.text != name:
            raise BadArgument(f"{name} is not an AVP")
        avp = reference(name, library)
    else:
        every = _EVERY.fullmatch(name)
        if every is None:
            raise BadArgument(f"{name!r} is neither an AVP nor '*'")
    if not place.startswith("$"):
        return Wanted(avp, place or None)
    if avp is None:
        raise BadArgument("a scheme holds the values of one AVP: name it")
    return Wanted(avp, None, place[1:])


def name_of(context: Context, avp: Reference) -> str:
    """The name of an AVP, computed where the script writes it so. Raises SqlError."""
    name: Any = avp.spec.name
    if not isinstance(name, VariableSpec):
        return str(name)
    computed = text_of(reference(name.text, in_process(context.process)).get(context))
    if computed is None:
        raise SqlError(f"the name of {avp.text} is null")
    if len(computed) >= NAME_LIMIT:
        raise SqlError(f"the name {computed[:16]!r}... of an AVP is too long: the server takes {NAME_LIMIT - 1} bytes")
    return computed


def _variable(text: str, library: Library) -> VariableSpec:
    try:
        return parse_variable(text, library)
    except TemplateError as error:
        raise BadArgument(error.message) from None


# -- their values -----------------------------------------------------------------------------------------------------


def loaded(value: int | float | str | None, integer: bool) -> int | str:
    """The value of an AVP from its column. Raises SqlError for one that cannot be."""
    if value is None or isinstance(value, float):
        raise SqlError(f"a row holds {'NULL' if value is None else 'a REAL'} as value")
    if isinstance(value, int):
        return wrap(value) if integer else _unsigned(wrap(value))
    if not integer:
        return value
    if not (value.isdecimal() and value.isascii()):
        raise SqlError(f"a row says that {value!r} is an integer")
    return wrap(int(value[-4300:]))


def stored_text(value: int | str) -> str:
    """How a table holds the value of an AVP; a negative integer stands there as its 64 bits."""
    return _unsigned(value) if isinstance(value, int) else value


def _unsigned(number: int) -> str:
    return str(number % 2**64)


def scheme_columns(columns: Columns, scheme: Scheme | None) -> Columns:
    """The columns in force."""
    return columns if scheme is None else scheme.apply(columns)
