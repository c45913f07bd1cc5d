"""HTTP requests from scripts. Codes, values and the requests themselves were observed on OpenSIPS 3.6."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest

from evroute_kernel.engine.session.session import Session
from evroute_kernel.library import table

LIBRARY = table.of("3.6")


LOAD = 'loadmodule "rest_client.so"\n'
#: path -> what the server sends; the others get the first
ANSWERS = {
    "/ok": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; a=b \r\nContent-Length: 12\r\n\r\n \t hello \r\n ",
    "/empty": b"HTTP/1.1 204 No Content\r\n\r\n",
    "/404": b"HTTP/1.1 404 No\r\nContent-Length: 2\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\nno",
    "/moved": b"HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 4\r\n\r\nthere",
    "/lower": b"HTTP/1.1 200 OK\r\ncontent-type: x/y\r\nContent-Length: 1\r\n\r\nL",
    "/close": b"HTTP/1.1 200 OK\r\n\r\nuntil close",
    "/chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    "/bytes": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nZo\xc3\xab",
    "/slow": b"HTTP/1.1 200 OK\r\nContent-Type: s/s\r\nContent-Length: 10\r\n\r\npart",
    "/hang": b"",
    "/drop": b"",
    "/partial": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart",
    "/garbage": b"garbage\r\n\r\n",
    "/big": b"HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n" + b"x" * 1025,
}
WAITING = ("/slow", "/hang")


@dataclass
class Web:
    """A server on this machine: what it was asked, byte by byte, and its address."""

    host: str = ""
    asked: list[bytes] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


class Handler(StreamRequestHandler):
    def handle(self) -> None:
        web: Web = self.server.web  # type: ignore[attr-defined]
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            head += line
        length = next((int(x[15:]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length:")), 0)
        web.asked.append(head + self.rfile.read(length))
        path = head.split()[1].decode()
        self.wfile.write(ANSWERS.get(path, ANSWERS["/ok"]))
        if path in WAITING:
            web.released.wait(30)


class Server(ThreadingTCPServer):
    daemon_threads = False  # server_close waits for them

    def __init__(self, web: Web) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.web = web
        web.host = f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what some tests are about."""


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    with Server(web) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield web
        web.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def play(script, process, web):
    """Run statements with the network on; HOST in them is the server."""
    process.settings.network = True
    return lambda statements, extra="": script(statements.replace("HOST", web.host), LOAD + extra)


def get(path, base="http://HOST"):
    return (
        f'$var(b) = "old"; $var(c) = "old"; $var(k) = "old"; rest_get("{base}{path}", $var(b), $var(c), $var(k));'
        ' xlog("$rc [$var(b)] [$var(c)] [$var(k)]");'
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/ok", "1 [hello] [text/plain; a=b] [200]"),
        ("/empty", "1 [] [] [204]"),
        ("/404", "1 [no] [c/d] [404]"),
        ("/moved", "1 [ther] [] [302]"),
        ("/lower", "1 [L] [] [200]"),
        ("/close", "1 [until close] [] [200]"),
        ("/chunks", "1 [abcde] [] [200]"),
        ("/bytes", "1 [Zoë] [] [200]"),
        ("/drop", "-10 [old] [old] [0]"),
        ("/partial", "-10 [old] [old] [200]"),
        ("/garbage", "-10 [old] [old] [0]"),
        ("/a b", "-10 [old] [old] [0]"),
    ],
)
def test_what_comes_of_a_get(play, complaints, path, expected):
    assert play(get(path)) == [expected]
    assert len(complaints()) == expected.startswith("-")


@pytest.mark.parametrize(("path", "expected"), [("/slow", "-3 [part] [s/s] [200]"), ("/hang", "-3 [] [] [0]")])
def test_a_response_that_does_not_come_in_time(play, complaints, path, expected):
    assert play(get(path), 'modparam("rest_client", "curl_timeout", 1)\n') == [expected]
    assert "in time" in complaints()[0]


@pytest.mark.parametrize(
    ("base", "code"),
    [
        ("", -10),
        ("ftp://HOST", -10),
        ("file:///etc/passwd", -10),
        ("http://", -10),
        ("http://HOST0000", -10),
        ("http://[::1", -10),
        (" http://HOST", -10),
        (f"http://{'a' * 64}.invalid", -10),
        ("http://127.0.0.1:1", -1),
        ("HOST", 1),
        ("HTTP://HOST", 1),
    ],
)
def test_urls(play, base, code):
    assert play(get("", base))[0].split()[0] == str(code)


def test_a_connection_that_is_refused_leaves_a_code_of_zero(play, complaints):
    assert play(get("/", "http://127.0.0.1:1")) == ["-1 [old] [old] [0]"]
    assert complaints() == ["GET 'http://127.0.0.1:1/': no connection: Connection refused"]


def test_a_body_has_a_largest_size(play):
    assert play(get("/big"), 'modparam("rest_client", "max_transfer_size", 1)\n') == ["-10 [old] [old] [200]"]
    assert play('rest_get("http://HOST/big", $var(b)); xlog("$rc $(var(b){s.len})");') == ["1 1025"]


def test_timeouts_that_make_no_sense(play, complaints):
    assert play(get("/ok"), 'modparam("rest_client", "curl_timeout", -1)\n') == ["-10 [old] [old] [0]"]
    assert "negative" in complaints()[0]
    assert play(get("/ok"), 'modparam("rest_client", "curl_timeout", 0)\n') == ["1 [hello] [text/plain; a=b] [200]"]


@pytest.mark.parametrize(
    ("outputs", "expected"), [("$Ts", "-10"), ("$var(b), $Ts", "-10"), ("$var(b),, $Ts", "-10"), ("$avp(b)", "1")]
)
def test_variables_that_cannot_be_set(play, outputs, expected):
    assert play(f'rest_get("http://HOST/ok", {outputs}); xlog("$rc");') == [expected]


# -- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('rest_get("http://HOST", $var(b))', "GET / HTTP/1.1\r\nHost: HOST\r\nAccept: */*\r\n\r\n"),
        ('rest_get("http://HOST/a?q=1#f", $var(b))', "GET /a?q=1 HTTP/1.1\r\nHost: HOST\r\nAccept: */*\r\n\r\n"),
        ('rest_get("http://HOST/ü", $var(b))', "GET /%c3%bc HTTP/1.1\r\nHost: HOST\r\nAccept: */*\r\n\r\n"),
        (
            'rest_get("http://u:p%40@HOST/", $var(b))',
            "GET / HTTP/1.1\r\nHost: HOST\r\nAuthorization: Basic dTpwQA==\r\nAccept: */*\r\n\r\n",
        ),
        (
            'rest_post("http://HOST/", "a=ü",, $var(b))',
            "POST / HTTP/1.1\r\nHost: HOST\r\nAccept: */*\r\nContent-Length: 4\r\n\r\na=ü",
        ),
        (
            'rest_post("http://HOST/", "", "", $var(b))',
            "POST / HTTP/1.1\r\nHost: HOST\r\nAccept: */*\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            f'rest_put("http://HOST/", "x", "a/{"b" * 60}", $var(b))',
            f"PUT / HTTP/1.1\r\nHost: HOST\r\nAccept: */*\r\nContent-Type: a/{'b' * 47}\r\nContent-Length: 1\r\n\r\nx",
        ),
    ],
)
def test_requests(play, web, call, expected):
    assert play(f'{call}; xlog("$rc $var(b)");') == ["1 hello"]
    assert web.asked == [expected.replace("HOST", web.host).encode()]


def test_added_headers_go_with_the_next_request(play, web):
    lines = ("X-One: 1", "X-Two:two", "no colon", "X-Empty;", "X-None:", "Accept:", "Host: me")
    play(
        "".join(f'rest_append_hf("{line}"); ' for line in lines)
        + 'rest_get("http://HOST/1", $var(b)); rest_get("http://HOST/2", $var(b));'
    )
    assert web.asked == [
        b"GET /1 HTTP/1.1\r\nHost: me\r\nX-One: 1\r\nX-Two:two\r\nX-Empty:\r\n\r\n",
        f"GET /2 HTTP/1.1\r\nHost: {web.host}\r\nAccept: */*\r\n\r\n".encode(),
    ]


def test_added_headers_go_with_a_request_that_fails_too(play, web):
    play('rest_append_hf("X-One: 1"); rest_get("http://127.0.0.1:1/", $var(b)); rest_get("http://HOST/", $var(b));')
    assert b"X-One" not in web.asked[0]


def test_a_header_has_a_longest_length(play, complaints):
    statements = 'rest_append_hf("{}"); xlog("$rc");'
    assert play(statements.format("x" * 1023) + statements.format("x" * 1024)) == ["1", "-1"]
    assert "1024" in complaints()[0]


# -- https ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path):
    """A certificate of localhost that nobody has signed, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    options = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(["openssl", *options.split(), "-keyout", key, "-out", made], check=True, capture_output=True)
    return made, key


@pytest.fixture
def secure(certificate, web) -> Iterator[Web]:
    """The same server behind TLS; it asks for a certificate, and takes none too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.load_verify_locations(certificate[0])
    context.verify_mode = ssl.CERT_OPTIONAL
    secured = Web()

    class Secured(Server):
        def get_request(self):
            connection, address = super().get_request()
            connection.settimeout(10)
            try:
                wrapped = context.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()
                raise
            secured.asked.append(str(wrapped.getpeercert() is not None).encode())
            return wrapped, address

    with Secured(secured) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield secured
        server.shutdown()
        thread.join()


def test_https_checks_the_other_side(play, secure, complaints):
    statements = f'rest_get("https://{secure.host}/ok", $var(b)); xlog("$rc $var(b)");'
    assert play(statements) == ["-10 <null>"]
    assert "CERTIFICATE_VERIFY_FAILED" in complaints()[0]
    assert play(statements, 'modparam("rest_client", "ssl_verifypeer", 0)\n') == ["1 hello"]


def test_https_with_directory_and_without_the_name(play, secure, certificate, tmp_path):
    hashed = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", certificate[0]], check=True, capture_output=True, text=True
    )
    folder = tmp_path / "trusted"
    folder.mkdir()
    (folder / f"{hashed.stdout.strip()}.0").write_bytes(certificate[0].read_bytes())
    trusted = f'modparam("rest_client", "ssl_capath", "{folder}")\n'
    named = secure.host.replace("127.0.0.1", "localhost")
    statements = f'rest_get("https://{named}/ok", $var(b)); xlog("$rc");'
    assert play(statements, trusted) == ["1"]
    statements = statements.replace(named, secure.host)
    assert play(statements, trusted) == ["-10"]
    assert play(statements, trusted + 'modparam("rest_client", "ssl_verifyhost", 0)\n') == ["1"]


def test_a_certificate_of_ones_own_goes_with_the_next_request(play, secure, certificate, complaints):
    made, key = certificate
    extra = f"""modparam("rest_client", "ssl_verifypeer", 0)
        loadmodule "tls_mgm.so"
        modparam("tls_mgm", "client_domain", "dom")
        modparam("tls_mgm", "certificate", "[dom]{made}")
        modparam("tls_mgm", "private_key", "[dom]{key}")
    """
    ask = f'rest_get("https://{secure.host}/ok", $var(b)); xlog("$rc");'
    assert play(f'rest_init_client_tls("dom"); xlog("$rc"); {ask} {ask}', extra) == ["1", "1", "1"]
    assert [asked for asked in secure.asked if asked in (b"True", b"False")] == [b"True", b"False"]
    assert play('rest_init_client_tls("nope"); xlog("$rc");', extra) == ["-1"]
    assert "'nope'" in complaints()[0]
    assert play(f'rest_init_client_tls("dom"); {ask}', extra.replace(f"[dom]{key}", "[dom]/nowhere")) == ["-10"]


# -- stubs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ('rest_get("http://HOST/", $var(b))', ("$var(b)=<null>", None, None)),
        ('rest_post("http://HOST/", "x",, $var(b))', ("x", None, "$var(b)=<null>", None, None)),
        ('rest_put("http://HOST/", "x", "t", $var(b))', ("x", "t", "$var(b)=<null>", None, None)),
        ('rest_append_hf("http://HOST/")', ()),
        ('rest_init_client_tls("http://HOST/")', ()),
    ],
)
def test_without_the_network_all_are_stubs(play, process, web, complaints, call, arguments):
    process.settings.network = False
    calls = []
    process.stub_called = lambda *call: calls.append(call)
    assert play(f'{call}; xlog("$rc");') == ["-1"]
    name = call.partition("(")[0]
    assert calls == [(name, (f"http://{web.host}/", *arguments))]
    assert complaints()[0] == (
        f"{name}() of module rest_client is simulated only with %config network=on: the call is recorded and returns "
        f"-1; or say what it returns with: %stub {name} returns 1"
    )
    assert web.asked == []
    process.settings.stubs[name] = (5, ())
    assert play(f'{call}; xlog("$rc");') == ["5"]


@pytest.mark.parametrize("name", [n for n, f in LIBRARY.functions.items() if f.module == "rest_client"])
def test_none_is_declared_a_stub_but_all_take_rules(name):
    assert not LIBRARY.functions[name].stub
    assert LIBRARY.functions[name].takes_rules


def test_a_session_says_whether_the_network_is_used(web):
    with Session(workers=1) as session:
        session.load(LOAD + 'event_route[E_A] { rest_get("$param(1)", $var(b)); xlog("$rc $var(b)"); }')
        assert [r.text for r in session.raise_event("E_A", [f"http://{web.host}/ok"]).log][-1] == "-1 <null>"
        session.settings["network"] = True
        assert [r.text for r in session.raise_event("E_A", [f"http://{web.host}/ok"]).log] == ["1 hello"]
        session.settings["network"] = False
        assert [r.text for r in session.raise_event("E_A", [f"http://{web.host}/ok"]).log] == ["-1 hello"]
        assert [call.name for call in session.stub_calls] == ["rest_get"] * 2
