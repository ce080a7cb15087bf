"""The custom resources: their properties, and when CloudFormation updates them."""

import json
import re
from hashlib import sha256
from typing import Any

import pytest

from infra.polls import digest_of
from tests.infra.conftest import POLLS, Resources, Synthesise


def applied(resources: Resources) -> dict[str, Any]:
    """The properties of `Custom::Polls` except its function and its timeout."""
    properties = resources.only("Custom::Polls")
    return {
        name: properties[name]
        for name in properties
        if name not in {"ServiceToken", "ServiceTimeout"}
    }


def table(resources: Resources, kind: str) -> dict[str, str]:
    """A reference to one of the tables."""
    (name,) = (name for name, held in resources.all.items() if held == resources.table(kind))
    return {"Ref": name}


def test_the_files_are_applied_at_deploy_with_all_they_depend_on(
    synthesise: Synthesise,
) -> None:
    """CloudFormation updates a resource only if a property changed, such as `-c number`."""
    resources = Resources(synthesise("prod", number="+15550100177"))
    properties = applied(resources)

    assert properties.pop("CODE").startswith("polls-")
    assert properties == {
        "Files": [
            {"Source": name, "Text": text, "Sha256": sha256(text.encode()).hexdigest()}
            for name, text in POLLS.items()
        ],
        "VOTES_TABLE": table(resources, "votes"),
        "AGGREGATES_TABLE": table(resources, "aggregates"),
        "POLLS_TABLE": table(resources, "polls"),
        "DEFAULT_NUMBER": "+15550100177",
    }


def test_a_change_of_other_letters_than_ascii_is_a_change_of_a_property() -> None:
    """CloudFormation reads both texts back as "Wer grüßt", with a question mark for each letter."""
    before, after = (digest_of(f'question = "Wer gr{letters}t?"') for letters in ("üß", "äß"))

    assert before != after
    assert before.isascii()


def test_the_function_gets_the_number_that_polls_are_shown_with(
    synthesise: Synthesise,
) -> None:
    """For polls that accept texts to every number of the account."""
    deployer = Resources(synthesise("prod", number="+15550100177")).function("polls")

    assert deployer["Environment"]["Variables"]["DEFAULT_NUMBER"] == "+15550100177"


def test_all_resources_are_answered_by_the_function_and_not_waited_for_for_an_hour(
    resources: Resources,
) -> None:
    """CloudFormation gives up after two minutes instead of sixty.

    The copy may take all the time that Lambda gives, for lists of 100,000 phones and more.
    """
    (function,) = (
        name
        for name, held in resources.of("AWS::Lambda::Function").items()
        if held["Properties"] == resources.function("polls")
    )
    assert resources.function("polls")["Timeout"] == 900
    for kind, seconds in (
        ("Custom::DeployCheck", 120),
        ("Custom::DirectoryCopied", 960),
        ("Custom::Polls", 120),
        ("Custom::GuestIdentity", 120),
    ):
        asked = resources.only(kind)

        assert asked["ServiceToken"] == {"Fn::GetAtt": [function, "Arn"]}
        assert int(asked["ServiceTimeout"]) == seconds


def test_viewers_share_one_identity_of_the_pool(resources: Resources) -> None:
    """A pool gives out only 25 new identities a second."""
    (pool,) = resources.of("AWS::Cognito::IdentityPool")

    assert resources.only("Custom::GuestIdentity")["IdentityPoolId"] == {"Ref": pool}


def test_the_old_directory_is_copied_when_the_tables_change(resources: Resources) -> None:
    """From the table of aggregates to that of polls; an update without a change copies nothing."""
    asked = resources.only("Custom::DirectoryCopied")

    assert asked["From"] == table(resources, "aggregates")
    assert asked["To"] == table(resources, "polls")
    assert set(asked) == {"From", "To", "ServiceToken", "ServiceTimeout"}


@pytest.mark.parametrize(
    ("webhook", "kind"), [("lambda", "AWS::Lambda::Function"), ("container", "AWS::ECS::Service")]
)
def test_the_webhook_and_the_polls_wait_for_the_copy(
    synthesise: Synthesise, webhook: str, kind: str
) -> None:
    """A new webhook over an empty table would refuse every text, and polls would be made anew."""
    resources = Resources(synthesise("prod", webhook=webhook))
    (copied,) = resources.of("Custom::DirectoryCopied")
    (polls,) = resources.of("Custom::Polls").values()
    handler = "lambdas.webhook.handler.handler"
    (program,) = (
        held
        for held in resources.of(kind).values()
        if kind.startswith("AWS::ECS") or held["Properties"].get("Handler") == handler
    )

    assert copied in program["DependsOn"]
    assert copied in polls["DependsOn"]


def test_the_replayer_waits_for_the_copy(resources: Resources) -> None:
    """It places texts by the operator's log, which the copy begins."""
    (copied,) = resources.of("Custom::DirectoryCopied")
    (replayer,) = (
        held
        for held in resources.of("AWS::Lambda::Function").values()
        if held["Properties"].get("Handler") == "lambdas.replayer.handler.handler"
    )

    assert copied in replayer["DependsOn"]


def test_the_copy_waits_for_nothing_that_waits_for_it(resources: Resources) -> None:
    """Only the tables, the function and its grants come first."""
    (copied,) = resources.of("Custom::DirectoryCopied")
    reached, ahead = set(), [copied]
    while ahead:
        name = ahead.pop()
        if name not in reached and name in resources.all:
            reached.add(name)
            held = resources.all[name]
            needed = held.get("DependsOn", [])
            ahead += [needed] if isinstance(needed, str) else needed
            ahead += re.findall(r'(?:"Ref": |"Fn::GetAtt": \[)"(\w+)"', json.dumps(held))
    kinds = {resources.all[name]["Type"] for name in reached}

    assert "AWS::IAM::Policy" in kinds
    assert not {"AWS::ApiGatewayV2::Api", "Custom::Polls"} & kinds
