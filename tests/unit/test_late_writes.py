"""Late texts are written under the lock of their ballot, or not at all."""

from dataclasses import dataclass

import pytest

from services.adapters.memory import MemoryBallots
from services.late.late_texts import LateTexts
from services.voting.ballot import Ballot, cast
from services.voting.errors import StoreUnavailableError
from services.voting.insertion import InsertionKind, LateVote, Moment
from services.voting.ports import Ballots
from tests.support.polls import NOON, PSEUDONYMS, a_round, a_vote

ROUND = a_round()


@dataclass
class BusyBallots(MemoryBallots):
    """Ballots that somebody else rewrites before so many of the writes."""

    refused: int = 0

    async def create(self, ballot: Ballot) -> bool:
        """Store, or refuse."""
        return self._is_free() and await MemoryBallots.create(self, ballot)

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Rewrite, or refuse."""
        return self._is_free() and await MemoryBallots.replace(self, ballot, expected=expected)

    def _is_free(self) -> bool:
        self.refused -= 1
        return self.refused < 0


class UnreadBallots(MemoryBallots):
    """Ballots that must not be read."""

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """Fail."""
        raise AssertionError(pk, sk)


def late_texts_in(ballots: Ballots) -> LateTexts:
    """A writer to ballots, of a poll without an allow list."""

    async def was_listed(poll_id: str, phone_id: str, at_ms: int) -> bool:
        raise AssertionError(poll_id, phone_id, at_ms)

    return LateTexts(
        ballots=ballots, clock=lambda: NOON, pseudonyms=PSEUDONYMS, was_listed=was_listed
    )


def late_texts(refused: int) -> LateTexts:
    """A writer to ballots that refuse so many writes."""
    return late_texts_in(BusyBallots(refused=refused))


def a_late_vote() -> LateVote:
    """A late vote for red."""
    return LateVote(vote=a_vote("RED"), moment=Moment(NOON))


async def test_the_sixteenth_write_of_a_busy_ballot_counts() -> None:
    """A lost race is repeated."""
    counts, bars, one = late_texts(15), late_texts(15), a_late_vote()

    assert await counts.count(ROUND, [one]) == {one.vote.sid: InsertionKind.INSERTED}
    assert await bars.bar(ROUND, one.vote)


async def test_a_ballot_that_stays_busy_is_tried_later() -> None:
    """The error says what failed."""
    says = "^a ballot rewritten too often: "
    with pytest.raises(StoreUnavailableError, match=says):
        await late_texts(16).count(ROUND, [a_late_vote()])
    with pytest.raises(StoreUnavailableError, match=says):
        await late_texts(16).bar(ROUND, a_late_vote().vote)


async def test_a_phone_without_a_ballot_costs_one_write_and_no_read() -> None:
    """After an outage that is most of them."""
    ballots, one = UnreadBallots(), a_late_vote()

    assert await late_texts_in(ballots).count(ROUND, [one]) == {
        one.vote.sid: InsertionKind.INSERTED
    }


async def test_a_phone_with_a_ballot_keeps_its_other_texts() -> None:
    """The first write fails, and then the ballot is read."""
    ballots, one = MemoryBallots(), a_late_vote()
    earlier = cast(ROUND, None, a_vote("BLUE", sid="SM" + "b" * 32)).ballot
    assert earlier
    await ballots.create(earlier)

    assert await late_texts_in(ballots).count(ROUND, [one]) == {
        one.vote.sid: InsertionKind.INSERTED
    }
    assert [len(ballot.texts) for ballot in ballots.held.values()] == [2]


async def test_a_text_that_is_held_is_not_barred() -> None:
    """It stays counted there."""
    ballots, vote = MemoryBallots(), a_vote("RED")
    ballot = cast(ROUND, None, vote).ballot
    assert ballot
    await ballots.create(ballot)

    assert not await late_texts_in(ballots).bar(ROUND, vote)
    assert list(ballots.held.values()) == [ballot]


async def test_a_rehearsal_bars_and_counts_nothing() -> None:
    """It says what would be."""
    ballots, one = MemoryBallots(), a_late_vote()
    late = late_texts_in(ballots)

    assert await late.bar(ROUND, one.vote, writes=False)
    assert await late.count(ROUND, [one], writes=False) == {one.vote.sid: InsertionKind.INSERTED}
    assert ballots.held == {}
