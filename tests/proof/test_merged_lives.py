"""Rows are merged in the simulator: beside everything else, and no count changes."""

from collections import Counter

import pytest

from services.tools.replay.lifecycle.run import run_lifecycle

NUMBERS = range(700_000, 700_020)


def test_no_merge_changes_a_count() -> None:
    """Rows are merged, deleted and forgotten in these runs, and all invariants hold."""
    outcomes = [run_lifecycle(number) for number in NUMBERS]
    done = sum((outcome.done for outcome in outcomes), Counter[str]())

    assert [outcome.violation for outcome in outcomes] == [None] * len(outcomes)
    assert min(done["rows merged"], done["rows deleted"], done["names dropped"]) > 50


@pytest.mark.parametrize("number", [700_000, 700_001])
def test_a_run_is_repeatable(number: int) -> None:
    """So that a violation can be looked at."""
    assert run_lifecycle(number) == run_lifecycle(number)
