"""Class sdp."""

from __future__ import annotations

import pytest

SESSION = "v=0\r\no=alice 1 1 IN IP4 192.0.2.10\r\ns=call\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
AUDIO = "m=audio 49170 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
VIDEO = "m=video 51372 RTP/AVP 31\r\na=sendonly\r\n"
BODY = SESSION + AUDIO + VIDEO


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{sdp.line,v}", "v=0"),
        ("{sdp.line,m}", "m=audio 49170 RTP/AVP 0 8"),
        ("{sdp.line,media,1}", "m=video 51372 RTP/AVP 31"),
        ("{sdp.line,a,$var(i)}", "a=rtpmap:8 PCMA/8000"),
        ("{sdp.line,$var(l)}", "c=IN IP4 192.0.2.10"),
        ("{sdp.line,a,3}", None),
        ("{sdp.line,b}", None),
        ("{sdp.line,}", None),
        ("{sdp.line,$var(none)}", None),
        ("{sdp.line,m trailing}", "m=audio 49170 RTP/AVP 0 8"),
    ],
)
def test_lines(transform, errors, text, expected):
    assert transform(BODY, text, i=1, l="connection") == expected
    assert not errors()


def test_a_line_starts_behind_a_line_break(transform):
    assert transform("s=talk am=1\r\nm=x\r\n", "{sdp.line,m}") == "m=x"
    assert transform("m=x\rm=y\r", "{sdp.line,m,1}") == "m=y"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("v=0\ns=talk\nt=0 0\n", "{sdp.line,s}"),
        (BODY + "b=AS:64", "{sdp.line,b}"),
        (BODY, "{sdp.line,a,$var(minus)}"),
        (BODY, "{sdp.line,a,$var(none)}"),
    ],
)
def test_lines_that_fail_say_so(transform, errors, value, text):
    assert transform(value, text, minus=-1) is None
    assert len(errors()) == 1


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("0", AUDIO),
        ("1", VIDEO),
        ("-1", VIDEO),
        ("+0", AUDIO),
        ("2", None),
        ("-3", None),
        ("VIDEO", VIDEO),
        ("text", None),
        ("", None),
        ("$var(index)", VIDEO),
        ("$var(digits)", VIDEO),
        ("$var(name)", AUDIO),
        ("$var(none)", None),
    ],
)
def test_streams(transform, errors, which, expected):
    variables = {"index": 1, "digits": "1", "name": "audio"}
    assert transform(BODY, f"{{sdp.stream,{which}}}", **variables) == expected
    remaining = None if expected is None else BODY.replace(expected, "")
    assert transform(BODY, f"{{sdp.stream-delete,{which}}}", **variables) == remaining
    assert not errors()


def test_several_streams_of_a_type(transform):
    body = SESSION + AUDIO + VIDEO + "m=audio 3 X\r\n"
    assert transform(body, "{sdp.stream,audio}") == "m=audio 3 X\r\n"
    # both go, and the rest is whole
    assert transform(body, "{sdp.stream-delete,audio}") == SESSION + VIDEO
    assert transform(body, "{sdp.stream-delete,0}") == body.replace(AUDIO, "")


@pytest.mark.parametrize(
    "body",
    [
        "hello world",
        "v=0",
        "\r\n" + BODY,
        SESSION,
        BODY.replace("o=", "x="),
        BODY.replace("192.0.2.10\r\ns", "\r\ns"),
        BODY.replace("c=IN IP4", "c=IN IP5"),
        BODY.replace("c=", "x="),
        SESSION + "m=audio\r\n",
        SESSION + "m=audio 1\r\n",
    ],
)
def test_no_sdp(transform, errors, body):
    assert transform(body, "{sdp.stream,0}") is None
    assert len(errors()) == 1


def test_an_address_of_each_stream_will_do(transform, errors):
    body = "v=0\no=a b IP6 ::1\nm=audio 1 X\nc=IN IP4 1.1.1.1\nm=video 2 Y\nc=IN IP6 ::2\n"
    assert transform(body, "{sdp.stream,1}") == "m=video 2 Y\nc=IN IP6 ::2\n"
    assert not errors()


def test_nothing_is_null(transform, errors):
    for text in ("{sdp.line,v}", "{sdp.stream,0}", "{sdp.stream-delete,0}"):
        assert transform("", text) is None
    assert not errors()
