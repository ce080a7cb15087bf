"""The mapping: each setting that exactness rests on, held by a test of its own."""

import pytest

from tests.infra.conftest import Resources

REQUIRED = {
    "StartingPosition": "TRIM_HORIZON",
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 30,
    "MaximumRetryAttempts": -1,
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "BatchSize": 1000,
    "MaximumBatchingWindowInSeconds": 0,
}
FORBIDDEN = ("FunctionResponseTypes", "DestinationConfig", "FilterCriteria", "Enabled")


@pytest.mark.parametrize("setting", REQUIRED)
def test_the_mapping_has_the_setting(resources: Resources, setting: str) -> None:
    """With any other value the fold can miscount, or stop for good."""
    mapping = resources.only("AWS::Lambda::EventSourceMapping")

    assert mapping[setting] == REQUIRED[setting]


@pytest.mark.parametrize("setting", FORBIDDEN)
def test_the_mapping_leaves_the_setting_alone(resources: Resources, setting: str) -> None:
    """Partial answers, a place for failed batches or a filter lose records; it is enabled."""
    mapping = resources.only("AWS::Lambda::EventSourceMapping")

    assert setting not in mapping


def test_one_mapping_joins_the_stream_of_the_votes_to_the_aggregator(resources: Resources) -> None:
    """Two mappings would count everything at two places."""
    mapping = resources.only("AWS::Lambda::EventSourceMapping")
    votes, stream = mapping["EventSourceArn"]["Fn::GetAtt"]
    function = resources.all[mapping["FunctionName"]["Ref"]]["Properties"]

    assert stream == "StreamArn"
    assert resources.all[votes] == resources.table("expires_at")
    assert function["Handler"] == "lambdas.aggregator.handler.handler"


def test_a_stand_in_for_the_shard_id_exists_on_the_local_stage_only(
    resources: Resources, stage: str
) -> None:
    """On AWS the window gives the shard id; a stand-in there would merge shards."""
    environment = resources.function("aggregator")["Environment"]["Variables"]

    assert ("STREAM_SHARD_ID" in environment) == (stage == "local")
