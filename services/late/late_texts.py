"""Counts texts that arrived late in the ballots of their phones, each exactly once.

A text may have been counted by the webhook, by the replayer and by a reconciliation, at the same
time and in different rounds if it came close to a change of a poll. So before it is inserted into
its round, it is barred from every other round that may have it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from services.voting.ballot import Ballot, Vote, recorded_outcome
from services.voting.barring import bar_text
from services.voting.errors import StoreUnavailableError
from services.voting.insertion import Insertion, InsertionKind, LateVote, Moment, insert
from services.voting.intake import MAX_ATTEMPTS
from services.voting.poll import Round
from services.voting.ports import Ballots, Clock

WasListed = Callable[[str, str, int], Awaitable[bool]]
"""Takes a poll id, a phone's `allow_list_id` and a time in epoch ms; returns whether the phone
was on the poll's allow list then."""


@dataclass(frozen=True, slots=True)
class LateTexts:
    """Writes late votes. Idempotent, also concurrently with the webhook and with itself."""

    ballots: Ballots
    clock: Clock

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

        Without `writes`, nothing is stored. For the other arguments see
        `services.voting.insertion.insert`.

        Raises:
            StoreUnavailableError: the ballot could not be read or written; it is safe to repeat.
        """
        pk, sk = round.ballot_key(late[0].vote.voter, late[0].vote.sid)
        for _ in range(MAX_ATTEMPTS):
            before = await self.ballots.find(pk, sk)
            done: Insertion = insert(
                round,
                before,
                late,
                now_ms=self.clock(),
                received=received,
                ignores_bars=ignores_bars,
            )
            if done.ballot is None or not writes or await self._store(before, done.ballot):
                return done.kinds
        raise StoreUnavailableError("a ballot rewritten too often")

    async def bar(self, other: Round, vote: Vote, *, writes: bool = True) -> bool:
        """Bar a text from a round; return False if its ballot there holds the text already."""
        for _ in range(MAX_ATTEMPTS):
            before = await self.ballots.find(*other.ballot_key(vote.voter, vote.sid))
            if recorded_outcome(other, before, vote.sid) is not None:
                return False
            barred = bar_text(other, before, vote)
            if barred is before or not writes or await self._store(before, barred):
                return True
        raise StoreUnavailableError("a ballot rewritten too often")

    async def _store(self, before: Ballot | None, after: Ballot) -> bool:
        if before is None:
            return await self.ballots.create(after)
        return await self.ballots.replace(after, expected=before.writes)
