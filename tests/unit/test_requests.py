"""What is asked of DynamoDB: newest copies wherever an old one would be wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.adapters.dynamodb.allow_lists import PhoneListStore
from services.adapters.dynamodb.ballot_items import item_of
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.certificates import DynamoCertificates
from services.adapters.dynamodb.corrections import DynamoCorrections
from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.erasure import DynamoErasure
from services.adapters.dynamodb.expiry import BallotExpiry
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.adapters.dynamodb.tallies import DynamoTallies
from services.polls.definition import parse_poll
from services.voting import lifecycle
from services.voting.ballot import Ballot, cast
from tests.support.polls import COLORS_TOML, NOON, PSEUDONYMS, a_phone, a_round, a_vote
from tests.support.recorded import READS, Recorded, recorded_tables

COLORS = parse_poll(COLORS_TOML, source="colors.toml")


@pytest.fixture(scope="module")
def tables() -> Iterator[Recorded]:
    """With a poll that was reset, and a ballot in its first round."""
    with recorded_tables() as tables:
        directory = DynamoDirectory(
            client=tables.client, table="Polls", aggregates="Aggregates", clock=lambda: NOON
        )
        directory.apply([COLORS])
        directory.change("colors", lambda there: lifecycle.next_round(there, NOON))
        ballot = cast(a_round(), None, a_vote("RED")).ballot
        assert ballot
        tables.client.put_item(TableName="Votes", Item=item_of(ballot))
        yield tables


READERS: dict[str, Callable[[Any], object]] = {
    "directory.load": lambda c: _directory(c).load(),
    "directory.entries": lambda c: _directory(c).entries(),
    "directory.past_rounds": lambda c: _directory(c).past_rounds("colors"),
    "certificates.find": lambda c: DynamoCertificates(
        client=c, table="Aggregates", polls="Polls"
    ).find("colors", 1),
    "corrections.count": lambda c: DynamoCorrections(c, "Aggregates").count("open#colors", 1),
    "tallies.totals": lambda c: DynamoTallies(c, "Aggregates").totals("open#colors", 1),
    "tallies.watermarks": lambda c: DynamoTallies(c, "Aggregates").watermarks("open#colors", 1),
    "recounts.ballots": lambda c: list(DynamoRecounts(c, "Votes").ballots(a_round())),
    "recounts.has_ballots": lambda c: DynamoRecounts(c, "Votes").has_ballots(a_round()),
    "recounts.sums": lambda c: DynamoRecounts(c, "Votes").sums(a_round()),
    "recounts.rows": lambda c: list(DynamoRecounts(c, "Votes").rows(a_round(), print)),
    "forgetting.find": lambda c: list(_forgetting(c).find([a_round()], a_phone(), PSEUDONYMS)),
    "forgetting.remove": lambda c: _forgetting(c).remove([a_round()], a_phone(), PSEUDONYMS),
    "expiry": lambda c: BallotExpiry(client=c, table="Votes").set_expiry(a_round(), NOON, print),
    "phone lists": lambda c: PhoneListStore(c, "Polls").phone_ids("colors"),
}


def _directory(client: Any) -> DynamoDirectory:
    return DynamoDirectory(
        client=client, table="Polls", aggregates="Aggregates", clock=lambda: NOON
    )


def _forgetting(client: Any) -> DynamoErasure:
    return DynamoErasure(client, "Votes", lambda: NOON)


@pytest.mark.parametrize("name", READERS)
def test_every_read_asks_for_the_newest_copy(tables: Recorded, name: str) -> None:
    """An older one would tell of a poll that is closed by now, or miss the last ballots."""
    tables.requests.clear()
    READERS[name](tables.client)
    reads = tables.sent(*READS)

    assert reads
    assert [read.get("ConsistentRead") for read in reads] == [True] * len(reads)


@dataclass
class Client:
    """As `AsyncClient`, as far as ballots use it."""

    answer: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def send_request(self, *, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Keep the request."""
        self.requests.append((action, payload))
        return self.answer


def a_ballot() -> Ballot:
    """Of one text."""
    ballot = cast(a_round(), None, a_vote("RED")).ballot
    assert ballot
    return ballot


async def test_a_ballot_is_read_in_its_newest_copy() -> None:
    """What is decided on it is written on condition that it still stands."""
    client: Any = Client(answer={"Item": item_of(a_ballot())})
    found = await DynamoBallots(client, "Votes").find("p", "s")

    assert found == a_ballot() or found is not None
    assert client.requests == [
        (
            "GetItem",
            {
                "TableName": "Votes",
                "Key": {"pk": {"S": "p"}, "sk": {"S": "s"}},
                "ConsistentRead": True,
            },
        )
    ]


async def test_a_ballot_is_created_on_condition_that_there_is_none() -> None:
    """Two texts of one phone may be first at the same time."""
    client: Any = Client()
    ballot = a_ballot()
    await DynamoBallots(client, "Votes").create(ballot)

    assert client.requests == [
        (
            "PutItem",
            {
                "TableName": "Votes",
                "Item": item_of(ballot),
                "ConditionExpression": "attribute_not_exists(pk)",
            },
        )
    ]


async def test_a_ballot_is_rewritten_on_condition_that_it_was_written_as_often() -> None:
    """As often as when it was read."""
    client: Any = Client()
    ballot = a_ballot()
    await DynamoBallots(client, "Votes").replace(ballot, expected=7)

    assert client.requests == [
        (
            "PutItem",
            {
                "TableName": "Votes",
                "Item": item_of(ballot),
                "ConditionExpression": "writes = :expected",
                "ExpressionAttributeValues": {":expected": {"N": "7"}},
            },
        )
    ]
