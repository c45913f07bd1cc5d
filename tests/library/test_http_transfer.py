"""One HTTP request: what cannot be seen through rest_get without waiting for whole seconds."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from evroute_kernel.library.http_transfer import (
    CONNECT_TIMEOUT,
    FAILED,
    TRANSFER_TIMEOUT,
    BadUrl,
    Limits,
    Request,
    message,
    split,
    transfer,
)


@pytest.fixture
def deaf():
    """The address of a socket whose queue of connections is full, so that it answers no more."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            client = stack.enter_context(socket.socket())
            client.settimeout(0.05)
            if client.connect_ex(listener.getsockname()):
                break
        else:
            pytest.skip("this system never refuses to queue a connection")
        yield "http://{}:{}/".format(*listener.getsockname())


@pytest.mark.parametrize("limits", [Limits(0.05, None), Limits(None, 0.05), Limits(0.05, 30)])
def test_no_connection_in_time(deaf, limits):
    outcome = transfer(Request("GET", deaf), limits)
    assert (outcome.code, outcome.status, outcome.problem) == (CONNECT_TIMEOUT, 0, "no connection in time")


def test_a_host_that_nobody_knows(monkeypatch):
    def unknown(*arguments):
        raise socket.gaierror(socket.EAI_NONAME, "nobody knows it")

    monkeypatch.setattr(socket, "create_connection", unknown)
    outcome = transfer(Request("GET", "http://h/"), Limits())
    assert (outcome.code, "nobody knows it" in outcome.problem) == (FAILED, True)


def test_no_response_in_time():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = "http://{}:{}/".format(*listener.getsockname())
        outcome = transfer(Request("GET", url), Limits(30, 0.05))
    assert (outcome.code, outcome.status, outcome.body) == (TRANSFER_TIMEOUT, 0, b"")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://h/", "h"),
        ("http://h:80/", "h"),
        ("https://h:443/", "h"),
        ("http://h:443/", "h:443"),
        ("http://[::1]/", "[::1]"),
        ("http://[::1]:80/", "[::1]"),
        ("http://u@H:8080", "H:8080"),
        ("h:81/x", "h:81"),
    ],
)
def test_the_host_is_named_without_the_usual_port(url, host):
    lines = message(Request("GET", url), split(url)).decode().split("\r\n")
    assert f"Host: {host}" in lines


def test_a_header_for_the_length_replaces_ours():
    sent = message(Request("POST", "http://h/", ["content-length: 1"], "xyz"), split("http://h/"))
    assert sent.lower().count(b"content-length") == 1


def test_a_host_without_a_value_is_dropped():
    assert b"Host" not in message(Request("GET", "http://h/", ["Host: "]), split("http://h/"))


@pytest.mark.parametrize("url", ["", " ", "http://h/a b", "http://h/\x7f", "gopher://h/", "http:///x", "http://h:x/"])
def test_what_is_no_url(url):
    with pytest.raises(BadUrl):
        split(url)
