"""Capacity in the template: on demand, with a ceiling or warmed for a rush."""

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


def test_an_expected_rate_provisions_nothing(synthesise: Synthesise) -> None:
    """Provisioned units are charged around the clock: at 1,000 texts/s, $710 a month."""
    resources = Resources(synthesise("prod", expected_texts_per_second="1000"))
    tables = resources.of("AWS::DynamoDB::Table").values()

    assert {table["Properties"]["BillingMode"] for table in tables} == {"PAY_PER_REQUEST"}
    assert resources.of("AWS::ApplicationAutoScaling::ScalableTarget") == {}


def test_a_table_can_be_warmed_for_a_rush(synthesise: Synthesise) -> None:
    """It takes the rate without scaling up first."""
    resources = Resources(synthesise("prod", warm_writes_per_second="20000"))

    votes = resources.table("votes")["Properties"]
    assert votes["WarmThroughput"] == {"WriteUnitsPerSecond": 20000}
    assert "WarmThroughput" not in resources.table("aggregates")["Properties"]
