"""A recount of many ballots: every one once, in flat memory."""

import tracemalloc

import pytest

from services.adapters.dynamodb import recounts as recounting
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.polls.definition import parse_poll
from services.voting.poll import Round
from tests.contract.conftest import client_of
from tests.support.pages import table_of
from tests.support.polls import COLORS_TOML

STANDING = Round(poll=parse_poll(COLORS_TOML, source="colors.toml"))


def test_a_recount_over_many_pages_sees_every_ballot_once() -> None:
    """Four shards at a time, and the progress adds up."""
    told: list[int] = []
    with table_of(STANDING, 30_000) as endpoint:
        recount = DynamoRecounts(client_of(endpoint), "Votes").sums(STANDING, told.append)

    assert sum(told) == recount.ballots.total() == recount.voters == 30_000
    assert dict(recount.votes) == {"RED": 10_000, "GREEN": 10_000, "BLUE": 10_000}


def test_memory_stays_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many pages take no more than a few."""
    monkeypatch.setattr(recounting, "MAX_BUFFERED_BALLOTS", 1_000)
    peaks = []
    for ballots in (2_000, 20_000):
        with table_of(STANDING, ballots) as endpoint:
            recounts = DynamoRecounts(client_of(endpoint), "Votes")
            unreadable: list[str] = []
            tracemalloc.start()
            merged = sum(1 for _ in recounts.rows(STANDING, unreadable.append))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert (merged, unreadable) == (ballots, [])

    assert peaks[1] < 1.5 * peaks[0], peaks
