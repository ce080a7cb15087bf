"""The nightly merge: its rule, its function and its alarms."""

import pytest

from tests.infra.conftest import Resources, Synthesise
from tests.infra.standstill import alarms_of
from tests.infra.test_log_metrics import measured


def test_every_stage_merges_once_a_night(resources: Resources) -> None:
    """Without an option: every board grows."""
    _, rule = resources.rules()["merger"]

    assert (rule["ScheduleExpression"], rule["State"]) == ("cron(20 9 * * ? *)", "ENABLED")


def test_the_merger_reads_the_shards_of_the_stream_that_is_folded(resources: Resources) -> None:
    """Those of another stream would all look as if they were gone."""
    variables = resources.function("merger")["Environment"]["Variables"]

    assert resources.readable(variables["STREAM_ARN"]) == "votes.StreamArn"
    assert resources.readable(variables["AGGREGATES_TABLE"]) == "aggregates"


def test_the_merger_waits_for_the_copy_of_the_directory(resources: Resources) -> None:
    """It reads the polls there."""
    (copied,) = resources.of("Custom::DirectoryCopied")
    (merger,) = (
        held
        for held in resources.of("AWS::Lambda::Function").values()
        if held["Properties"].get("Handler") == "lambdas.merger.handler.handler"
    )

    assert copied in merger["DependsOn"]


@pytest.fixture
def production(synthesise: Synthesise) -> Resources:
    """With alarms."""
    return Resources(synthesise("prod"))


def test_two_days_without_a_merge_raise_an_alarm(production: Resources) -> None:
    """Whether runs fail or there are none."""
    alarm = dict(alarms_of(production))["MergeFails"]
    periods = {one["MetricStat"]["Period"] for one in alarm["Metrics"] if "MetricStat" in one}

    assert periods == {86_400}
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (2, 2)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"


def test_a_merged_row_that_changed_raises_an_alarm_at_once(production: Resources) -> None:
    """By the event that the merger logs."""
    (found,) = measured(production, "ChangedRows")

    assert found["FilterPattern"] == '{ $.event = "merge.row_changed" }'
    assert production.readable(found["LogGroupName"]) == "merger log"
