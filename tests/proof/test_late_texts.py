"""Outages of a second to four hours: every text in Twilio's log is counted once or refused."""

from collections import Counter

import pytest

from services.tools.replay.lifecycle.run import LifecycleOutcome, run_lifecycle

FIRST = 50_000
RUNS = 120


@pytest.fixture(scope="module")
def outcomes() -> list[LifecycleOutcome]:
    """Each ends with a reconciliation of every round, and a look at every text."""
    return [run_lifecycle(number) for number in range(FIRST, FIRST + RUNS)]


def test_no_text_is_lost_or_counted_twice_or_unexplained(outcomes: list[LifecycleOutcome]) -> None:
    """Whatever was down, whoever was interrupted, and in whatever order they came."""
    violations = [outcome.violation for outcome in outcomes if outcome.violation]

    assert violations == []


def test_texts_came_by_every_way(outcomes: list[LifecycleOutcome]) -> None:
    """From the webhook, from the fallback queue and from Twilio's log."""
    ways = sum((outcome.ways for outcome in outcomes), Counter[str]())

    assert set(ways) == {"live", "replayed", "recovered"}
    assert min(ways.values()) >= 20


def test_every_part_was_down_and_texts_were_given_up(outcomes: list[LifecycleOutcome]) -> None:
    """Without outages there would be nothing to recover."""
    parts = ("webhook", "store", "directory", "fallback")

    assert all(sum(outcome.outages[part] for outcome in outcomes) >= 20 for part in parts)
    assert sum(outcome.given_up for outcome in outcomes) >= 100


def test_reconciliations_ran_alone_at_once_and_were_interrupted(
    outcomes: list[LifecycleOutcome],
) -> None:
    """And one that was interrupted was repeated at the end."""
    names = ("reconcile", "reconcile, at once", "reconcile, interrupted")

    assert all(sum(outcome.done[name] for outcome in outcomes) >= 5 for name in names)


def test_texts_were_refused_for_many_reasons(outcomes: list[LifecycleOutcome]) -> None:
    """Each of them is one that the files and the commands explain."""
    reasons = {reason for outcome in outcomes for reason in outcome.reasons}

    assert reasons >= {
        "unknown", "closed", "no_poll", "reserved", "redacted", "stands", "limit", "forgotten",
        "expired", "waiting",
    }  # fmt: skip
