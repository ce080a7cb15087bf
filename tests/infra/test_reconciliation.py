"""The scheduled reconciliation: its rule, its function and its alarms."""

import pytest

from tests.infra.conftest import Resources, Synthesise
from tests.infra.standstill import alarms_of
from tests.infra.test_log_metrics import measured


@pytest.fixture
def resources(synthesise: Synthesise, stage: str) -> Resources:
    """Each stage with a reconciliation every five minutes."""
    return Resources(synthesise(stage, reconcile="5 minutes"))


@pytest.mark.parametrize(
    ("every", "rate"),
    [("5 minutes", "5 minutes"), ("1 minute", "1 minute"), ("60 minutes", "1 hour")],
)
def test_the_rule_calls_the_function_as_often_as_was_asked_for(
    synthesise: Synthesise, every: str, rate: str
) -> None:
    """And nothing else."""
    resources = Resources(synthesise("prod", reconcile=every))
    _, rule = resources.rules()["reconciler"]
    (target,) = rule["Targets"]

    assert (rule["ScheduleExpression"], rule["State"]) == (f"rate({rate})", "ENABLED")
    assert resources.readable(target["Arn"]) == "reconciler.Arn"


def test_only_this_rule_may_call_the_function(resources: Resources) -> None:
    """Without the permission the schedule stays silent."""
    rule, _ = resources.rules()["reconciler"]
    permissions = [
        held["Properties"]
        for held in resources.of("AWS::Lambda::Permission").values()
        if resources.readable(held["Properties"]["FunctionName"]) == "reconciler.Arn"
    ]

    assert permissions == [
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": permissions[0]["FunctionName"],
            "Principal": "events.amazonaws.com",
            "SourceArn": {"Fn::GetAtt": [rule, "Arn"]},
        }
    ]


def test_a_run_has_five_minutes_and_may_overlap_another(resources: Resources) -> None:
    """A reserved concurrency would be taken from the webhook's."""
    function = resources.function("reconciler")

    assert function["Timeout"] == 300
    assert "ReservedConcurrentExecutions" not in function


def test_the_reconciler_waits_for_the_copy(resources: Resources) -> None:
    """It places texts by the operator's log, which the copy begins."""
    (copied,) = resources.of("Custom::DirectoryCopied")
    (reconciler,) = (
        held
        for held in resources.of("AWS::Lambda::Function").values()
        if held["Properties"].get("Handler") == "lambdas.reconciler.handler.handler"
    )

    assert copied in reconciler["DependsOn"]


def test_a_run_that_fails_and_a_text_that_twilio_never_received_raise_alarms(
    synthesise: Synthesise,
) -> None:
    """At the first one; so does a report that does not add up."""
    resources = Resources(synthesise("prod", reconcile="5 minutes"))
    more = {
        name: (alarm["MetricName"], alarm["Threshold"], alarm["DatapointsToAlarm"])
        for name, alarm in alarms_of(resources)
        if name.startswith(("Reconciler", "TextsUn"))
    }
    (found,) = measured(resources, "UnexplainedTexts")

    assert more == {
        "ReconcilerFails": ("Errors", 1, 1),
        "TextsUnexplained": ("UnexplainedTexts", 1, 1),
        "ReconcilerThrottled": ("Throttles", 1, 1),
    }
    assert resources.readable(found["LogGroupName"]) == "reconciler log"
    assert found["FilterPattern"] == (
        '{ ($.event = "reconciled" && $.unknown_to_twilio > 0)'
        ' || $.event = "reconcile.unbalanced" }'
    )


@pytest.mark.parametrize("options", [{}, {"reconcile": "off"}])
def test_without_the_option_there_is_none_of_it(
    synthesise: Synthesise, stage: str, options: dict[str, str]
) -> None:
    """It costs requests to Twilio, and reads."""
    resources = Resources(synthesise(stage, **options))
    handlers = {
        held["Properties"].get("Handler") for held in resources.of("AWS::Lambda::Function").values()
    }

    assert set(resources.rules()) == {"merger"}
    assert "lambdas.reconciler.handler.handler" not in handlers
