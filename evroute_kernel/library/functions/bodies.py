"""The functions of module sipmsgops about a body and its SDP. The dummy request has no body: each gives -1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.formats.mime_type import problem
from evroute_kernel.runtime.context import Context

FUNCTIONS: Final = {
    "has_body": "Whether the message has a body, or one of a MIME type.",
    "has_body_part": "Whether the body has a part, or one of a MIME type.",
    "remove_body_part": "Remove the parts of a MIME type, or all others.",
    "get_updated_body_part": "Store the body as it would be sent.",
    "is_audio_on_hold": "Whether the SDP puts the audio on hold.",
    "codec_exists": "Whether the SDP offers a codec.",
    "codec_exists_re": "Whether the SDP offers a codec that matches a regular expression.",
    "codec_delete": "Delete a codec from the SDP.",
    "codec_delete_re": "Delete the codecs that match a regular expression from the SDP.",
    "codec_delete_except_re": "Delete the codecs that do not match a regular expression from the SDP.",
    "codec_move_up": "Move a codec to the front of the SDP's list.",
    "codec_move_up_re": "Move the codecs that match a regular expression to the front of the SDP's list.",
    "codec_move_down": "Move a codec to the end of the SDP's list.",
    "codec_move_down_re": "Move the codecs that match a regular expression to the end of the SDP's list.",
    "stream_exists": "Whether the SDP has a stream of a media type (and transport).",
    "stream_delete": "Delete the streams of a media type (and transport) from the SDP.",
}


#: functions whose first parameter is a MIME type
_OF_A_TYPE: Final = frozenset({"has_body", "has_body_part", "remove_body_part", "get_updated_body_part"})


def _without_body(doc: str) -> Callable[..., int]:
    def call(context: Context, *arguments: Any) -> int:
        return -1

    call.__doc__ = f"{doc} The dummy request has no body.\n\nReturns -1."
    return call


def _of_a_type(name: str, doc: str) -> Callable[..., int]:
    def call(context: Context, mime_type: str | None = None, *others: Any) -> int:
        wrong = problem(mime_type) if mime_type else None
        if wrong is not None:
            context.error(f"{name}() is not called: {wrong}")
        return -1

    call.__doc__ = f"{doc} The dummy request has no body.\n\nReturns -1."
    return call


def _check_type(arguments: tuple[Any, ...]) -> tuple[int, str, str | None] | None:
    """The server refuses to start with a literal that is no MIME type."""
    given = arguments[0] if arguments else None
    wrong = problem(given) if isinstance(given, str) and given and "$" not in given else None
    return None if wrong is None else (0, wrong, "write type/subtype, or leave it out")


for _name, _doc in FUNCTIONS.items():
    if _name in _OF_A_TYPE:
        function(_name, check=_check_type)(_of_a_type(_name, _doc))
    else:
        function(_name)(_without_body(_doc))
