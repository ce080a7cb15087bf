"""Write units a vote: what a run of votes costs, by DynamoDB's own rule.

A write costs one unit for every KB begun; a write whose condition failed costs the same
(Amazon DynamoDB, "Provisioned capacity mode": condition check failures consume capacity).
"""

import asyncio
import json
import random
from math import ceil
from typing import Any

import boto3
from aiodynamo.client import Client
from aiodynamo.credentials import Key, StaticCredentials
from aiodynamo.http.types import Request, Response
from moto import mock_aws

from services.adapters.clock import now_ms
from services.adapters.dynamodb.ballot_items import item_bytes
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.memory import MemoryDirectory
from services.polls.definition import parse_poll
from services.voting.intake import Intake
from services.voting.poll import Round
from services.voting.schema import VOTES
from tests.support.polls import COLORS_TOML, PSEUDONYMS, a_text

CHANGED = 40
REDELIVERED = 20


class MeteredStore:
    """An HTTP implementation that hands each request to moto and adds up the write units."""

    def __init__(self, client: Any) -> None:
        self.units = 0
        self._client = client

    async def __call__(self, request: Request) -> Response:
        """Perform one request of aiodynamo's with boto3."""
        headers = request.headers or {}
        action = next(v for k, v in headers.items() if k.lower() == "x-amz-target").split(".")[1]
        payload = json.loads(request.body or b"{}")
        if action == "PutItem":
            self.units += ceil(item_bytes(payload["Item"]) / 1024)
            return self._put(payload)
        item = self._client.get_item(**payload).get("Item")
        return Response(200, json.dumps({"Item": item} if item else {}).encode())

    def _put(self, payload: dict[str, Any]) -> Response:
        try:
            self._client.put_item(**payload)
        except self._client.exceptions.ConditionalCheckFailedException:
            return Response(400, b'{"__type": "x#ConditionalCheckFailedException"}')
        return Response(200, b"{}")


def units_per_vote(votes: int = 2_000) -> float:
    """Write units for each vote accepted: mostly first votes, some changed, some redelivered."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_table(client, VOTES, "Votes")
        store = MeteredStore(client)
        accepted = asyncio.run(_vote(store, votes))
    return store.units / accepted


async def _vote(store: MeteredStore, votes: int) -> int:
    client = Client(
        http=store, credentials=StaticCredentials(Key("local", "local")), region="us-east-1"
    )
    there = Round(poll=parse_poll(COLORS_TOML, source="colors.toml"))
    intake = Intake(
        directory=MemoryDirectory([there]), ballots=DynamoBallots(client, "Votes"), clock=now_ms
    )
    draw = random.Random(7)  # noqa: S311 - a repeatable load
    texts = [a_text(draw.choice(["red", "green"]), phone=n) for n in range(votes - CHANGED)]
    changed = [a_text("blue", phone=phone) for phone in range(CHANGED)]
    for message in (*texts, *changed, *texts[-REDELIVERED:]):
        await intake.accept(message, pseudonyms=PSEUDONYMS)
    return votes
