"""Module rest_client: HTTP requests. They are made when the session says `%config network=on`; else they are stubs.

A request blocks the worker, as on the server. The asynchronous forms do the same here, and trim what they hand over,
which the server's do not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import function
from evroute_kernel.library.references import Reference
from evroute_kernel.library.stubs import call_stub
from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.values import decode

if TYPE_CHECKING:
    import ssl

    from evroute_kernel.library.http_transfer import Limits, Outcome

MODULE: Final = "rest_client"
TLS_MODULE: Final = "tls_mgm"
SIMULATED_WHEN: Final = "%config network=on"
#: lines for the head of the next request of this process
HEADERS: Final = "rest_client headers"
#: (certificate, private key) for the next request of this process
CERTIFICATE: Final = "rest_client certificate"
HEADER_LIMIT: Final = 1023
CONTENT_TYPE_LIMIT: Final = 63
#: seconds; of a connection when its limit is 0
DEFAULT_TIMEOUT: Final = 20
LONGEST_CONNECT: Final = 300
#: KB
DEFAULT_SIZE: Final = 10240
FAILED: Final = -10


def on_network(name: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Say what a function does when the session may use the network; otherwise it is a stub."""

    def declare(run: Callable[..., int]) -> Callable[..., int]:
        def call(context: Context, *arguments: Any) -> int:
            if not context.process.settings.network:
                return call_stub(context, *arguments, name=name)
            return run(context, *arguments)

        call.__doc__ = run.__doc__
        return function(name, simulated_when=SIMULATED_WHEN)(call)

    return declare


# -- parameters -------------------------------------------------------------------------------------------------------


def _limits(process: Process) -> Limits:
    """Seconds and bytes that the module parameters allow. Raises ValueError for a negative number."""
    from evroute_kernel.library.http_transfer import Limits

    total = modparams.integer(process, MODULE, "curl_timeout", DEFAULT_TIMEOUT)
    connect = min(modparams.integer(process, MODULE, "connection_timeout", DEFAULT_TIMEOUT), total)
    if connect < 0:
        raise ValueError("connection_timeout and curl_timeout must not be negative")
    size = modparams.integer(process, MODULE, "max_transfer_size", DEFAULT_SIZE)
    return Limits(connect or LONGEST_CONNECT, total or None, size * 1024)


def _tls(process: Process, certificate: tuple[str, str | None] | None) -> ssl.SSLContext:
    """How https checks the other side, and what it shows of its own. Raises OSError for files that cannot be used."""
    import ssl

    context = ssl.create_default_context()
    capath = modparams.text(process, MODULE, "ssl_capath")
    if capath is not None:
        context.load_verify_locations(capath=decode(capath))
    if not modparams.integer(process, MODULE, "ssl_verifyhost", 1):
        context.check_hostname = False
    if not modparams.integer(process, MODULE, "ssl_verifypeer", 1):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        context.load_cert_chain(*certificate)
    return context


def _of_domain(process: Process, parameter: str, domain: str) -> str | None:
    """The value that `modparam("tls_mgm", parameter, "[domain]value")` gave last."""
    head = f"[{domain}]"
    given = [str(v) for v in modparams.values(process, TLS_MODULE, parameter) if str(v).startswith(head)]
    return decode(given[-1].removeprefix(head)) if given else None


# -- requests ---------------------------------------------------------------------------------------------------------


def _perform(context: Context, method: str, url: str, body: str | None, content_type: str | None) -> Outcome:
    """One request, with the headers and the certificate that wait for it."""
    # costs time and memory that few sessions need
    from evroute_kernel.library.http_transfer import Outcome, Request, transfer

    state = context.process.state
    headers: list[str] = state.pop(HEADERS, [])
    certificate = state.pop(CERTIFICATE, None)
    if content_type:
        headers.append(f"Content-Type: {content_type}"[:CONTENT_TYPE_LIMIT])
    request = Request(method, url.partition("\0")[0], headers, body)
    try:
        limits = _limits(context.process)
        tls = _tls(context.process, certificate) if url[:6].lower() == "https:" else None
    except (OSError, ValueError) as error:
        return Outcome().failed(FAILED, str(error))
    return transfer(request, limits, tls)


def _request(
    context: Context,
    method: str,
    url: str,
    outputs: tuple[Reference, Reference | None, Reference | None],
    body: str | None = None,
    content_type: str | None = None,
) -> int:
    """Make a request and hand over what came: the HTTP code always, the rest unless it failed without a response."""
    from evroute_kernel.library.http_transfer import TRANSFER_TIMEOUT

    outcome = _perform(context, method, url, body, content_type)
    if outcome.problem:
        context.error(f"{method} {url!r}: {outcome.problem}")
    body_pv, ctype_pv, retcode_pv = outputs
    if retcode_pv is not None and not retcode_pv.store(context, outcome.status):
        return FAILED
    if outcome.code < 0 and outcome.code != TRANSFER_TIMEOUT:
        return outcome.code
    if not body_pv.set(context, "=", outcome.body.decode("latin-1").strip(" \t\r\n")):
        return FAILED
    if ctype_pv is not None and not ctype_pv.set(context, "=", outcome.content_type.strip(" \t\r\n")):
        return FAILED
    return outcome.code


# -- functions --------------------------------------------------------------------------------------------------------


@on_network("rest_get")
def rest_get(
    context: Context, url: str, body_pv: Reference, ctype_pv: Reference | None, retcode_pv: Reference | None
) -> int:
    """Get a URL: the body, its content type and the HTTP code (0 without a response) are stored in variables.

    Blanks around the body go. Redirects are not followed; any HTTP code is a success. A stub unless the session says
    `%config network=on`. Returns 1; -1 connection refused; -2 no connection in `connection_timeout` seconds; -3 no
    whole response in `curl_timeout` seconds, what came is stored; -10 for other failures.
    """
    return _request(context, "GET", url, (body_pv, ctype_pv, retcode_pv))


@on_network("rest_post")
def rest_post(
    context: Context,
    url: str,
    send_body: str,
    send_ctype: str | None,
    recv_body_pv: Reference,
    recv_ctype_pv: Reference | None,
    retcode_pv: Reference | None,
) -> int:
    """Post a body to a URL; no content type is sent unless one is given. Otherwise as rest_get.

    The content type is cut after 49 bytes, as on the server. Returns what rest_get returns.
    """
    return _request(context, "POST", url, (recv_body_pv, recv_ctype_pv, retcode_pv), send_body, send_ctype)


@on_network("rest_put")
def rest_put(
    context: Context,
    url: str,
    send_body: str,
    send_ctype: str | None,
    recv_body_pv: Reference,
    recv_ctype_pv: Reference | None,
    retcode_pv: Reference | None,
) -> int:
    """Put a body to a URL, as rest_post posts it.

    Returns what rest_get returns.
    """
    return _request(context, "PUT", url, (recv_body_pv, recv_ctype_pv, retcode_pv), send_body, send_ctype)


@on_network("rest_append_hf")
def rest_append_hf(context: Context, txt: str) -> int:
    """Add a line such as `X-Token: abc` to the head of the next request of this process.

    `Accept:` without a value drops that header. Returns 1; -1 for a line of more than 1023 bytes.
    """
    if len(txt) > HEADER_LIMIT:
        context.error(f"rest_append_hf(): a header of {len(txt)} bytes is too long: the server takes {HEADER_LIMIT}")
        return -1
    context.process.state.setdefault(HEADERS, []).append(txt.partition("\0")[0])
    return 1


@on_network("rest_init_client_tls")
def rest_init_client_tls(context: Context, tls_client_domain: str) -> int:
    """Show the certificate of a TLS domain in the next https request of this process.

    The domain is one of modparam("tls_mgm", "client_domain", "name"), its files are those of "certificate" and
    "private_key", "[name]/path". Returns 1; -1 when there is no such domain.
    """
    process = context.process
    if tls_client_domain not in modparams.values(process, TLS_MODULE, "client_domain"):
        context.error(
            f"there is no TLS domain {tls_client_domain!r}; add"
            f' modparam("{TLS_MODULE}", "client_domain", "{tls_client_domain}")'
        )
        return -1
    certificate = _of_domain(process, "certificate", tls_client_domain)
    key = _of_domain(process, "private_key", tls_client_domain)
    process.state[CERTIFICATE] = None if certificate is None else (certificate, key)
    return 1
