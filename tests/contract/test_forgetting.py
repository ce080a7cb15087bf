"""Forgetting a phone, on both stores that run DynamoDB's interface."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from services.adapters.ballots import DynamoBallots
from services.adapters.forgetting import DynamoForgetting, Forgotten
from services.adapters.memory import MemoryDirectory
from services.adapters.provisioning import create_table
from services.adapters.recounts import DynamoRecounts
from services.adapters.sessions import Session, async_client
from services.voting.intake import Intake
from services.voting.poll import Policy, Round
from services.voting.schema import VOTES
from tests.contract.conftest import environment
from tests.support.polls import NOON, PEPPER, a_phone, a_round, a_text

BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)
_serial = count(1)


async def vote(table: str, endpoint: str, there: Round, *texts: tuple[int, str]) -> None:
    """Phones text, one after the other."""
    session = Session()
    intake = Intake(
        directory=MemoryDirectory([there]),
        ballots=DynamoBallots(async_client(environment(endpoint), session), table),
        clock=lambda: NOON,
    )
    for phone, body in texts:
        await intake.accept(a_text(body, phone=phone), pepper=PEPPER)
    await session.close()


@BOTH
async def test_a_phone_is_forgotten_in_every_round_and_nobody_else_is(
    client: Any, endpoint: str
) -> None:
    """Under each policy, where each round has its ballots; a second time finds nothing."""
    table = f"Forgetting{next(_serial)}"
    create_table(client, VOTES, table)
    first = a_round(policy=Policy.EACH, limit=3, shards=3)
    second = replace(first, number=2, poll=replace(first.poll, policy=Policy.LAST, shards=50))
    seed = a_round(id="seed", policy=Policy.UNLIMITED)
    texts = ((0, "red"), (0, "blue"), (1, "red"))
    for there in (first, second, seed):
        await vote(table, endpoint, there, *texts)
    forgetting = DynamoForgetting(client, table)
    rounds = [first, second, seed]

    found = [one for one, _, _ in forgetting.find(rounds, a_phone(0), PEPPER)]
    removed = forgetting.remove(rounds, a_phone(0), PEPPER)
    again = forgetting.remove(rounds, a_phone(0), PEPPER)

    def told(ballots: list[Forgotten]) -> list[tuple[str, int, list[tuple[str, int]]]]:
        return sorted((b.poll, b.round, sorted(b.picks.items())) for b in ballots)

    assert (
        told(removed)
        == told(found)
        == [
            ("colors", 1, [("BLUE", 1), ("RED", 1)]),
            ("colors", 2, [("BLUE", 1)]),
            ("seed", 1, [("BLUE", 1)]),
            ("seed", 1, [("RED", 1)]),
        ]
    )
    assert again == []
    left = [b for there in rounds for b in DynamoRecounts(client, table).ballots(there)]
    assert [dict(ballot.picks) for ballot in left] == [{"RED": 1}] * 3
