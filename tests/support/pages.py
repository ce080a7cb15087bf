"""A table of ballots as a server in a process of its own: answers queries page by page.

It stands in for DynamoDB where the time that a reader takes is measured: its items are encoded
beforehand, so nearly all of the time is the reader's own.
"""

import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

from services.adapters.dynamodb.ballot_items import item_of
from services.voting.ballot import Vote, cast
from services.voting.identity import Pseudonyms
from services.voting.poll import Round

PER_PAGE = 2_500
"""About what 1 MB holds."""


def items_of(round: Round, ballots: int) -> dict[str, list[dict[str, Any]]]:
    """So many ballots, by partition key and sorted."""
    held: dict[str, list[dict[str, Any]]] = {}
    for number in range(ballots):
        voter = Pseudonyms(b"pepper").voter(round.poll.id, round.number, str(number))
        choice = round.poll.choices[number % len(round.poll.choices)].key
        vote = Vote(voter=voter, sid=f"SM{number:032x}", choice=choice, at_ms=1_900_000_000_000)
        ballot = cast(round, None, vote).ballot
        assert ballot
        held.setdefault(ballot.pk, []).append(item_of(ballot))
    return {pk: sorted(items, key=lambda item: item["sk"]["S"]) for pk, items in held.items()}


@contextmanager
def table_of(round: Round, ballots: int) -> Iterator[str]:
    """The endpoint of such a table."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs, round.poll.definition, round.poll.id, ballots)
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection, definition: str, poll_id: str, ballots: int) -> None:
    from services.polls.definition import parse_stored_poll

    round = Round(poll=parse_stored_poll(definition, poll_id=poll_id))
    held = {
        pk: [json.dumps(item).encode() for item in items]
        for pk, items in items_of(round, ballots).items()
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            pk = asked["ExpressionAttributeValues"][":pk"]["S"]
            after = asked.get("ExclusiveStartKey", {}).get("place", {"N": "0"})
            body = _page(held.get(pk, []), int(after["N"]), asked.get("Limit", PER_PAGE))
            self.send_response(200)
            self.send_header("content-type", "application/x-amz-json-1.0")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pipe.send(server.server_address[1])
    server.serve_forever()


def _page(items: list[bytes], start: int, size: int) -> bytes:
    page = items[start : start + size]
    more = b', "LastEvaluatedKey": {"place": {"N": "%d"}}' % (start + size)
    body = b'{"Items": [%s], "Count": %d' % (b",".join(page), len(page))
    return body + (more if start + size < len(items) else b"") + b"}"
