"""How long the first text of a fresh process takes: importing, then answering it.

Lambda snapshots what an import leaves, so after a restore only the answering is left; a process
that starts without a snapshot does both. A store on loopback answers at once.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from services.adapters.dynamodb.directory_items import row_of
from services.polls.definition import parse_poll
from services.polls.entry import DirectoryEntry
from services.tools.phones.sms import SimulatedText, TextKind, form_fields, signature
from services.voting.poll import Round
from tests.support.polls import COLORS_TOML, NUMBER

TOKEN = "a token for the benchmark"
HOST = "abc.execute-api.us-east-1.amazonaws.com"
PROGRAM = """
import json, sys
from time import perf_counter
event = json.load(sys.stdin)
started = perf_counter()
{imports}
imported = perf_counter()
answer = handler(event, None)
answered = perf_counter()
assert answer["statusCode"] == 200, answer
print(imported - started, answered - imported)
"""
OURS = PROGRAM.format(imports="from lambdas.webhook.handler import handler")
PLAIN = PROGRAM.format(
    imports="from mangum import Mangum\nfrom tests.bench.plain import app\n"
    "handler = Mangum(app, lifespan='off')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstText:
    """Milliseconds of the first text: of the import before it, and of answering it."""

    import_ms: float
    answer_ms: float

    @property
    def ms(self) -> float:
        """Both."""
        return self.import_ms + self.answer_ms


def first_texts(runs: int = 10) -> tuple[FirstText, FirstText]:
    """The first text of our handler and of the plain one, each the fastest of interleaved runs."""
    with _store() as endpoint:
        pairs = [(_run(OURS, endpoint), _run(PLAIN, endpoint)) for _ in range(runs)]
    ours, plain = zip(*pairs, strict=True)
    return _fastest(ours), _fastest(plain)


def _fastest(texts: tuple[FirstText, ...]) -> FirstText:
    return FirstText(
        import_ms=min(text.import_ms for text in texts),
        answer_ms=min(text.answer_ms for text in texts),
    )


def _run(program: str, endpoint: str) -> FirstText:
    environ = {
        "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "VOTES_TABLE": "Votes",
        "POLLS_TABLE": "Polls", "SECRET_ARN": "the-secret", "TWILIO_AUTH_TOKEN": TOKEN,
        "PUBLIC_BASE_URL": f"https://{HOST}",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program],
        input=json.dumps(_event()), env={**os.environ, **environ},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported, answered = done.stdout.strip().splitlines()[-1].split()
    return FirstText(import_ms=float(imported) * 1000, answer_ms=float(answered) * 1000)


def _event() -> dict[str, Any]:
    """A signed text, as API Gateway hands it over."""
    text = SimulatedText(
        kind=TextKind.NEW, sid=f"SM{1:032x}", sender="+15550100101", to=NUMBER, body="Red"
    )
    fields = form_fields(text)
    headers = {
        "host": HOST,
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": signature(f"https://{HOST}/sms", fields, TOKEN),
    }
    http = {"method": "POST", "path": "/sms", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}
    return {
        "version": "2.0", "rawPath": "/sms", "rawQueryString": "", "isBase64Encoded": False,
        "headers": headers, "body": urlencode(fields),
        "requestContext": {"domainName": HOST, "http": http},
    }  # fmt: skip


class _Store(BaseHTTPRequestHandler):
    """One poll, the secret, and an empty table of ballots."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(_ANSWERS.get(self.headers["X-Amz-Target"].split(".")[1], {})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


_ENTRY = DirectoryEntry(round=Round(poll=parse_poll(COLORS_TOML, source="colors.toml")))
_ANSWERS: dict[str, dict[str, Any]] = {
    "GetSecretValue": {
        "SecretString": json.dumps({"twilio_auth_token": TOKEN, "voter_pepper": "p" * 64})
    },
    "Query": {"Items": [row_of(_ENTRY)], "Count": 1},
}


@contextmanager
def _store() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Store) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


if __name__ == "__main__":
    print(*first_texts(), sep="\n")
