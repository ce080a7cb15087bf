"""Every IAM grant of the stack, compared statement by statement."""

import json
from typing import Any

import pytest

from tests.infra.conftest import Resources, Synthesise

LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]
BOARDS = ("open#*", "sealed#*", "unreadable")

# Actions, resource and partition keys of each grant; without keys, any item.
GRANTS: dict[str, dict[str, tuple[list[str], str, tuple[str, ...]]]] = {
    "webhook": {
        "CastBallots": (["dynamodb:GetItem", "dynamodb:PutItem"], "votes.Arn", ()),
        "ReadTheDirectory": (["dynamodb:Query"], "polls.Arn", ("directory",)),
        "ReadTheSecret": (["secretsmanager:GetSecretValue"], "secret.Id", ()),
        "WriteOwnLog": (LOGS, "webhook log.Arn", ()),
    },
    "replayer": {
        "TakeTexts": (
            ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            "queue.Arn",
            (),
        ),
        "DelayTexts": (["sqs:ChangeMessageVisibility"], "queue.Arn", ()),
        "CastBallots": (["dynamodb:GetItem", "dynamodb:PutItem"], "votes.Arn", ()),
        "ReadTheLog": (["dynamodb:Query"], "polls.Arn", ("directory", "log#*")),
        "ReadTheSecret": (["secretsmanager:GetSecretValue"], "secret.Id", ()),
        "WriteOwnLog": (LOGS, "replayer log.Arn", ()),
    },
    "reconciler": {
        "RecoverTexts": (
            ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
            "votes.Arn",
            (),
        ),
        "ReadTheLog": (["dynamodb:Query"], "polls.Arn", ("directory", "log#*")),
        "AnnounceItself": (["dynamodb:UpdateItem"], "polls.Arn", ("reconciling#*",)),
        "ReadTheSecret": (["secretsmanager:GetSecretValue"], "secret.Id", ()),
        "WriteOwnLog": (LOGS, "reconciler log.Arn", ()),
    },
    "canary": {
        "RemoveItsBallot": (
            ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
            "votes.Arn",
            ("canary-selftest:*",),
        ),
        "MakeItsPoll": (
            ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Query"],
            "polls.Arn",
            ("directory", "log#canary-selftest"),
        ),
        "SeeItsVoteCounted": (
            ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Query"],
            "aggregates.Arn",
            ("open#canary-selftest", "sealed#canary-selftest"),
        ),
        "ReadTheSecret": (["secretsmanager:GetSecretValue"], "secret.Id", ()),
        "WriteOwnLog": (LOGS, "canary log.Arn", ()),
    },
    "aggregator": {
        "FollowTheStream": (
            [
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams",
            ],
            "votes.StreamArn",
            (),
        ),
        # "unreadable" is for records that name no board; without this grant, one such record
        # would be redelivered for ever and block the stream.
        "FoldIntoBoards": (
            ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
            "aggregates.Arn",
            BOARDS,
        ),
        "WriteOwnLog": (LOGS, "aggregator log.Arn", ()),
    },
    "merger": {
        "ReadTheDirectory": (["dynamodb:Query"], "polls.Arn", ("directory",)),
        "SeeStreamShards": (["dynamodb:DescribeStream"], "votes.StreamArn", ()),
        "MergeRows": (
            [
                "dynamodb:ConditionCheckItem",
                "dynamodb:DeleteItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
            ],
            "aggregates.Arn",
            BOARDS,
        ),
        "WriteOwnLog": (LOGS, "merger log.Arn", ()),
    },
    "reader": {
        "ReadOpenBoards": (["dynamodb:Query"], "aggregates.Arn", ("open#*",)),
        "WriteOwnLog": (LOGS, "reader log.Arn", ()),
    },
    "polls": {
        "ReadTheDirectory": (["dynamodb:Query"], "polls.Arn", ("directory",)),
        "SeeWhetherItRollsBack": (["cloudformation:DescribeStacks"], "AWS::StackId", ()),
        "CopyTheOldDirectory": (["dynamodb:Query"], "aggregates.Arn", ("directory",)),
        "SeeWhetherVotingBegan": (
            ["dynamodb:GetItem", "dynamodb:Query"],
            "aggregates.Arn",
            BOARDS,
        ),
        "SeeWhetherBallotsWereCast": (["dynamodb:Query"], "votes.Arn", ()),
        "ApplyPolls": (["dynamodb:PutItem"], "polls.Arn", ("directory", "log#*")),
        "ShowPolls": (["dynamodb:PutItem"], "aggregates.Arn", ("open#*",)),
        "WriteOwnLog": (LOGS, "polls log.Arn", ()),
    },
}
GUEST_ATTRIBUTES = [
    "pk", "sk",
    "question", "choices", "number", "opens_at", "closes_at", "state", "state_at", "round",
    "policy", "visibility", "percent_from",
    "voters", "folded", "bad", "wm", "as_of",
    "ballots", "certified_at", "digest", "merged", "revision",
    "c#*",
]  # fmt: skip


@pytest.fixture
def resources(synthesise: Synthesise, stage: str) -> Resources:
    """The resources of a stage with every function."""
    options = {"reconcile": "5 minutes", "canary": "5 minutes", "audience": "large"}
    return Resources(synthesise(stage, **options))


def statements_of(resources: Resources, role: str) -> list[dict[str, Any]]:
    """The statements of a role, with readable names of resources."""
    return [resources.readable(held) for owner, held in resources.statements() if owner == role]


def role_of(resources: Resources, function: str) -> str:
    """Logical id of a function's role."""
    return str(resources.function(function)["Role"]["Fn::GetAtt"][0])


def guest_role(resources: Resources) -> str:
    """Logical id of the role that guests get."""
    attachment = resources.only("AWS::Cognito::IdentityPoolRoleAttachment")
    return str(attachment["Roles"]["unauthenticated"]["Fn::GetAtt"][0])


@pytest.mark.parametrize("function", GRANTS)
def test_a_function_may_do_exactly_this(resources: Resources, function: str) -> None:
    """An extra grant is a risk, a missing one an outage."""
    wanted: list[dict[str, Any]] = []
    for sentence, (actions, resource, keys) in GRANTS[function].items():
        wanted.append(
            {
                "Sid": sentence,
                "Effect": "Allow",
                "Action": actions[0] if len(actions) == 1 else actions,
                "Resource": resource,
            }
        )
        if keys:
            on_keys = {"dynamodb:LeadingKeys": list(keys)}
            wanted[-1]["Condition"] = {"ForAllValues:StringLike": on_keys}
        if function == "reader" and keys:
            # ForAllValues is true of a request without the key.
            wanted[-1]["Condition"]["Null"] = {"dynamodb:LeadingKeys": "false"}

    assert statements_of(resources, role_of(resources, function)) == wanted


def test_no_role_of_ours_has_another_policy(resources: Resources) -> None:
    """AWS's ready-made ones allow on every resource of the account."""
    roles = [role_of(resources, name) for name in GRANTS] + [guest_role(resources)]

    for role in roles:
        properties = resources.all[role]["Properties"]
        assert not {"ManagedPolicyArns", "Policies"} & set(properties)


def test_only_lambda_takes_the_role_of_a_function(resources: Resources) -> None:
    """No other service or account may assume it."""
    for name in GRANTS:
        trust = resources.all[role_of(resources, name)]["Properties"]["AssumeRolePolicyDocument"]

        assert trust["Statement"] == [
            {
                "Action": "sts:AssumeRole",
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }
        ]


def test_no_grant_of_ours_names_a_wildcard(resources: Resources) -> None:
    """Not as an action, not as a resource, not as a part of one."""
    ours = {role_of(resources, name) for name in GRANTS} | {guest_role(resources)}
    wild = [
        (role, statement["Sid"])
        for role, statement in resources.statements()
        if role in ours and "*" in json.dumps([statement["Action"], statement["Resource"]])
    ]

    assert wild == []


def test_a_guest_may_query_open_boards_for_public_attributes_only(resources: Resources) -> None:
    """Guests have no other grant."""
    assert statements_of(resources, guest_role(resources)) == [
        {
            "Sid": "ReadOpenBoards",
            "Effect": "Allow",
            "Action": "dynamodb:Query",
            "Resource": "aggregates.Arn",
            "Condition": {
                "ForAllValues:StringLike": {
                    "dynamodb:LeadingKeys": ["open#*"],
                    "dynamodb:Attributes": GUEST_ATTRIBUTES,
                },
                "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
                "Null": {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"},
            },
        }
    ]


def test_only_guests_of_this_pool_take_the_guest_role(resources: Resources) -> None:
    """Another pool's visitors, and signed-in users, do not."""
    (pool,) = resources.of("AWS::Cognito::IdentityPool")
    properties = resources.all[pool]["Properties"]
    trust = resources.all[guest_role(resources)]["Properties"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]

    assert properties["AllowUnauthenticatedIdentities"] is True
    assert properties["AllowClassicFlow"] is False
    assert statement["Principal"] == {"Federated": "cognito-identity.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"cognito-identity.amazonaws.com:aud": {"Ref": pool}},
        "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "unauthenticated"},
    }
