"""Counts texts that arrived late in the ballots of their phones, each exactly once.

A text may have been counted by the webhook, by the replayer and by a reconciliation, at the same
time and in different rounds if it came close to a change of a poll. So before it is inserted into
its round, it is barred from every other round that may have it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from services.voting.ballot import Vote, recorded_outcome
from services.voting.ballot_writes import (
    MAX_ATTEMPTS,
    rewritten_too_often,
    store_ballot,
    store_bar,
)
from services.voting.identity import Pseudonyms
from services.voting.insertion import Insertion, InsertionKind, LateVote, Moment, insert
from services.voting.poll import Poll, Round
from services.voting.ports import Ballots, Clock

WasListed = Callable[[str, str, int], Awaitable[bool]]
"""Takes a poll id, a phone's `allow_list_id` and a time in epoch ms; returns whether the phone
was on the poll's allow list then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateTexts:
    """Writes late votes. Idempotent, also concurrently with the webhook and with itself."""

    ballots: Ballots
    clock: Clock
    pseudonyms: Pseudonyms
    was_listed: WasListed

    async def admits(self, poll: Poll, phone: str, at_ms: int) -> bool:
        """Whether a phone was allowed to vote on a poll at a time (epoch ms)."""
        if not poll.phones:
            return True
        phone_id = self.pseudonyms.allow_list_id(poll.id, phone)
        return await self.was_listed(poll.id, phone_id, at_ms)

    def voter(self, round: Round, phone: str) -> str:
        """The pseudonym of a phone in a round."""
        return self.pseudonyms.voter(round.poll.id, round.number, phone)

    async def count(
        self,
        round: Round,
        late: Sequence[LateVote],
        *,
        received: Callable[[str], Moment | None] = lambda _: None,
        ignores_bars: bool = False,
        writes: bool = True,
    ) -> Mapping[str, InsertionKind]:
        """Insert the late votes of one ballot in at most one write; return what became of each.

        As in the webhook, the first write is a new ballot, and only if the phone has one it is
        read. Without `writes`, nothing is stored. For the other arguments see
        `services.voting.insertion.insert`.

        Raises:
            StoreUnavailableError: the ballot could not be read or written; it is safe to repeat.
        """
        pk, sk = round.ballot_key(late[0].vote.voter, late[0].vote.sid)
        for attempt in range(MAX_ATTEMPTS):
            before = await self.ballots.find(pk, sk) if attempt or not writes else None
            done: Insertion = insert(
                round,
                before,
                late,
                now_ms=self.clock(),
                received=received,
                ignores_bars=ignores_bars,
            )
            if done.ballot is None or not writes:
                return done.kinds
            if await store_ballot(self.ballots, before, done.ballot):
                return done.kinds
        raise rewritten_too_often()

    async def bar(self, other: Round, vote: Vote, *, writes: bool = True) -> bool:
        """Bar a text from a round; return False if its ballot there holds the text already."""
        if writes:
            return await store_bar(self.ballots, other, vote) is None
        ballot = await self.ballots.find(*other.ballot_key(vote.voter, vote.sid))
        return recorded_outcome(other, ballot, vote.sid) is None
