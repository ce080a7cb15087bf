"""A webhook on a port of this machine that votes into a deployment on moto."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from services.adapters.clock import now_ms
from services.adapters.dynamodb.ballot_items import ballot_of
from services.adapters.dynamodb.keys import key_of
from services.voting.ballot import Vote, cast
from services.voting.message import parse_text
from tests.support.moto_system import PSEUDONYMS, MotoSystem

TOKEN = "the token of the tests"


@dataclass
class SmallWebhook:
    """Accepts what is signed for its URL, as the real one does; `refuses` answers a status."""

    system: MotoSystem
    url: str = ""
    refuses: int | None = None
    loses: bool = False
    """Whether it says yes and stores nothing."""
    texts: list[dict[str, str]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def accept(self, form: dict[str, str], signature: str) -> int:
        """Store the vote of a text; return the HTTP status."""
        if not RequestValidator(TOKEN).validate(self.url, form, signature):
            return 403
        self.texts.append(form)
        if self.refuses:
            return self.refuses
        if not self.loses:
            self._store(form)
        return 200

    def _store(self, form: dict[str, str]) -> None:
        directory = self.system.directory.load()
        match = directory.match_text(form["To"], parse_text(form["Body"]), now_ms())
        if not (match.round and match.choice):
            return
        voter = PSEUDONYMS.voter(match.round.poll.id, match.round.number, form["From"])
        key: Any = key_of(*match.round.ballot_key(voter, form["MessageSid"]))
        found = self.system.dynamodb.get_item(TableName="Votes", Key=key, ConsistentRead=True)
        before = ballot_of(found["Item"]) if "Item" in found else None
        vote = Vote(voter=voter, sid=form["MessageSid"], choice=match.choice, at_ms=now_ms())
        if after := cast(match.round, before, vote).ballot:
            self.system.put(after, folded=False)


@contextmanager
def small_webhook(system: MotoSystem) -> Iterator[SmallWebhook]:
    """Serve one until the block ends."""
    webhook = SmallWebhook(system)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = dict(parse_qsl(body, keep_blank_values=True))
            with webhook.lock:
                status = webhook.accept(form, self.headers["X-Twilio-Signature"])
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        webhook.url = f"http://127.0.0.1:{server.server_port}/sms"
        yield webhook
        server.shutdown()
