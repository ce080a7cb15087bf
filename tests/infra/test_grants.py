"""Who may do what: every grant there is, word for word, and none wider than its use."""

import json
from typing import Any

import pytest

from services.voting import schema
from tests.infra.conftest import Resources

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
GRANTS: dict[str, dict[str, set[str]]] = {
    "webhook": {
        "CastBallots": {"dynamodb:GetItem", "dynamodb:PutItem"},
        "ReadTheDirectory": {"dynamodb:Query"},
        "ReadTheSecret": {"secretsmanager:GetSecretValue"},
        "WriteOwnLog": LOGS,
    },
    "aggregator": {
        "FollowTheStream": {
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        },
        "FoldIntoBoards": {"dynamodb:UpdateItem"},
        "WriteOwnLog": LOGS,
    },
    "polls": {
        "ReadTheDirectory": {"dynamodb:Query"},
        "SeeWhetherVotingBegan": {"dynamodb:GetItem", "dynamodb:Query"},
        "SeeWhetherBallotsWereCast": {"dynamodb:Query"},
        "ApplyPolls": {"dynamodb:PutItem"},
        "WriteOwnLog": LOGS,
    },
}


def granted(resources: Resources, role: str) -> dict[str, dict[str, Any]]:
    """The statements of a role by their Sid."""
    return {
        statement["Sid"]: statement
        for owner, statement in resources.statements()
        if owner == role and "Sid" in statement
    }


def role_of(resources: Resources, function: str) -> str:
    """Logical id of a function's role."""
    return str(resources.function(function)["Role"]["Fn::GetAtt"][0])


def guest_role(resources: Resources) -> str:
    """Logical id of the role that guests get."""
    attachment = resources.only("AWS::Cognito::IdentityPoolRoleAttachment")
    return str(attachment["Roles"]["unauthenticated"]["Fn::GetAtt"][0])


@pytest.mark.parametrize("function", GRANTS)
def test_a_function_may_do_exactly_this(resources: Resources, function: str) -> None:
    """A grant more is a risk, a grant less is an outage."""
    statements = granted(resources, role_of(resources, function))

    actions = {
        sid: {s["Action"]} if isinstance(s["Action"], str) else set(s["Action"])
        for sid, s in statements.items()
    }
    assert actions == GRANTS[function]
    assert all(statement["Effect"] == "Allow" for statement in statements.values())


def test_no_role_of_ours_has_a_managed_policy(resources: Resources) -> None:
    """AWS's ready-made policies allow on every resource of the account."""
    roles = [role_of(resources, name) for name in GRANTS] + [guest_role(resources)]

    assert all("ManagedPolicyArns" not in resources.all[role]["Properties"] for role in roles)


def test_no_grant_of_ours_names_a_wildcard(resources: Resources) -> None:
    """Not as an action, not as a resource, not as a part of one."""
    ours = {role_of(resources, name) for name in GRANTS} | {guest_role(resources)}
    wild = [
        (role, statement["Sid"])
        for role, statement in resources.statements()
        if role in ours and "*" in json.dumps([statement["Action"], statement["Resource"]])
    ]

    assert wild == []


def test_the_webhook_reads_the_directory_and_no_board(resources: Resources) -> None:
    """It never needs a count, so it cannot leak one."""
    statement = granted(resources, role_of(resources, "webhook"))["ReadTheDirectory"]

    keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert keys == [schema.DIRECTORY_PK]


def test_the_aggregator_writes_boards_and_never_the_directory(resources: Resources) -> None:
    """A fault in it cannot change what is being voted on.

    Records that name no board have a place of their own: refused, a poison record would be
    delivered again for ever and stop the count.
    """
    statement = granted(resources, role_of(resources, "aggregator"))["FoldIntoBoards"]

    keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert keys == ["open#*", "sealed#*", schema.UNREADABLE_BOARD]


def test_the_deployer_reads_ballots_and_writes_none(resources: Resources) -> None:
    """It asks whether there is one; and of the other table it reads boards and polls."""
    statements = granted(resources, role_of(resources, "polls"))
    votes = arn_of(resources, "expires_at")
    boards = statements["SeeWhetherVotingBegan"]["Condition"]["ForAllValues:StringLike"]

    assert [sid for sid, one in statements.items() if one["Resource"] == votes] == [
        "SeeWhetherBallotsWereCast"
    ]
    assert boards["dynamodb:LeadingKeys"] == ["open#*", "sealed#*", schema.UNREADABLE_BOARD]


def arn_of(resources: Resources, ttl_attribute: str | None) -> dict[str, Any]:
    """The ARN of the table with that time to live."""
    name = next(
        name
        for name, table in resources.of("AWS::DynamoDB::Table").items()
        if table == resources.table(ttl_attribute)
    )
    return {"Fn::GetAtt": [name, "Arn"]}


def test_a_guest_may_query_open_boards_for_public_attributes_only(resources: Resources) -> None:
    """The whole of what the world may do."""
    statements = granted(resources, guest_role(resources))

    assert statements == {
        "ReadOpenBoards": {
            "Sid": "ReadOpenBoards",
            "Effect": "Allow",
            "Action": "dynamodb:Query",
            "Resource": arn_of(resources, None),
            "Condition": {
                "ForAllValues:StringLike": {
                    "dynamodb:LeadingKeys": ["open#*"],
                    "dynamodb:Attributes": list(schema.GUEST_ATTRIBUTES),
                },
                "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
                "Null": {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"},
            },
        }
    }


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
