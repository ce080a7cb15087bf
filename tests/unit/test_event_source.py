"""The aggregator's event source mapping: what is asked of AWS, and what is made of the answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.adapters.event_source import MappingState, mapping_state

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Account:
    """Lambda and CloudWatch; the requests are kept."""

    def __init__(self, mappings: list[dict[str, Any]], ages_ms: dict[int, float]) -> None:
        """`ages_ms`: the iterator age by minutes before noon."""
        self.mappings = mappings
        self.datapoints = [
            {"Timestamp": NOON - timedelta(minutes=minutes), "Maximum": age}
            for minutes, age in ages_ms.items()
        ]
        self.clients: list[str] = []
        self.requests: list[dict[str, Any]] = []

    def client(self, name: str) -> "Account":
        """As boto3."""
        self.clients.append(name)
        return self

    def list_event_source_mappings(self, **request: Any) -> dict[str, Any]:
        """As Lambda."""
        self.requests.append(request)
        return {"EventSourceMappings": self.mappings}

    def get_metric_statistics(self, **request: Any) -> dict[str, Any]:
        """As CloudWatch, which sorts nothing."""
        self.requests.append(request)
        return {"Datapoints": self.datapoints}


def test_the_newest_age_of_the_functions_iterator_is_asked_for() -> None:
    """By minutes, of the last ten: CloudWatch has a value only for minutes with a call."""
    account = Account([{"State": "Enabled", "LastProcessingResult": "OK"}], {5: 90_000.0, 1: 800.4})
    found = mapping_state(account.client, "aggregator")
    listed, measured = account.requests
    start, end = measured.pop("StartTime"), measured.pop("EndTime")

    assert account.clients == ["lambda", "cloudwatch"]
    assert listed == {"FunctionName": "aggregator"}
    assert measured == {
        "Namespace": "AWS/Lambda",
        "MetricName": "IteratorAge",
        "Dimensions": [{"Name": "FunctionName", "Value": "aggregator"}],
        "Period": 60,
        "Statistics": ["Maximum"],
    }
    assert (end - start, end.utcoffset()) == (timedelta(minutes=10), timedelta(0))
    assert found == MappingState(state="Enabled", last_result="OK", iterator_age_ms=800)
    assert found.problems == ()


def test_without_a_call_in_ten_minutes_there_is_no_age() -> None:
    """Nothing to be folded is no delay."""
    found = mapping_state(Account([{"State": "Enabled"}], {}).client, "aggregator")

    assert found == MappingState(state="Enabled", last_result="", iterator_age_ms=None)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (
            MappingState(state="", last_result="", iterator_age_ms=None),
            "the aggregator's mapping is missing: enable it",
        ),
        (
            MappingState(state="Disabled", last_result="OK", iterator_age_ms=None),
            "the aggregator's mapping is Disabled: enable it",
        ),
        (
            MappingState(
                state="Enabled",
                last_result="PROBLEM: Function call failed",
                iterator_age_ms=0,
            ),
            "the aggregator fails (PROBLEM: Function call failed): see its log",
        ),
        (
            MappingState(state="Enabled", last_result="OK", iterator_age_ms=10_001),
            "the aggregator is 10 s behind: wait until it has caught up",
        ),
    ],
)
def test_a_problem_says_what_is_wrong_and_what_to_do(state: MappingState, problem: str) -> None:
    """An audit of a stream that may not be drained proves nothing."""
    assert state.problems == (problem,)


def test_ten_seconds_behind_is_still_in_time() -> None:
    """A batching window and a cold start take some of them."""
    assert MappingState(state="Enabled", last_result="OK", iterator_age_ms=10_000).problems == ()
