"""Writes of ballots under their optimistic lock."""

from services.voting.ballot import Ballot, Outcome, Vote, recorded_outcome
from services.voting.barring import bar_text
from services.voting.errors import StoreUnavailableError
from services.voting.poll import Round
from services.voting.ports import Ballots

MAX_ATTEMPTS = 16
"""Maximum number of writes of one ballot before the store counts as unavailable."""


async def store_ballot(ballots: Ballots, before: Ballot | None, after: Ballot) -> bool:
    """Write a ballot if it has not changed since it was read; return whether it was written."""
    if before is None:
        return await ballots.create(after)
    return await ballots.replace(after, expected=before.writes)


async def store_bar(ballots: Ballots, round: Round, vote: Vote) -> Outcome | None:
    """Bar a text from a round, or return the outcome that it already has there.

    Another delivery may still be writing to that round: it then finds a ballot that refuses it.
    So the text counts once, whichever write comes first.

    Raises:
        StoreUnavailableError: the ballot could not be read or written; it is safe to repeat.
    """
    for _ in range(MAX_ATTEMPTS):
        before = await ballots.find(*round.ballot_key(vote.voter, vote.sid))
        if first := recorded_outcome(round, before, vote.sid):
            return first
        barred = bar_text(round, before, vote)
        if barred is before or await store_ballot(ballots, before, barred):
            return None
    raise rewritten_too_often()


def rewritten_too_often() -> StoreUnavailableError:
    """The error after `MAX_ATTEMPTS` writes that all met another one."""
    return StoreUnavailableError("a ballot rewritten too often")
