"""The event source mapping: each setting that the exact count depends on."""

import pytest

from tests.infra.conftest import Resources, Synthesise

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
    """With another value the aggregator can miscount or stop."""
    mapping = resources.mapping("aggregator")

    assert mapping[setting] == REQUIRED[setting]


@pytest.mark.parametrize("setting", FORBIDDEN)
def test_the_mapping_leaves_the_setting_alone(resources: Resources, setting: str) -> None:
    """Partial batch responses, failure destinations and filters lose records."""
    mapping = resources.mapping("aggregator")

    assert setting not in mapping


def test_one_mapping_joins_the_stream_of_the_votes_to_the_aggregator(resources: Resources) -> None:
    """A second mapping would deliver every record twice."""
    mapping = resources.mapping("aggregator")
    votes, stream = mapping["EventSourceArn"]["Fn::GetAtt"]
    function = resources.all[mapping["FunctionName"]["Ref"]]["Properties"]

    assert stream == "StreamArn"
    assert resources.all[votes] == resources.table("votes")
    assert function["Handler"] == "lambdas.aggregator.handler.handler"


def test_a_fixed_shard_id_exists_on_the_local_stage_only(resources: Resources, stage: str) -> None:
    """On AWS events carry the shard id; a fixed one would merge the shards."""
    environment = resources.function("aggregator")["Environment"]["Variables"]

    assert ("STREAM_SHARD_ID" in environment) == (stage == "local")


def test_executions_are_reserved_for_the_aggregator_on_request_only(
    synthesise: Synthesise,
) -> None:
    """With the quota of a new account, Lambda refuses any reservation, and the deploy fails."""
    plain, given = (
        Resources(synthesise("prod", **options)) for options in ({}, {"reserved_concurrency": "50"})
    )

    assert "ReservedConcurrentExecutions" not in plain.function("aggregator")
    assert given.function("aggregator")["ReservedConcurrentExecutions"] == 50
    assert "ReservedConcurrentExecutions" not in given.function("webhook")
