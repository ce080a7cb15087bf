"""How the doctor asks over HTTP: it follows nothing, and every answer is one."""

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from services.tools.doctor.web import fetch


class Site(BaseHTTPRequestHandler):
    """Moved, refused, or no HTTP at all, by the path."""

    def do_GET(self) -> None:
        """Answer by the path."""
        if self.path == "/garbage":
            self.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")
            return
        if self.path == "/moved":
            self.send_response(301)
            self.send_header("Location", "/")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"here")

    def do_POST(self) -> None:
        """Refuse, naming what was sent."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(403)
        self.send_header("X-Sent", body.decode())
        self.end_headers()
        self.wfile.write(b"not signed")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_answer_is_its_status_headers_and_body(site: str) -> None:
    """A refusal is an answer, too; names of headers are in lower case."""
    here, refused = fetch(f"{site}/"), fetch(f"{site}/sms", data=b"Body=doctor")

    assert (here.status, here.body) == (200, "here")
    assert (refused.status, refused.body) == (403, "not signed")
    assert refused.headers["x-sent"] == "Body=doctor"


def test_a_redirect_is_told_and_not_followed(site: str) -> None:
    """Where it leads is for the check to judge."""
    moved = fetch(f"{site}/moved")

    assert (moved.status, moved.headers["location"]) == (301, "/")


def test_what_speaks_no_http_is_no_answer(site: str) -> None:
    """Told as nobody's answer, like a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/"
        for url in (f"{site}/garbage", nobody):
            with pytest.raises(OSError):  # noqa: PT011 - any of them is told
                fetch(url)
