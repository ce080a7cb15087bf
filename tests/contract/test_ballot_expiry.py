"""Setting the expiry of ballots, on moto and the emulator."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from services.adapters.dynamodb.ballot_items import ballot_of, item_of
from services.adapters.dynamodb.expiry import BallotExpiry
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.voting.ballot import cast
from services.voting.schema import VOTES
from tests.support.polls import NOON, a_round, a_vote

BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)
ROUND = a_round(shards=3)
_serial = count(1)


@BOTH
def test_every_ballot_without_an_expiry_gets_one_in_one_write(client: Any, endpoint: str) -> None:
    """73 seconds after the round's expiry; existing expiries and malformed items stay."""
    del endpoint
    table = f"Expiry{next(_serial)}"
    create_table(client, VOTES, table)
    later = replace(ROUND, number=2)
    ballots = [cast(ROUND, None, a_vote("RED", phone=phone)).ballot for phone in range(6)]
    made = [item_of(ballot) for ballot in ballots if ballot]
    made[0] |= {"expires_at": {"N": "77"}}
    made[1] |= {"writes": {"S": "many"}}
    made[2].pop("writes")
    made += [made[3] | {"pk": {"S": "colors:2#0"}}]
    for item in made:
        client.put_item(TableName=table, Item=item)
    progress: list[int] = []
    expiry = BallotExpiry(client=client, table=table)
    done = expiry.set_expiry(ROUND, NOON, progress.append)
    again = expiry.set_expiry(ROUND, NOON + 99_000, progress.append)
    items = client.scan(TableName=table, ConsistentRead=True)["Items"]
    mine = [item for item in items if item["pk"]["S"].startswith("colors:1#")]
    found = [ballot_of(item) for item in mine if "N" in item.get("writes", {})]

    assert (done, again) == (3, 0)
    assert sum(progress) == 7
    expiries = [(ballot.expires_at_s, ballot.writes) for ballot in found]
    assert sorted(expiries) == [(77, 1), *[(NOON // 1000 + 73, 2)] * 3]
    assert all(ballot.picks == {"RED": 1} for ballot in found)
    assert [b.expires_at_s for b in DynamoRecounts(client, table).ballots(later)] == [None]
