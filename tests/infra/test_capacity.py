"""Capacity in the template: on demand, on demand with a ceiling, or provisioned."""

from tests.infra.conftest import Resources, Synthesise


def test_a_ceiling_caps_the_votes_alone(synthesise: Synthesise) -> None:
    """The aggregator's writes must not be throttled."""
    resources = Resources(synthesise("prod", max_writes_per_second="2000"))

    votes = resources.table("votes")["Properties"]
    assert votes["OnDemandThroughput"] == {"MaxWriteRequestUnits": 2000}
    assert "OnDemandThroughput" not in resources.table("aggregates")["Properties"]


def test_a_ceiling_of_reads_caps_the_table_of_the_screens_alone(synthesise: Synthesise) -> None:
    """The webhook's reads of ballots and polls must not be throttled by guests."""
    resources = Resources(synthesise("prod", max_reads_per_second="500"))
    found = {
        name: resources.table(name)["Properties"].get("OnDemandThroughput")
        for name in ("votes", "aggregates", "polls")
    }

    assert found == {"votes": None, "aggregates": {"MaxReadRequestUnits": 500}, "polls": None}


def test_the_polls_stay_on_demand_where_a_rate_is_expected(synthesise: Synthesise) -> None:
    """Every webhook reads them every two seconds, however many texts there are."""
    resources = Resources(synthesise("prod", expected_texts_per_second="100"))

    assert resources.table("polls")["Properties"]["BillingMode"] == "PAY_PER_REQUEST"


def test_an_expected_rate_provisions_both_tables_and_scales_them(synthesise: Synthesise) -> None:
    """Reads and writes of each table scale at a target utilisation of 70 %."""
    resources = Resources(synthesise("prod", expected_texts_per_second="100"))

    votes = resources.table("votes")["Properties"]
    assert votes["ProvisionedThroughput"] == {"ReadCapacityUnits": 8, "WriteCapacityUnits": 150}
    assert "BillingMode" not in votes  # which is provisioned
    targets = resources.of("AWS::ApplicationAutoScaling::ScalableTarget").values()
    limits = sorted(
        (t["Properties"]["MinCapacity"], t["Properties"]["MaxCapacity"]) for t in targets
    )
    assert limits == [(8, 32), (8, 32), (73, 292), (150, 600)]
    policies = resources.of("AWS::ApplicationAutoScaling::ScalingPolicy").values()
    assert {
        policy["Properties"]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
        for policy in policies
    } == {70}


def test_a_table_can_be_warmed_for_a_rush(synthesise: Synthesise) -> None:
    """It takes the rate without scaling up first."""
    resources = Resources(synthesise("prod", warm_writes_per_second="20000"))

    votes = resources.table("votes")["Properties"]
    assert votes["WarmThroughput"] == {"WriteUnitsPerSecond": 20000}
