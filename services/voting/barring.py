"""How a ballot keeps a text from ever being counted in it: by barring it, or by forgetting it."""

from dataclasses import replace

from services.voting.ballot import Ballot, Vote, empty_ballot, late_expiry_of, sid_fingerprint
from services.voting.poll import MESSAGES_PER_BALLOT, Round


def bar_text(round: Round, ballot: Ballot | None, vote: Vote) -> Ballot:
    """Return the ballot in which this text can never be counted.

    If the voter has no ballot yet, it is an empty one: a conditional first write that is still
    in flight then fails.
    """
    fingerprint = sid_fingerprint(vote.sid)
    if ballot is not None and fingerprint in ballot.barred:
        return ballot
    if ballot is not None:
        return replace(
            ballot,
            barred=(*ballot.barred, fingerprint)[-MESSAGES_PER_BALLOT:],
            writes=ballot.writes + 1,
        )
    empty = empty_ballot(round, vote)
    return replace(empty, expires_at_s=late_expiry_of(round, vote.at_ms), barred=(fingerprint,))


def forget_votes(ballot: Ballot, now_ms: int) -> Ballot:
    """Return the ballot without votes, texts and times; its texts are not counted again."""
    fingerprints = (*ballot.forgotten, *(sid_fingerprint(text.sid) for text in ballot.texts))
    return replace(
        ballot,
        picks={},
        texts=(),
        times=(),
        cast_at_ms=0,
        changed_at_ms=0,
        writes=ballot.writes + 1,
        forgotten=fingerprints[-MESSAGES_PER_BALLOT:],
        forgotten_at_ms=now_ms,
    )
