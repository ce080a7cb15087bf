"""Which alarms ring in which minute, by the documented evaluation of the synthesised alarms."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.infra.alarm_page import OPTIONS
from tests.infra.conftest import Resources, Synthesise
from tests.infra.standstill import (
    EVERYTHING,
    HOUR,
    SILENCE,
    STANDSTILL,
    VOTES,
    Metrics,
    alarms_of,
    key_of,
    rings,
)
from tests.support.cloudwatch import Series, evaluate, metrics_of, ringing

# Minutes from what happens until each alarm rings.
RINGS: dict[str, dict[str, int]] = {
    "the mapping is disabled or deleted while votes come": {"CountStalled": 3, "MappingSilent": 5},
    "the mapping is disabled before the first vote": {"MappingSilent": 5},
    "the aggregator is throttled: the account's concurrency is used up": {
        "AggregatorThrottled": 1, "ConcurrencyNearLimit": 1, "CountStalled": 3,
    },
    "the aggregator fails on every batch": {
        "StreamWaits": 1, "CountStalled": 3, "AggregatorFails": 3,
    },
    "writes to the table of aggregates are throttled": {
        "StreamWaits": 1, "FoldThrottled": 2, "CountStalled": 3, "AggregatorFails": 3,
    },
    "the aggregator folds more slowly than votes come": {"StreamWaits": 1},
    "the aggregator cannot read the records": {"RecordsUnreadable": 1, "CountStalled": 3},
    "the screens' reads are throttled": {"ScreensThrottled": 2},
    "the reader fails: screens of a large audience": {"ReaderFails": 2},
    "the reader is throttled: somebody asks for boards that do not exist": {"ReaderThrottled": 2},
    "the webhook fails": {"WebhookFails": 2},
    "the webhook takes too long": {"WebhookFails": 2, "WebhookSlow": 3},
    "the webhook is throttled: the account's concurrency is used up": {
        "WebhookThrottled": 1, "ConcurrencyNearLimit": 1, "WebhookFails": 2,
    },
    "writes to the table of votes are throttled": {"VotesThrottled": 2, "WebhookFails": 2},
    "more requests come than the API admits": {"RequestsThrottled": 1, "Flood": 2},
    "the token at Twilio is another one": {"SignaturesRefused": 1},
    "the number's URL has a wrong path": {"RequestsRefused": 1},
    "the polls cannot be read": {"DirectoryStale": 2},
    "the secret cannot be read": {"SecretStale": 2},
    "a poll's row cannot be read": {"PollsUnreadable": 1},
    "the queue refuses texts": {"FallbackFails": 1},
    "more requests come than the fallback admits": {"FallbackRefuses": 1, "FallbackFlood": 2},
    "texts wait for the store": {"FallbackWaits": 10},
    "the replayer fails": {"ReplayerFails": 3},
    "the replayer fails on a text": {"ReplayFails": 3},
    "the replayer is throttled": {"ReplayerThrottled": 1},
    "texts are in the dead-letter queue": {"DeadLetters": 1},
    "the scheduled reconciliation fails": {"ReconcilerFails": 1},
    "the scheduled reconciliation is throttled": {"ReconcilerThrottled": 1},
    "rows are not merged": {"MergeFails": 2880},
    "merging fails": {"MergeFails": 2880},
    "a merged row changes": {"MergedRowChanged": 1},
    "ballots hold texts that Twilio never received": {"TextsUnexplained": 1},
    "the canary's texts are not counted": {"CanaryFails": 10},
    "the canary does not run": {"CanaryFails": 10},
}  # fmt: skip


@pytest.fixture
def resources(synthesise: Synthesise) -> Resources:
    """Production with every alarm."""
    return Resources(synthesise("prod", **OPTIONS))


@pytest.mark.parametrize("what", EVERYTHING)
def test_what_happens_rings_these_alarms_within_so_many_minutes(
    resources: Resources, what: str
) -> None:
    """And no others."""
    before, changes = EVERYTHING[what]

    assert rings(resources, before, changes) == RINGS[what]


@pytest.mark.parametrize("what", STANDSTILL)
def test_no_way_in_which_the_count_stands_still_is_silent(resources: Resources, what: str) -> None:
    """Within five minutes somebody has a mail."""
    before, changes = STANDSTILL[what]

    assert min(rings(resources, before, changes).values(), default=HOUR) <= 5


@pytest.mark.parametrize("metrics", [SILENCE, VOTES], ids=["silence", "votes"])
def test_nothing_rings_while_all_is_well(resources: Resources, metrics: Metrics) -> None:
    """Neither while nobody texts nor while everybody does."""
    assert rings(resources, metrics, {}) == {}


def test_a_vote_that_is_folded_in_the_next_minute_rings_nothing(resources: Resources) -> None:
    """One text now and then, always in the last second of a minute: two of five minutes look bad."""
    accepted = {"AcceptedVotes": lambda minute: 1 if minute % 3 == 0 else None}
    folded = {"FoldedRecords": lambda minute: 1 if minute % 3 == 1 else None}

    assert rings(resources, SILENCE, {**accepted, **folded}) == {}


def _known_until(last: int) -> Series:
    """A metric of which the minutes after the last one have not come yet."""
    return lambda minute: 60 if minute <= last else None


@pytest.mark.parametrize(
    ("name", "what"), [("CountStalled", "folded"), ("MappingSilent", "measured")]
)
def test_a_metric_that_comes_two_minutes_late_rings_nothing(
    resources: Resources, name: str, what: str
) -> None:
    """The newest two minutes look as if nothing was folded and nothing was read."""
    alarm = dict(alarms_of(resources))[name]

    for now in range(10):
        series = {
            used: _known_until(now - 2 if used == what else now) for used in metrics_of(alarm)
        }
        assert ringing(alarm, series, start=now, end=now + 1) == []


@pytest.mark.parametrize("name", ["VotesThrottled", "FoldThrottled", "ScreensThrottled"])
def test_a_table_that_is_throttled_again_rings_again(resources: Resources, name: str) -> None:
    """DynamoDB sends nothing in between, and the alarm must not keep its state for that."""
    alarm = dict(alarms_of(resources))[name]
    twice = {"measured": lambda minute: 5 if minute in {0, 1, 30, 31} else None}

    assert ringing(alarm, twice, start=-HOUR, end=HOUR) == [1, 31]


def test_every_alarm_rings_in_one_case_at_least(resources: Resources) -> None:
    """An alarm that no case rings is not simulated."""
    rung = {
        name
        for before, changes in EVERYTHING.values()
        for name in rings(resources, before, changes)
    }

    assert rung == {name for name, _ in alarms_of(resources)}


def test_the_cases_name_metrics_that_an_alarm_reads(resources: Resources) -> None:
    """A mistyped one would ring nothing and show nothing."""
    read = {
        key_of(resources, metric)
        for _, alarm in alarms_of(resources)
        for metric in metrics_of(alarm).values()
    }

    assert {key for case in EVERYTHING.values() for part in case for key in part} <= read


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ({"accepted": 5, "folded": 5}, 0),
        ({"accepted": 5, "folded": None}, 1),
        ({"accepted": None, "folded": None}, 0),
    ],
)
def test_a_missing_value_is_filled_and_compared(values: Mapping[str, Any], result: int) -> None:
    """The evaluator itself, by the page "Using metric math"."""
    assert evaluate("IF(FILL(accepted, 0) > 0 AND FILL(folded, 0) == 0, 1, 0)", values) == result
    assert evaluate("IF(accepted > 0, 1, 0)", {"accepted": None}) is None


@pytest.mark.parametrize(
    ("points", "treatment", "is_alarm"),
    [
        ("-----", "notBreaching", False),
        ("-----", "breaching", True),
        ("0---1", "notBreaching", False),
        ("11---", "notBreaching", True),
        ("0-1-1-1", "notBreaching", True),
        ("0000000", "breaching", False),
        ("00000--", "breaching", False),
    ],
)
def test_missing_points_are_treated_as_documented(
    points: str, treatment: str, *, is_alarm: bool
) -> None:
    """Two of five; with five real points in the range of seven, the missing ones do not matter."""
    alarm = {
        "MetricName": "any", "Threshold": 1, "EvaluationPeriods": 5, "DatapointsToAlarm": 2,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": treatment,
    }  # fmt: skip
    values = {i: None if p == "-" else float(p) for i, p in enumerate(points.rjust(7, "-"))}

    assert ringing(alarm, {"measured": values.get}, start=6, end=7) == ([6] if is_alarm else [])
