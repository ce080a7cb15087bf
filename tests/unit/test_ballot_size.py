"""The largest possible ballot, compared with real items."""

import pytest

from services.adapters.dynamodb.ballot_items import item_bytes, item_of
from services.polls.ballot_size import largest_ballot_bytes
from services.voting.ballot import Ballot, cast
from services.voting.poll import Choice, Policy, Round
from tests.support.polls import NOON, a_poll, a_vote

LONG = tuple(Choice(key=f"K{n:015}", label=f"{n}") for n in range(12))
TIMED = {"accepted": "In. Voting closes {closes_in}."}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"policy": Policy.FIRST},
        {"policy": Policy.UNLIMITED},
        {"policy": Policy.EACH, "limit": 7},
        {"policy": Policy.EACH, "limit": 20, "choices": LONG, "reply_texts": TIMED},
        {"id": "x" * 24, "shards": 1000, "choices": LONG, "reply_texts": TIMED},
        {"visibility": "sealed", "reply_texts": TIMED},
    ],
    ids=["default", "first", "unlimited", "each", "each, long", "last, long", "sealed"],
)
def test_the_largest_ballot_is_as_large_as_foretold(changes: dict[str, object]) -> None:
    """No item is larger, and some item is nearly as large."""
    poll = a_poll(closes_at_ms=NOON, **changes)
    round = Round(poll=poll, number=9_999)
    keys = sorted((choice.key for choice in poll.choices), key=len, reverse=True)
    ballot: Ballot | None = None
    for place in range(20):
        before = None if poll.policy is Policy.UNLIMITED else ballot
        ballot = cast(round, before, a_vote(keys[place % len(keys)])).ballot or ballot
    assert ballot is not None
    size = item_bytes(item_of(ballot, round))

    assert size <= largest_ballot_bytes(poll)
    # The voter's own shard may have fewer digits; the last text may name a shorter key.
    assert size >= largest_ballot_bytes(poll) - 3


def test_the_default_poll_costs_one_unit_a_vote_whatever_a_phone_texts() -> None:
    """Also with the longest id and keys, if a ballot has one choice."""
    assert largest_ballot_bytes(a_poll()) <= 1_024
    assert (
        largest_ballot_bytes(a_poll(id="x" * 24, shards=1000, choices=LONG, reply_texts=TIMED))
        <= 1_024
    )
