"""The stack's outputs, which the command line and the local cloud read by name."""

from typing import Any

from tests.infra.conftest import Resources, Synthesise


def outputs(synthesise: Synthesise, stage: str, **options: str) -> dict[str, Any]:
    """The outputs of a stage, with readable names of resources."""
    template = synthesise(stage, **options)
    resources, found = Resources(template), template["Outputs"]
    return {name: resources.readable(output["Value"]) for name, output in found.items()}


def test_each_name_is_that_of_the_right_thing(synthesise: Synthesise) -> None:
    """Commands would audit or change the wrong table."""
    found = outputs(synthesise, "prod")
    resources = Resources(synthesise("prod"))
    (api,) = resources.of("AWS::ApiGatewayV2::Api")
    (bucket,) = resources.of("AWS::S3::Bucket")
    (pool,) = resources.of("AWS::Cognito::IdentityPool")
    (guest,) = resources.of("Custom::GuestIdentity")
    (edge,) = resources.of("AWS::CloudFront::Distribution")
    (rest_api,) = resources.of("AWS::ApiGateway::RestApi")
    (stage,) = resources.of("AWS::ApiGateway::Stage")
    (check,) = resources.of("Custom::DeployCheck")
    region, suffix = "AWS::Region", "AWS::URLSuffix"
    fallback = ["https://", rest_api, ".execute-api.", region, ".", suffix, "/", stage, "/sms"]
    page = ["https://", f"{edge}.DomainName"]

    assert {name: held for name, held in found.items() if not name.startswith("Step")} == {
        "WebhookUrl": {"Fn::Join": ["", [f"{api}.ApiEndpoint", "/sms"]]},
        "VotesTable": "votes",
        "AggregatesTable": "aggregates",
        "PollsTable": "polls",
        "SiteBucket": bucket,
        "IdentityPoolId": pool,
        "GuestIdentityId": guest,
        "SecretArn": "secret.Id",
        "AggregatorFunction": "aggregator",
        "WebhookFunction": "webhook",
        "FallbackUrl": {"Fn::Join": ["", fallback]},
        "FallbackQueueUrl": "queue",
        "FallbackDeadLetterQueueUrl": "dead letters",
        "DashboardUrl": {"Fn::Join": ["", page]},
        "OpenPolls": f"{check}.OpenPolls",
    }
    assert found["Step3Show"] == {"Fn::Join": ["", [*page, "/"]]}


def test_the_next_steps_name_the_stage_they_are_for(synthesise: Synthesise) -> None:
    """Copied commands must not connect a test number to production."""
    found = outputs(synthesise, "dev", alarm_email="count@example.com")
    steps = {name: held for name, held in found.items() if name.startswith("Step")}

    assert list(steps) == [
        "Step1Connect",
        "Step2Check",
        "Step3Show",
        "Step4Confirm",
        "Step5Activate",
    ]
    assert "TagKey=stage,Status=Active" in steps["Step5Activate"]
    assert "voteapp connect --stage dev --number" in steps["Step1Connect"]
    assert steps["Step2Check"] == "voteapp doctor --stage dev"


def test_the_local_stage_has_no_next_steps(synthesise: Synthesise) -> None:
    """The local cloud does them."""
    found = outputs(synthesise, "local")

    assert not any(name.startswith("Step") for name in found)
    assert "DashboardUrl" not in found
