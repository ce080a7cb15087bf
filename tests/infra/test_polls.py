"""The custom resources: their properties, and when CloudFormation updates them."""

from typing import Any

from tests.infra.conftest import POLLS, Resources, Synthesise


def applied(resources: Resources) -> dict[str, Any]:
    """The properties of `Custom::Polls` except its function and its timeout."""
    properties = resources.only("Custom::Polls")
    return {
        name: properties[name]
        for name in properties
        if name not in {"ServiceToken", "ServiceTimeout"}
    }


def table(resources: Resources, ttl: str | None) -> dict[str, str]:
    """A reference to one of the tables."""
    (name,) = (name for name, held in resources.all.items() if held == resources.table(ttl))
    return {"Ref": name}


def test_the_files_are_applied_at_deploy_with_all_they_depend_on(
    synthesise: Synthesise,
) -> None:
    """CloudFormation updates a resource only if a property changed, such as `-c number`."""
    resources = Resources(synthesise("prod", number="+15550100177"))
    properties = applied(resources)

    assert properties.pop("CODE").startswith("polls-")
    assert properties == {
        "Files": [{"Source": name, "Text": text} for name, text in POLLS.items()],
        "VOTES_TABLE": table(resources, "expires_at"),
        "AGGREGATES_TABLE": table(resources, None),
        "DEFAULT_NUMBER": "+15550100177",
    }


def test_the_function_gets_the_number_that_polls_are_shown_with(
    synthesise: Synthesise,
) -> None:
    """For polls that accept texts to every number of the account."""
    deployer = Resources(synthesise("prod", number="+15550100177")).function("polls")

    assert deployer["Environment"]["Variables"]["DEFAULT_NUMBER"] == "+15550100177"


def test_both_resources_are_answered_by_the_function_and_not_waited_for_for_an_hour(
    resources: Resources,
) -> None:
    """It runs for a minute at most; CloudFormation gives up after two instead of sixty."""
    (function,) = (
        name
        for name, held in resources.of("AWS::Lambda::Function").items()
        if held["Properties"] == resources.function("polls")
    )
    assert resources.function("polls")["Timeout"] == 60
    for kind in ("Custom::Polls", "Custom::GuestIdentity"):
        asked = resources.only(kind)

        assert asked["ServiceToken"] == {"Fn::GetAtt": [function, "Arn"]}
        assert int(asked["ServiceTimeout"]) == 120


def test_viewers_share_one_identity_of_the_pool(resources: Resources) -> None:
    """A pool gives out only 25 new identities a second."""
    (pool,) = resources.of("AWS::Cognito::IdentityPool")

    assert resources.only("Custom::GuestIdentity")["IdentityPoolId"] == {"Ref": pool}
