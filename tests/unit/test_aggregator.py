"""What the aggregator answers and reports of a batch, over tallies in memory."""

import json
import runpy
from io import StringIO
from typing import Any

import pytest

from lambdas.aggregator import handler as aggregator
from services.adapters.dynamodb.ballot_items import item_of
from services.adapters.memory import MemoryTallies
from services.voting.ballot import cast
from tests.support.polls import NOON, a_round, a_vote

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Votes/stream/{}"


def vote(sequence: int, *, phone: int = 0, at_ms: int = NOON, label: str = "today") -> Any:
    """The stream record of a phone's first vote for red."""
    made = cast(a_round(), None, a_vote("RED", phone=phone, at_ms=at_ms)).ballot
    assert made
    return {
        "eventName": "INSERT",
        "eventSourceARN": ARN.format(label),
        "dynamodb": {"SequenceNumber": str(sequence), "NewImage": item_of(made)},
    }


class Report:
    """The log line and the metrics of one batch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._lines = StringIO()
        self.measures: dict[str, float] = {}
        self.tallies = MemoryTallies()
        monkeypatch.setattr(aggregator.logger.registered_handler, "stream", self._lines)
        monkeypatch.setattr(aggregator.metrics, "add_metric", self._measure)
        monkeypatch.setattr(aggregator, "now_ms", lambda: NOON + 2_500)

    def _measure(self, name: str, unit: Any, value: float) -> None:
        self.measures[f"{name} ({unit.value})"] = value

    def of(self, *records: Any, **event: Any) -> dict[str, Any]:
        """Fold a batch of stream shard `one` and return its log line."""
        self._lines.truncate(0)
        self._lines.seek(0)
        batch = {"shardId": "one", **event, "Records": [*records]}
        answer = aggregator.aggregate(batch, self.tallies, default_shard=None)
        assert answer == {"state": {}, "batchItemFailures": []}
        (line,) = (json.loads(text) for text in self._lines.getvalue().splitlines())
        return {name: line[name] for name in ("message", "folded", "duplicates", "badrecords")}

    @property
    def red(self) -> int:
        """The votes for red on the board."""
        return self.tallies.totals("open#colors", 1).picks.get("RED", 0)


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> Report:
    """The report of an aggregator whose clock is 2.5 s after noon."""
    return Report(monkeypatch)


def test_a_batch_logs_the_fields_that_the_alarms_read(report: Report) -> None:
    """A record that names a board and one that names nothing are both bad."""
    bad = {"dynamodb": {"SequenceNumber": "3", "NewImage": {}}}

    first = report.of(vote(1, phone=1), vote(2, phone=2), bad, "not a record")
    again = report.of(vote(1, phone=1), vote(2, phone=2), bad)

    assert first == {"message": "batch", "folded": 3, "duplicates": 0, "badrecords": 2}
    assert again == {"message": "batch", "folded": 0, "duplicates": 3, "badrecords": 0}


def test_a_batch_measures_how_long_its_newest_vote_took_to_count(report: Report) -> None:
    """In seconds, as the dashboard is labelled; an older vote of the batch does not hide it."""
    report.of(vote(1, phone=1, at_ms=NOON - 60_000), vote(2, phone=2, at_ms=NOON))

    assert report.measures == {
        "Folded (Count)": 2,
        "Duplicates (Count)": 0,
        "BadRecords (Count)": 0,
        "VoteToCount (Seconds)": 2.5,
    }


def test_a_vote_from_a_clock_ahead_took_no_time(report: Report) -> None:
    """The delay is 0 instead of negative."""
    report.of(vote(1, at_ms=NOON + 60_000))

    assert report.measures["VoteToCount (Seconds)"] == 0


def test_the_shard_of_the_event_is_the_one_that_counts(report: Report) -> None:
    """Sequence numbers of two shards must not be compared, so their rows must not be merged."""
    for shard in ("one", "two"):
        event = {"Records": [vote(7)], "shardId": shard}
        aggregator.aggregate(event, report.tallies, default_shard="stand-in")

    assert report.red == 2


def test_a_stream_that_was_enabled_anew_is_another_stream(report: Report) -> None:
    """Its sequence numbers may be lower, so it has its own rows, named by its label."""
    nameless = {**vote(1, phone=1), "eventSourceARN": None}
    report.of(vote(9, phone=0))
    report.of(nameless, vote(2, phone=2, label="tomorrow"))

    assert report.red == 3
    assert {row.stream_label for row in report.tallies.rows} == {"today", "tomorrow"}


def test_measures_go_to_the_namespace_of_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the stack names it in the environment; the dashboard asks for service `aggregator`."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "VoteApp-rehearsal")

    metrics = runpy.run_path(aggregator.__file__)["metrics"]

    assert metrics.namespace == "VoteApp-rehearsal"
    assert metrics.service == "aggregator"


def test_without_a_namespace_there_is_one_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise Powertools would raise after the fold, and Lambda would retry the batch forever."""
    monkeypatch.delenv("POWERTOOLS_METRICS_NAMESPACE", raising=False)

    assert runpy.run_path(aggregator.__file__)["metrics"].namespace == "VoteApp"


def test_what_was_measured_is_written_when_the_batch_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """CloudWatch extracts the metrics from the log of the function."""
    monkeypatch.setattr(aggregator, "assemble", lambda: (_Settings(), MemoryTallies()))

    aggregator.handler({"shardId": "one", "Records": [vote(1)]}, None)

    (written,) = (
        json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line
    )
    assert written["Folded"] == [1.0]


class _Settings:
    stream_shard_id = None
