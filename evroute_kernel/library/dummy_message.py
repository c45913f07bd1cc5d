"""The SIP request that an event_route runs with.

OpenSIPS gives every event_route the same built-in request. Scripts can change its request URI, destination, flags and
branches; the changes last until the run ends. Observed on OpenSIPS 3.6; language manual, "The dummy message".
"""

from __future__ import annotations

from dataclasses import field
from typing import Final, Literal

from evroute_kernel.library.formats.sip_uri import BadUri, SipUri, parse_uri
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Dual, Textless, Value

METHOD: Final = "DUMMY"
#: the server's number of a method it has no name for
METHOD_NUMBER: Final = 16384
ORIGINAL_URI: Final = "sip:user@dummy.com"
HEADERS: Final = (
    ("Via", "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKdummy"),
    ("To", "<sip:to@dummy.com>"),
    ("From", "<sip:from@dummy.com>;tag=1"),
    ("Call-ID", "dummy-1"),
    ("CSeq", "1 DUMMY"),
)
#: one-letter names of headers
COMPACT_NAMES: Final = {"v": "via", "t": "to", "f": "from", "i": "call-id"}
TEXT: Final = "\r\n".join([f"{METHOD} {ORIGINAL_URI} SIP/2.0", *(f"{name}: {body}" for name, body in HEADERS), "", ""])

#: the one socket of the simulated server
SOCKET: Final = ("udp", "127.0.0.1", 5060)
SOCKET_TEXT: Final = "udp:127.0.0.1:5060"

#: q of a branch that has none
NO_Q: Final = -1
MAX_Q: Final = 1000
#: bytes of a URI, and branches besides the request URI, that the server has room for
URI_LIMIT: Final = 1023
BRANCH_LIMIT: Final = 11

#: the two families of flags; names of one mean nothing in the other
MESSAGE_FLAGS: Final = "flags"
BRANCH_FLAGS: Final = "branch flags"

Part = Literal["user", "userpass", "host", "hostport", "port", "prefix", "strip", "strip_tail"]


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """What `$err.*` show: an error that the server has noted about the message."""

    eclass: int
    level: int
    info: str
    rcode: int
    rreason: str


BAD_REQUEST_URI: Final = ErrorInfo(eclass=1, level=3, info="error parsing r-uri", rcode=400, rreason="bad r-uri")


@dataclass(slots=True)
class Branch:
    """A further destination of the message."""

    uri: str
    q: int = NO_Q
    dst_uri: str | None = None
    path: str | None = None
    flags: set[str] = field(default_factory=set)
    socket: str | None = None
    attrs: dict[str, Value] = field(default_factory=dict)

    def copy(self) -> Branch:
        return Branch(self.uri, self.q, self.dst_uri, self.path, set(self.flags), self.socket, dict(self.attrs))


class DummyMessage:
    """The request and what the script has done to it. Branch 0 is the request URI itself: the message's own fields."""

    __slots__ = ("branches", "flags", "own")

    def __init__(self) -> None:
        #: branch 0; its uri is "" while the script has not changed the request URI
        self.own = Branch("")
        #: branches 1, 2, ...
        self.branches: list[Branch] = []
        self.flags: set[str] = set()

    # -- request URI ----------------------------------------------------------------------------------------------

    @property
    def uri(self) -> str:
        """The request URI, parsable or not."""
        return self.own.uri or ORIGINAL_URI

    def set_uri(self, uri: str) -> None:
        """Replace the request URI; an empty text brings the original back. Nothing is checked until it is read."""
        self.own.uri = uri
        if uri:
            self.own.q = NO_Q

    def parsed_uri(self, context: Context) -> SipUri | None:
        """The parts of the request URI. None when it is no URI: that is reported, and noted for error_route."""
        try:
            return parse_uri(self.uri)
        except BadUri as error:
            context.error(f"the request URI {self.uri!r} is no SIP URI: {error}")
            context.error_info = BAD_REQUEST_URI
            return None

    def rewrite(self, context: Context, part: Part, text: str = "", count: int = 0) -> bool:
        """Change one part of the request URI. False, with the reason reported, when it is no URI or grows too long."""
        try:
            uri = parse_uri(self.uri)
        except BadUri as error:
            context.error(f"the request URI {self.uri!r} is no SIP URI, so its {part} cannot be changed: {error}")
            return False
        if part in ("strip", "strip_tail") and count > len(uri.user or ""):
            context.warning(f"{part}({count}) takes more than the user {uri.user or ''!r} has: all of it goes")
        changed = _rewritten(uri, part, text, count)
        if len(changed) > URI_LIMIT:
            context.error(
                f"the new request URI would be {len(changed)} bytes long, the server has room for {URI_LIMIT}"
            )
            return False
        self.own.uri = changed
        return True

    def set_destination(self, context: Context, host: str | None = None, port: str | None = None) -> bool:
        """Change the host or the port of the destination URI. False, with the reason reported, if there is none."""
        if not self.own.dst_uri:
            context.error("there is no destination URI to change: set $du first")
            return False
        if host == "":
            context.error("the host of the destination URI cannot be empty")
            return False
        try:
            uri = parse_uri(self.own.dst_uri)
        except BadUri as error:
            context.error(f"the destination URI {self.own.dst_uri!r} is no SIP URI: {error}")
            return False
        user = _user_part(uri.user, uri.password) + ("@" if uri.user is not None else "")
        host = uri.host if host is None else host
        port = uri.port if port is None else port
        rest = (f":{port}" if port else "") + _tail(uri)
        self.own.dst_uri = uri.text[: uri.start] + user + host + rest
        return True

    # -- branches -------------------------------------------------------------------------------------------------

    def branch(self, number: int) -> Branch | None:
        """Branch 0 (the request URI) or an added one."""
        if number == 0:
            return self.own
        return self.branches[number - 1] if 0 < number <= len(self.branches) else None

    def append(self, context: Context, branch: Branch) -> bool:
        if len(self.branches) >= BRANCH_LIMIT:
            context.error(f"no more than {BRANCH_LIMIT} branches can be added to a message")
            return False
        if len(branch.uri) > URI_LIMIT:
            context.error(f"a branch URI of {len(branch.uri)} bytes is too long, the server has room for {URI_LIMIT}")
            return False
        self.branches.append(branch)
        return True

    def contact(self) -> str | None:
        """The destination set as a Contact header; None when nothing was changed or added."""
        shown = ([self.own] if self.own.uri else []) + self.branches
        if not shown:
            return None
        return "Contact: " + ", ".join(
            f"<{branch.uri}>" + (f";q={q_text(branch.q)}" if branch.q != NO_Q else "") for branch in shown
        )


def message_of(context: Context) -> DummyMessage:
    """The message of this run, made when it is first asked for."""
    message = context.message
    if message is None:
        message = context.message = DummyMessage()
    assert isinstance(message, DummyMessage)
    return message


def headers_named(name: str) -> list[str]:
    """Bodies of all headers of a name, letter case ignored."""
    folded = name.lower()
    folded = COMPACT_NAMES.get(folded, folded)
    return [body for known, body in HEADERS if known.lower() == folded]


def q_text(q: int) -> str:
    """A q value (0 to 1000) as headers write it: "0.5", "1"; "" for none."""
    if q == NO_Q:
        return ""
    if q >= MAX_Q:
        return "1"
    return "0" if q <= 0 else f"0.{q:03}".rstrip("0")


def is_bare(op: str, value: Value) -> bool:
    """Whether an assigned value is an integer without text form: a literal or a computed one, few are a variable's."""
    return type(value) is Textless or (isinstance(value, int | Dual) and op in ("=bare", ":=bare"))


# -- flags ------------------------------------------------------------------------------------------------------------


def use_flag(context: Context, family: str, name: str) -> str:
    """Note that a statement uses a flag; returns its name."""
    known: dict[str, int] = context.process.state.setdefault(family, {})
    known.setdefault(name, len(known))
    return name


def flag_list(context: Context, family: str, names: set[str]) -> str:
    """Names of flags as the server lists them: those it met later first.

    The server meets flags while it reads its configuration, this process when a statement first uses them. Only a
    script that does not use its flags in the order of the text can see the difference.
    """
    for name in sorted(names):
        use_flag(context, family, name)
    known: dict[str, int] = context.process.state.get(family, {})
    return " ".join(sorted(names, key=known.__getitem__, reverse=True))


# -- putting URIs together --------------------------------------------------------------------------------------------


def _rewritten(uri: SipUri, part: Part, text: str, count: int) -> str:
    user = _new_user(uri, part, text, count)
    password = None if part == "userpass" else uri.password
    before_host = _user_part(user, password)
    if before_host:
        before_host += "@"
    new_host = part in ("host", "hostport")
    host = text if new_host else uri.host
    port = "" if part == "hostport" else text if part == "port" else uri.port
    tail = _tail(uri, without_maddr=new_host)
    return uri.text[: uri.start] + before_host + host + (f":{port}" if port else "") + tail


def _new_user(uri: SipUri, part: Part, text: str, count: int) -> str:
    user = uri.user or ""
    if part in ("user", "userpass"):
        return text
    if part == "prefix":
        return text + user
    if part == "strip":
        return user[max(count, 0) :]
    return user[: max(len(user) - max(count, 0), 0)] if part == "strip_tail" else user


def _user_part(user: str | None, password: str | None) -> str:
    return (user or "") + ("" if password is None else f":{password}")


def _tail(uri: SipUri, without_maddr: bool = False) -> str:
    params = "" if uri.params is None else f";{uri.params}"
    if without_maddr and "maddr" in uri.known:
        before, _, after = params.rpartition(f";{uri.known['maddr'][0]}")
        params = before + after
    return params + ("" if uri.headers is None else f"?{uri.headers}")
