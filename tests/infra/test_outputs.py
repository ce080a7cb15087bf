"""What a deploy prints: the command line and the local cloud go by these names."""

from typing import Any

from tests.infra.conftest import Resources, Synthesise


def outputs(synthesise: Synthesise, stage: str, **options: str) -> dict[str, Any]:
    """The outputs of a stage, with the resources in them by what they are for."""
    template = synthesise(stage, **options)
    resources, told = Resources(template), template.to_json()["Outputs"]
    return {name: resources.readable(held["Value"]) for name, held in told.items()}


def test_each_name_is_that_of_the_right_thing(synthesise: Synthesise) -> None:
    """A swapped table would be audited, expired or forgotten in."""
    told = outputs(synthesise, "prod")
    resources = Resources(synthesise("prod"))
    (api,) = resources.of("AWS::ApiGatewayV2::Api")
    (bucket,) = resources.of("AWS::S3::Bucket")
    (pool,) = resources.of("AWS::Cognito::IdentityPool")
    (guest,) = resources.of("Custom::GuestIdentity")
    (edge,) = resources.of("AWS::CloudFront::Distribution")
    page = {"Fn::Join": ["", ["https://", f"{edge}.DomainName"]]}

    assert {name: held for name, held in told.items() if not name.startswith("Step")} == {
        "WebhookUrl": {"Fn::Join": ["", [f"{api}.ApiEndpoint", "/sms"]]},
        "VotesTable": "votes",
        "AggregatesTable": "aggregates",
        "SiteBucket": bucket,
        "IdentityPoolId": pool,
        "GuestIdentityId": guest,
        "SecretArn": "secret.Id",
        "AggregatorFunction": "aggregator",
        "WebhookFunction": "webhook",
        "DashboardUrl": page,
    }
    assert told["Step3Show"] == page


def test_the_next_steps_name_the_stage_they_are_for(synthesise: Synthesise) -> None:
    """Copied as they stand, they must not connect a rehearsal's number to the evening."""
    told = outputs(synthesise, "dev", alarm_email="count@example.com")
    steps = {name: held for name, held in told.items() if name.startswith("Step")}

    assert list(steps) == ["Step1Connect", "Step2Check", "Step3Show", "Step4Confirm"]
    assert "voteapp connect --stage dev --number" in steps["Step1Connect"]
    assert steps["Step2Check"] == "voteapp doctor --stage dev"


def test_the_local_stage_tells_no_steps(synthesise: Synthesise) -> None:
    """The local cloud does them."""
    told = outputs(synthesise, "local")

    assert not any(name.startswith("Step") for name in told)
    assert "DashboardUrl" not in told
