"""The production build behind the production headers, from a small server of its own."""

import json
import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.browser.support.emulator import HOST, ROOT

BUILT = ROOT / "dashboard/dist"
HEADERS = ROOT / "dashboard/security-headers.json"


class Site:
    """What is served: the build, and a `config.json` and foreign pages that a test may change."""

    def __init__(self, address: str, endpoint: str) -> None:
        self.address = address
        self.config: dict[str, object] = {}
        self.config_text = ""  # instead of `config`, for a file that is none
        self.pages: dict[str, str] = {}
        self.headers = {
            name: value.replace("{dynamodb}", endpoint).replace("{cognito}", endpoint)
            for name, value in json.loads(HEADERS.read_text()).items()
        }

    def read(self, path: str) -> tuple[bytes, str] | None:
        """Body and media type of a path; none where there is no such file."""
        if path == "/config.json":
            text = self.config_text or json.dumps(self.config)
            return text.encode(), "application/json"
        if path in self.pages:
            return self.pages[path].encode(), "text/html"
        file = BUILT / (path.lstrip("/") or "index.html")
        if not file.is_file():
            return None
        return file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream"


@contextmanager
def serving(endpoint: str) -> Iterator[Site]:
    """Serve in a thread until the end of the block."""
    if not (BUILT / "index.html").exists():
        raise FileNotFoundError(f"{BUILT}: no build. Run `npm --prefix dashboard run build`.")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = site.read(self.path.partition("?")[0])
            body, kind = found or (b"not found", "text/plain")
            self.send_response(200 if found else 404)
            headers = {} if self.path in site.pages else site.headers
            for name, value in {**headers, "Content-Type": kind}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the tests speak."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    site = Site(f"http://{HOST}:{server.server_port}", endpoint)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
