"""The canary: its rule, its function and its alarm."""

import pytest

from tests.infra.conftest import Resources, Synthesise


@pytest.fixture
def resources(synthesise: Synthesise) -> Resources:
    """A stage with a canary every five minutes."""
    return Resources(synthesise("prod", canary="5 minutes"))


def test_the_rule_calls_the_function_as_often_as_was_asked_for(resources: Resources) -> None:
    """And does not call it again when it has failed: the next run comes soon."""
    _, rule = resources.rules()["canary"]
    (target,) = rule["Targets"]

    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(5 minutes)", "ENABLED")
    assert resources.readable(target["Arn"]) == "canary.Arn"
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 0}


def test_it_posts_to_the_url_that_twilio_calls(resources: Resources) -> None:
    """So the API, its throttling and the signature's URL are on the way."""
    variables = resources.function("canary")["Environment"]["Variables"]
    (api,) = resources.of("AWS::ApiGatewayV2::Api")

    assert set(variables) == {
        "VOTES_TABLE", "AGGREGATES_TABLE", "POLLS_TABLE", "SECRET_ARN", "WEBHOOK_URL"
    }  # fmt: skip
    assert {"Fn::GetAtt": [api, "ApiEndpoint"]} in variables["WEBHOOK_URL"]["Fn::Join"][1]


def test_a_run_is_over_before_the_next_one_takes_it_for_a_killed_one(resources: Resources) -> None:
    """That sweeps up after three minutes."""
    assert resources.function("canary")["Timeout"] < 180


def test_the_alarm_rings_when_texts_fail_and_when_there_are_none(resources: Resources) -> None:
    """Two intervals without a counted text; a missing datapoint is one."""
    (alarm,) = (
        held["Properties"]
        for name, held in resources.of("AWS::CloudWatch::Alarm").items()
        if "CanaryFails" in name
    )
    metrics = {one["Id"]: one for one in alarm["Metrics"]}
    (expression,) = (one for one in alarm["Metrics"] if one.get("Expression"))

    assert expression["Expression"] == "FILL(runs, 0) - FILL(errors, 0)"
    assert {
        name: (
            metrics[name]["MetricStat"]["Metric"]["MetricName"],
            metrics[name]["MetricStat"]["Period"],
            metrics[name]["MetricStat"]["Stat"],
        )
        for name in ("runs", "errors")
    } == {"runs": ("Invocations", 300, "Sum"), "errors": ("Errors", 300, "Sum")}
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (2, 2)
    assert alarm["TreatMissingData"] == "breaching"


@pytest.mark.parametrize("options", [{}, {"canary": "off"}])
def test_without_the_option_there_is_none_of_it(
    synthesise: Synthesise, options: dict[str, str]
) -> None:
    """It costs writes, and texts in the metrics."""
    resources = Resources(synthesise("prod", **options))
    handlers = {
        held["Properties"].get("Handler") for held in resources.of("AWS::Lambda::Function").values()
    }

    assert set(resources.rules()) == {"merger"}
    assert "lambdas.canary.handler.handler" not in handlers
