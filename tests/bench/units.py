"""Write units a vote: what a run of votes costs, by DynamoDB's own rule.

A write costs one unit for every KB begun; a write whose condition failed costs the same
(Amazon DynamoDB, "Provisioned capacity mode": condition check failures consume capacity).
"""

import asyncio
import random
from collections.abc import Mapping
from math import ceil
from typing import Any

import boto3
from moto import mock_aws

from services.adapters.clock import now_ms
from services.adapters.dynamodb.ballot_items import item_bytes
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.memory import MemoryDirectory
from services.polls.definition import parse_poll
from services.tools.replay.tables import InProcessClient
from services.voting.intake import Intake
from services.voting.poll import Round
from services.voting.schema import VOTES
from tests.support.polls import COLORS_TOML, PSEUDONYMS, a_text

CHANGED = 40
REDELIVERED = 20


class MeteredClient(InProcessClient):
    """A client that hands each request to moto and adds up the write units."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.units = 0

    async def send_request(self, *, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Perform one request."""
        if action == "PutItem":
            self.units += ceil(item_bytes(payload["Item"]) / 1024)
        return await super().send_request(action=action, payload=payload)


def units_per_vote(votes: int = 2_000) -> float:
    """Write units for each vote accepted: mostly first votes, some changed, some redelivered."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_table(client, VOTES, "Votes")
        store = MeteredClient(client)
        accepted = asyncio.run(_vote(store, votes))
    return store.units / accepted


async def _vote(client: MeteredClient, votes: int) -> int:
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
