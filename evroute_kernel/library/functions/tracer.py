"""What the module tracer takes as the place that it sends to; its functions need SIP messages, and are stubs."""

from __future__ import annotations

from evroute_kernel.library.behaviour import check_modparams

_USAGE = "write [name]uri=..., and perhaps ;table=..."


def _check_trace_id(parameter: str, value: int | str) -> str | None:
    """`[name]uri=hep:id`, `[name]uri=mysql://...;table=sip_trace`: what the first key is, the rest is not looked at."""
    if parameter != "trace_id":
        return None
    text = str(value).strip(" \t\r\n")
    name, closed, rest = text.partition("]")
    if not name.startswith("[") or not closed:
        return f"{value!r} names no destination: {_USAGE}"
    key, equals, _ = rest.partition("=")
    if rest.strip() and (not equals or not key.strip().startswith(("uri", "table"))):
        return f"{rest!r} is neither an uri nor a table: {_USAGE}"
    return None


check_modparams("tracer", _check_trace_id)
