"""Parameters of module sqlops: databases by number, the table of stored AVPs and its columns, AVP schemes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field, replace
from functools import partial
from typing import Final

from evroute_kernel.library import modparams
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Process
from evroute_kernel.runtime.values import fold
from evroute_kernel.runtime.versions import ServerVersion

MODULE: Final = "sqlops"
SQLITE: Final = "sqlite:"
#: parameter -> attribute of `Columns`
_COLUMNS: Final = {f"{name}_column": name for name in ("uuid", "username", "domain", "attribute", "value", "type")}
_NUMBERED: Final = re.compile(r"\s*(?P<number>[+-]?\d+)?\s*(?P<url>.*)", re.S | re.A)
_SCHEME: Final = re.compile(r"\s*(?P<name>[^\s:]+)\s*:\s*(?P<attributes>\S.*)", re.S)
_ATTRIBUTE: Final = re.compile(r"(?P<key>[^\s=]+)\s*=\s*(?P<value>[^\s;]+)\s*(?:;|$)\s*")
_SCHEME_COLUMNS: Final = {f"{name}_col": name for name in ("uuid", "username", "domain", "value")}
#: attribute of a scheme -> what "value_type" may be
_VALUE_TYPES: Final = ("string", "integer")


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of a table that holds AVPs."""

    uuid: str = "uuid"
    username: str = "username"
    domain: str = "domain"
    attribute: str = "attribute"
    value: str = "value"
    type: str = "type"


@dataclass(frozen=True, slots=True)
class Scheme:
    """A table of AVP values without names: `modparam("sqlops", "db_scheme", "name: table=t;value_col=v")`."""

    name: str
    table: str | None
    columns: dict[str, str]
    integers: bool = False

    def apply(self, columns: Columns) -> Columns:
        """The columns with those that the scheme names otherwise."""
        return replace(columns, **self.columns)


@dataclass(frozen=True, slots=True)
class Configuration:
    """All parameters. `urls` holds databases by number in the order given; the default one is 0, else the first."""

    urls: dict[int, str] = field(default_factory=dict)
    schemes: dict[str, Scheme] = field(default_factory=dict)
    columns: Columns = Columns()
    table: str = "usr_preferences"
    use_domain: bool = False
    bigint_as_text: bool = False

    def url(self, number: int | None) -> str | None:
        """The URL of a database; None when there is none of that number."""
        if number is None:
            return self.urls.get(0, next(iter(self.urls.values()), None))
        return self.urls.get(number)


def configuration(process: Process) -> Configuration:
    """What the parameters of this process say."""
    build = _BUILD[process.settings.version]
    return modparams.derived(process, MODULE, ("db_url", "db_scheme", *_COLUMNS, *_OTHERS), build)


_OTHERS: Final = ("usr_table", "use_domain", "bigint_to_str")


def _build(
    use_domain: bool, urls: modparams.Values, schemes: modparams.Values, *rest: modparams.Values
) -> Configuration:
    """`use_domain` counts where the parameter is not given."""
    given = dict(zip((*_COLUMNS, *_OTHERS), (values[-1] if values else None for values in rest), strict=True))
    names = {attribute: str(given[key]) for key, attribute in _COLUMNS.items() if given[key] is not None}
    return Configuration(
        dict(parse_url(str(url)) for url in urls),
        {fold(scheme.name): scheme for scheme in (parse_scheme(str(text)) for text in schemes)},
        Columns(**names),
        str(given["usr_table"] or Configuration().table),
        use_domain if given["use_domain"] is None else bool(given["use_domain"]),
        bool(given["bigint_to_str"]),
    )


#: by version of the server: the parts of a URI that sql_avp_load and its kin take without being told
_BUILD: Final[dict[ServerVersion, Callable[..., Configuration]]] = {
    "3.6": partial(_build, False),
    "4.0": partial(_build, True),
}


def parse_url(text: str) -> tuple[int, str]:
    """`2 sqlite:///file` -> its number (0 when there is none) and the URL."""
    found = _NUMBERED.fullmatch(text)
    assert found is not None
    return int(found["number"] or 0), found["url"]


def parse_scheme(text: str) -> Scheme:
    """`name: uuid_col=..;username_col=..;domain_col=..;value_col=..;table=..;value_type=integer`. Raises ValueError."""
    head = _SCHEME.fullmatch(text)
    if head is None:
        raise ValueError(f"{text!r} is no scheme, expected name: attribute=value;...")
    attributes: dict[str, str] = {}
    position, text = 0, head["attributes"]
    while position < len(text):
        found = _ATTRIBUTE.match(text, position)
        if found is None:
            raise ValueError(f"{text[position:]!r} is no attribute of a scheme, expected attribute=value")
        key, position = fold(found["key"]), found.end()
        if key not in (*_SCHEME_COLUMNS, "table", "value_type"):
            known = ", ".join((*_SCHEME_COLUMNS, "table", "value_type"))
            raise ValueError(f"a scheme has no attribute {found['key']!r}: it has {known}")
        if key in attributes and key != "value_type":
            raise ValueError(f"the attribute {key} is given twice")
        attributes[key] = found["value"]
    value_type = fold(attributes.get("value_type", "string"))
    if value_type not in _VALUE_TYPES:
        raise ValueError(f"{value_type!r} is no value_type, expected {' or '.join(_VALUE_TYPES)}")
    columns = {name: attributes[key] for key, name in _SCHEME_COLUMNS.items() if key in attributes}
    return Scheme(head["name"], attributes.get("table"), columns, value_type == "integer")


def check_modparam(parameter: str, value: int | str) -> str | None:
    """What the server refuses when it starts."""
    if parameter == "db_url":
        url = parse_url(str(value))[1]
        if url.startswith(SQLITE) and not url.startswith(f"{SQLITE}//"):
            return f"{url!r} is no URL, expected {SQLITE}///path/to/file"
    if parameter == "db_scheme":
        try:
            parse_scheme(str(value))
        except ValueError as error:
            return str(error)
    return None
