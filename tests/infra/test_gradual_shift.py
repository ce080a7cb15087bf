"""`-c shift=gradual`: a new version of the webhook, gradually, and the way back."""

import pytest

from infra.options import OptionError, Options
from tests.infra.conftest import Resources, Synthesise


@pytest.fixture
def shifting(synthesise: Synthesise) -> Resources:
    """Production with a gradual shift."""
    return Resources(synthesise("prod", shift="gradual"))


def test_a_tenth_of_the_texts_tries_a_new_version_first(shifting: Resources) -> None:
    """The alias that the API calls is changed by CodeDeploy only."""
    (group,) = shifting.of("AWS::CodeDeploy::DeploymentGroup")
    (alias,) = shifting.of("AWS::Lambda::Alias").values()
    config = shifting.all[group]["Properties"]["DeploymentConfigName"]

    assert config == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"] == {
        "Ref": group
    }


def test_a_text_that_fails_meanwhile_takes_the_old_version_back(shifting: Resources) -> None:
    """One 5xx of the webhook's API within a minute."""
    group = shifting.only("AWS::CodeDeploy::DeploymentGroup")
    (watched,) = group["AlarmConfiguration"]["Alarms"]
    alarm = shifting.all[watched["Name"]["Ref"]]["Properties"]
    (api,) = shifting.of("AWS::ApiGatewayV2::Api")

    assert group["AlarmConfiguration"]["Enabled"] is True
    assert group["AutoRollbackConfiguration"]["Enabled"] is True
    assert set(group["AutoRollbackConfiguration"]["Events"]) == {
        "DEPLOYMENT_FAILURE",
        "DEPLOYMENT_STOP_ON_ALARM",
    }
    assert (alarm["MetricName"], alarm["Threshold"], alarm["EvaluationPeriods"]) == ("5xx", 1, 1)
    assert alarm["Dimensions"] == [{"Name": "ApiId", "Value": {"Ref": api}}]


def test_a_new_version_gets_all_texts_at_once_unless_asked_otherwise(
    synthesise: Synthesise,
) -> None:
    """A deploy takes no five minutes more."""
    resources = Resources(synthesise("prod"))
    (alias,) = resources.of("AWS::Lambda::Alias").values()

    assert resources.of("AWS::CodeDeploy::DeploymentGroup") == {}
    assert "UpdatePolicy" not in alias


def test_containers_have_no_alias_to_shift() -> None:
    """Their service replaces one task after another."""
    with pytest.raises(OptionError, match="-c shift=gradual: give it with webhook=lambda only"):
        Options.parse({"shift": "gradual", "webhook": "container"})
