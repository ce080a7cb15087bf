"""The account is held against what the stack really needs."""

from services.tools.doctor import account
from tests.infra.conftest import Synthesise


def test_the_bootstrap_that_is_asked_for_is_the_one_that_the_template_asserts(
    synthesise: Synthesise,
) -> None:
    """By the parameter that CloudFormation reads."""
    template = synthesise("dev")
    (parameter,) = (held["Default"] for held in template["Parameters"].values())
    ((assertion,),) = (rule["Assertions"] for rule in template["Rules"].values())
    refused = assertion["Assert"]["Fn::Not"][0]["Fn::Contains"][0]

    assert parameter == account.BOOTSTRAP_PARAMETER
    assert max(map(int, refused)) + 1 == account.BOOTSTRAP_VERSION


def test_the_requests_that_are_asked_for_are_those_that_an_api_admits(
    synthesise: Synthesise,
) -> None:
    """Without options."""
    (stage,) = (
        held["Properties"]["DefaultRouteSettings"]
        for held in synthesise("dev")["Resources"].values()
        if held["Type"] == "AWS::ApiGatewayV2::Stage"
    )

    assert stage["ThrottlingRateLimit"] == account.ADMITTED_PER_SECOND
    assert stage["ThrottlingBurstLimit"] == account.ADMITTED_BURST
