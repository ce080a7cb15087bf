"""Erasing a phone's votes, also concurrently with texts, on moto and the emulator."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest

from services.adapters.dynamodb import ballot_items
from services.adapters.dynamodb.async_client import async_client, connection_pool
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.erasure import DynamoErasure, ErasedBallot
from services.adapters.dynamodb.provisioning import create_table
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.adapters.memory import MemoryDirectory
from services.voting.ballot import Ballot, OutcomeKind, cast
from services.voting.errors import StoreUnavailableError
from services.voting.intake import Intake, IntakeResult
from services.voting.message import Message
from services.voting.poll import Policy, Round
from services.voting.schema import VOTES
from tests.contract.conftest import environment
from tests.support.polls import NOON, PSEUDONYMS, a_phone, a_round, a_text, a_vote

BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)
_serial = count(1)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of ballots, with the ports that write and erase them."""

    client: Any
    name: str
    ballots: DynamoBallots

    async def text(self, round: Round, message: Message) -> IntakeResult:
        """A text arrives."""
        intake = Intake(
            directory=MemoryDirectory([round]), ballots=self.ballots, clock=lambda: NOON
        )
        return await intake.accept(message, pseudonyms=PSEUDONYMS)

    async def vote(self, round: Round, *texts: tuple[int, str]) -> None:
        """Phones text, one after the other."""
        for phone, body in texts:
            await self.text(round, a_text(body, phone=phone))

    def forgetting(self, client: Any = None) -> DynamoErasure:
        """The erasure, through another client if one is given."""
        return DynamoErasure(client or self.client, self.name, clock=lambda: NOON + 7)

    def held(self, *rounds: Round) -> list[Ballot]:
        """All ballots of the rounds."""
        recounts = DynamoRecounts(self.client, self.name)
        return [ballot for round in rounds for ballot in recounts.ballots(round)]


@pytest.fixture
async def table(client: Any, endpoint: str) -> AsyncIterator[Table]:
    """An empty one."""
    name, connections = f"Forgetting{next(_serial)}", connection_pool(environment(endpoint))
    create_table(client, VOTES, name)
    ballots = DynamoBallots(async_client(environment(endpoint), connections.send), name)
    yield Table(client=client, name=name, ballots=ballots)
    await connections.close()


class RacingClient:
    """A client that calls the next of `happens` before each write."""

    def __init__(self, client: Any, *happens: Callable[[], object]) -> None:
        self._client = client
        self._happens = list(happens)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_item(self, **arguments: Any) -> Any:
        """Call the next of `happens`, then write."""
        if self._happens:
            self._happens.pop(0)()
        return self._client.put_item(**arguments)


@BOTH
async def test_a_phone_is_forgotten_in_every_round_and_nobody_else_is(table: Table) -> None:
    """Under each policy and with different shards; a second run finds nothing."""
    first = a_round(policy=Policy.EACH, limit=3, shards=3)
    second = replace(first, number=2, poll=replace(first.poll, policy=Policy.LAST, shards=50))
    seed = a_round(id="seed", policy=Policy.UNLIMITED)
    for round in (first, second, seed):
        await table.vote(round, (0, "red"), (0, "blue"), (1, "red"))
    forgetting, rounds = table.forgetting(), [first, second, seed]

    found = [one for one, _, _ in forgetting.find(rounds, a_phone(0), PSEUDONYMS)]
    removed = forgetting.remove(rounds, a_phone(0), PSEUDONYMS)
    left = table.held(*rounds)
    again = forgetting.remove(rounds, a_phone(0), PSEUDONYMS)

    def summarize(ballots: list[ErasedBallot]) -> list[tuple[str, int, list[tuple[str, int]]]]:
        return sorted((b.poll, b.round, sorted(b.picks.items())) for b in ballots)

    assert (
        summarize(removed)
        == summarize(found)
        == [
            ("colors", 1, [("BLUE", 1), ("RED", 1)]),
            ("colors", 2, [("BLUE", 1)]),
            ("seed", 1, [("BLUE", 1)]),
            ("seed", 1, [("RED", 1)]),
        ]
    )
    assert again == []
    assert list(forgetting.find(rounds, a_phone(0), PSEUDONYMS)) == []
    assert [dict(ballot.picks) for ballot in left if ballot.picks] == [{"RED": 1}] * 3
    assert table.held(*rounds) == left


@BOTH
async def test_nothing_is_deleted_and_every_write_is_counted(table: Table) -> None:
    """The items stay, empty, each written once more."""
    round = a_round(policy=Policy.EACH, limit=3)
    await table.vote(round, (0, "red"), (0, "blue"))
    table.forgetting().remove([round], a_phone(0), PSEUDONYMS)

    (ballot,) = table.held(round)
    assert (ballot.picks, ballot.texts, ballot.writes) == ({}, (), 3)
    assert ballot.forgotten_at_ms == NOON + 7
    assert len(ballot.forgotten) == 2


@BOTH
@pytest.mark.parametrize("policy", [Policy.LAST, Policy.FIRST, Policy.EACH, Policy.UNLIMITED])
async def test_a_forgotten_text_delivered_again_stays_forgotten(
    table: Table, policy: Policy
) -> None:
    """It gets no reply; a later one is a new vote."""
    round, text = a_round(policy=policy), a_text("red")
    await table.text(round, text)
    table.forgetting().remove([round], a_phone(0), PSEUDONYMS)
    again, later = await table.text(round, text), await table.text(round, a_text("blue"))

    assert (again.outcome.kind, again.reply) == (OutcomeKind.BARRED, None)
    assert later.outcome.kind is OutcomeKind.ACCEPTED
    assert [dict(b.picks) for b in table.held(round) if b.picks] == [{"BLUE": 1}]


@BOTH
async def test_a_rewrite_decided_before_a_forget_does_not_bring_the_old_vote_back(
    table: Table,
) -> None:
    """The lock is the number of writes, which grows, unlike the number of texts."""
    round = a_round(policy=Policy.EACH, limit=5)
    await table.vote(round, (0, "red"))
    (read,) = table.held(round)
    decided = cast(round, read, a_vote("GREEN")).ballot
    assert decided
    table.forgetting().remove([round], a_phone(0), PSEUDONYMS)
    await table.vote(round, (0, "blue"))

    assert not await table.ballots.replace(decided, expected=read.writes)
    (ballot,) = table.held(round)
    assert (dict(ballot.picks), ballot.writes) == ({"BLUE": 1}, 3)


@BOTH
async def test_a_text_on_its_way_when_its_phone_is_forgotten_is_a_new_vote(table: Table) -> None:
    """Its write fails; it then reads the emptied ballot and counts alone."""
    round = a_round(policy=Policy.EACH, limit=5)
    await table.vote(round, (0, "red"))

    class Slow(DynamoBallots):
        async def replace(self, ballot: Ballot, *, expected: int) -> bool:
            if not forgotten:
                forgotten.extend(table.forgetting().remove([round], a_phone(0), PSEUDONYMS))
            return await DynamoBallots.replace(self, ballot, expected=expected)

    forgotten: list[ErasedBallot] = []
    slow = replace(table, ballots=Slow(table.ballots.client, table.ballots.table))
    answer = await slow.text(round, a_text("blue"))
    (ballot,) = table.held(round)

    assert [dict(one.picks) for one in forgotten] == [{"RED": 1}]
    assert (answer.outcome.kind, answer.outcome.left) == (OutcomeKind.ACCEPTED, 4)
    assert (dict(ballot.picks), ballot.writes) == ({"BLUE": 1}, 3)


@BOTH
async def test_a_text_that_lands_while_its_phone_is_being_forgotten_is_forgotten_with_it(
    table: Table,
) -> None:
    """Its write fails and it reads again, so that it erases the new vote too."""
    round = a_round()
    await table.vote(round, (0, "red"))
    (read,) = table.held(round)
    changed = cast(round, read, a_vote("BLUE")).ballot
    assert changed

    def lands() -> None:
        table.client.put_item(TableName=table.name, Item=ballot_items.item_of(changed))

    removed = table.forgetting(RacingClient(table.client, lands)).remove(
        [round], a_phone(0), PSEUDONYMS
    )
    (ballot,) = table.held(round)

    assert [dict(one.picks) for one in removed] == [{"BLUE": 1}]
    assert (ballot.picks, ballot.writes, len(ballot.forgotten)) == ({}, 3, 2)


@BOTH
async def test_two_that_forget_a_phone_at_once_empty_it_once(table: Table) -> None:
    """The later one finds nothing."""
    round = a_round()
    await table.vote(round, (0, "red"))
    other: list[ErasedBallot] = []
    between = RacingClient(
        table.client,
        lambda: other.extend(table.forgetting().remove([round], a_phone(0), PSEUDONYMS)),
    )
    removed = table.forgetting(between).remove([round], a_phone(0), PSEUDONYMS)
    (ballot,) = table.held(round)

    assert (len(other), removed, ballot.writes) == (1, [], 2)


@BOTH
async def test_a_phone_that_texts_faster_than_it_is_forgotten_is_told_of(table: Table) -> None:
    """After 16 attempts it gives up; nothing is emptied, and the command may be repeated."""
    round = a_round(policy=Policy.EACH, limit=20)
    await table.vote(round, (0, "red"))

    def texts() -> None:
        (read,) = table.held(round)
        ballot = replace(read, writes=read.writes + 1)
        table.client.put_item(TableName=table.name, Item=ballot_items.item_of(ballot))

    never_fast_enough = RacingClient(table.client, *[texts] * 16)
    with pytest.raises(StoreUnavailableError, match=r"^a ballot rewritten too often"):
        table.forgetting(never_fast_enough).remove([round], a_phone(0), PSEUDONYMS)

    assert [dict(ballot.picks) for ballot in table.held(round)] == [{"RED": 1}]


@BOTH
async def test_an_item_that_is_no_ballot_is_forgotten_by_deleting_it(table: Table) -> None:
    """Nothing in a malformed item can be kept."""
    round = a_round()
    await table.vote(round, (0, "red"))
    (ballot,) = table.held(round)
    item = ballot_items.item_of(ballot)
    del item["sids"]
    table.client.put_item(TableName=table.name, Item=item)
    removed = table.forgetting().remove([round], a_phone(0), PSEUDONYMS)

    assert [dict(one.picks) for one in removed] == [{}]
    assert table.held(round) == []
