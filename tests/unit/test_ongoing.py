"""The row that says which reconciliations may still write to a round, on a real table."""

from collections.abc import Iterator
from functools import partial

import pytest

from services.adapters.dynamodb.ongoing import Ongoing, OngoingReconciliations
from tests.support.polls import NOON, a_round
from tests.support.recorded import Recorded, recorded_tables

ROUND = a_round()


@pytest.fixture
def tables() -> Iterator[Recorded]:
    """Empty tables."""
    with recorded_tables() as tables:
        yield tables


def test_a_run_that_was_killed_is_forgotten_by_the_next_one_after_its_time(
    tables: Recorded,
) -> None:
    """A run that may still write is not; how many have begun is never forgotten."""
    now = [NOON]
    made = partial(
        OngoingReconciliations, client=tables.client, table="Polls", clock=lambda: now[0]
    )
    killed, slow, last = (made(run_id=name) for name in ("killed", "slow", "last"))
    killed.begin(ROUND, NOON + 4)
    slow.begin(ROUND, NOON + 5)
    now[0] = NOON + 5
    last.begin(ROUND, NOON + 9)
    seen = [last.find(ROUND)]
    for run in (last, slow):
        run.end(ROUND)
        seen.append(last.find(ROUND))

    assert seen == [
        Ongoing(begun=3, until_ms=NOON + 9),
        Ongoing(begun=3, until_ms=NOON + 5),
        Ongoing(begun=3),
    ]
    assert all(asked["ConsistentRead"] is True for asked in tables.sent("GetItem"))
