"""The check of a deploy: options that are forgotten, rollbacks, and the polls that are open."""

import json
from typing import Any

import boto3
import pytest

from services.adapters.dynamodb.directory import DynamoDirectory
from services.polls.definition import parse_poll
from services.voting.lifecycle import opened
from tests.support.cloudformation import COLORS, CloudFormation

EMAIL = "count@example.com"
KIND = "Custom::DeployCheck"
Given = dict[str, Any]


def given(options: dict[str, str], *, by_command: str = "", drop: str = "") -> Given:
    """The properties of a deploy with these options."""
    return {"Options": options, "ByCommand": by_command, "Drop": drop}


@pytest.fixture
def stack_id(aggregates: Any) -> str:
    """A stack that is not rolling back; the tables are there, too."""
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    stack = boto3.client("cloudformation").create_stack(
        StackName="VoteApp-dev", TemplateBody=json.dumps(template)
    )
    assert aggregates
    return stack["StackId"]


FORGOTTEN: list[tuple[Given, Given, list[str]]] = [
    (given({"alarm_email": EMAIL}), given({}), ["alarm_email"]),
    (given({"alarm_email": EMAIL}, by_command="alarm_email"), given({}), ["alarm_email"]),
    (
        given({"alarm_email": EMAIL, "webhook": "container"}),
        given({"number": "+15550100199"}, by_command="number"),
        ["alarm_email", "webhook"],
    ),
    # The file says lambda, which was overruled by -c webhook=container.
    (
        given({"webhook": "container"}, by_command="webhook"),
        given({"webhook": "lambda"}),
        ["webhook"],
    ),
    (given({"alarm_email": EMAIL, "poll": "x"}), given({}, drop="poll"), ["alarm_email"]),
]
INTENDED: list[tuple[Given, Given]] = [
    (given({}), given({"alarm_email": EMAIL})),
    (given({"alarm_email": EMAIL}), given({"alarm_email": EMAIL})),
    (given({"alarm_email": EMAIL}), given({}, drop="alarm_email")),
    (given({"alarm_email": EMAIL, "poll": "x"}), given({}, drop="alarm_email,poll")),
    # Changed in the file, by the command line, or moved from there to the file.
    (given({"webhook": "container"}), given({"webhook": "lambda"})),
    (
        given({"webhook": "container"}, by_command="webhook"),
        given({"webhook": "lambda"}, by_command="webhook"),
    ),
    (given({"number": "+15550100199"}, by_command="number"), given({"number": "+15550100199"})),
    # From a version that remembered no options.
    ({}, given({})),
]


@pytest.mark.parametrize(("old", "new", "lost"), FORGOTTEN)
def test_a_deploy_that_forgets_an_option_is_refused(
    cloudformation: CloudFormation, stack_id: str, old: Given, new: Given, lost: list[str]
) -> None:
    """The reason names the options with their values, and how to lose them on purpose."""
    answer = cloudformation.request("Update", KIND, old=old, stack_id=stack_id, **new)

    again = " ".join(f'-c {name}="{old["Options"][name]}"' for name in lost)
    assert answer["Status"] == "FAILED"
    assert f"give {again} again" in answer["Reason"]
    assert answer["Reason"].endswith(f"-c drop={','.join(lost)}")


@pytest.mark.parametrize(("old", "new"), INTENDED)
def test_a_deploy_that_says_what_it_changes_is_accepted(
    cloudformation: CloudFormation, stack_id: str, old: Given, new: Given
) -> None:
    """An option is added, changed or dropped where it is given."""
    answer = cloudformation.request("Update", KIND, old=old, stack_id=stack_id, **new)

    assert answer["Status"] == "SUCCESS", answer["Reason"]


def test_a_rollback_is_never_refused(
    cloudformation: CloudFormation, stack_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It loses the options that the failed deploy added; refused, it would leave a stuck stack."""
    rolling_back(monkeypatch)
    answer = cloudformation.request(
        "Update", KIND, old=given({"alarm_email": EMAIL}), stack_id=stack_id, **given({})
    )

    assert answer["Status"] == "SUCCESS", answer["Reason"]


@pytest.mark.parametrize("rolls_back", [False, True])
def test_a_rollback_keeps_the_polls_that_it_must_not_change_back(
    cloudformation: CloudFormation,
    stack_id: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    rolls_back: bool,  # noqa: FBT001
) -> None:
    """A choice that the failed deploy added may have votes already; a deploy is refused."""
    more = f'{COLORS}[[choices]]\nkey = "GREEN"\nlabel = "Green"\n'
    after, before = ([{"Source": "colors.toml", "Text": text}] for text in (more, COLORS))
    cloudformation.request("Create", "Custom::Polls", Files=after)
    patience = rolling_back(monkeypatch) if rolls_back else []
    answer = cloudformation.request("Update", "Custom::Polls", stack_id=stack_id, Files=before)

    if rolls_back:
        assert answer["Status"] == "SUCCESS", answer["Reason"]
        assert answer["PhysicalResourceId"] == "polls"
        assert answer["Data"] == {"Polls": "kept"}
        assert "deploy.polls_kept" in caplog.messages
        assert patience == [(3, 5)]
    else:
        assert answer["Status"] == "FAILED"
        assert "choices" in answer["Reason"]


def rolling_back(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Let CloudFormation say that the stack returns to the state before a failed update.

    Returns the time limits of the clients that ask it: to connect and to read, in seconds.
    """
    make: Any = boto3.client
    patience: list[tuple[float, float]] = []

    def client(service: str, **arguments: Any) -> Any:
        made = make(service, **arguments)
        if service == "cloudformation":
            limits = made.meta.config
            patience.append((limits.connect_timeout, limits.read_timeout))
            found = made.describe_stacks
            monkeypatch.setattr(
                made, "describe_stacks", lambda **asked: with_rollback(found(**asked))
            )
        return made

    monkeypatch.setattr(boto3, "client", client)
    return patience


def with_rollback(found: Any) -> Any:
    """The description of one stack, which rolls back."""
    (stack,) = found["Stacks"]
    return {"Stacks": [stack | {"StackStatus": "UPDATE_ROLLBACK_IN_PROGRESS"}]}


def test_the_first_deploy_has_no_options_to_lose(
    cloudformation: CloudFormation, stack_id: str
) -> None:
    """Nor polls that could be open."""
    answer = cloudformation.request("Create", KIND, stack_id=stack_id, **given({}))

    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert answer["PhysicalResourceId"] == "deploy"
    assert answer["Data"] == {"OpenPolls": "none"}


@pytest.mark.usefixtures("stack_id")
def test_a_deploy_names_the_polls_that_are_open(
    cloudformation: CloudFormation, aggregates: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It goes on: only what would harm a round that has begun is refused."""
    directory = DynamoDirectory(client=aggregates, table="polls", aggregates="aggregates")
    later = f"opens_at = 2099-12-31T20:00:00Z{COLORS}".replace("RED", "R").replace("Red", "Rot")
    later = later.replace("BLUE", "B").replace("Blue", "Blau")
    too = COLORS.replace("RED", "WARM").replace("BLUE", "COLD")
    too = too.replace("Red", "Warm").replace("Blue", "Cold")
    texts = {"now": COLORS, "later": later, "too": too}
    polls = [parse_poll(text, source=f"{poll}.toml") for poll, text in texts.items()]
    directory.apply(polls, default_number="+15550100199")
    for poll in ("now", "too"):
        directory.change(poll, lambda round: opened(round, 1_700_000_000_000))

    answer = cloudformation.request("Update", KIND, **given({}))

    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert answer["Data"] == {"OpenPolls": "now, too"}
    assert "deploy.open_polls ['now', 'too']" in caplog.messages
