"""The vocabulary of the grants; who gets which is said in `stack.py`, all in one place."""

from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import aws_iam as iam

from services.voting import schema

WRITE_LOG: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
FOLLOW_STREAM: Final = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)
"""What Lambda asks of a role before it maps a stream ("Process DynamoDB records")."""

DIRECTORY: Final = schema.DIRECTORY_PK
OPEN_BOARDS: Final = schema.board_pk("*", "open")
SEALED_BOARDS: Final = schema.board_pk("*", "sealed")
UNREADABLE_BOARD: Final = schema.UNREADABLE_BOARD
"""Where the aggregator counts records that name no board; refused, they would stop the count."""

PUBLIC_ONLY: Final[Mapping[str, Any]] = {
    "ForAllValues:StringLike": {
        "dynamodb:LeadingKeys": [OPEN_BOARDS],
        "dynamodb:Attributes": list(schema.GUEST_ATTRIBUTES),
    },
    "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    "Null": {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"},
}
"""A guest names a public board and attributes a guest may see, or reads nothing.

A ForAllValues is true for a key that is missing, hence the Null guards.
"""


def keys(*patterns: str) -> dict[str, Any]:
    """Only items under these partition keys."""
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(patterns)}}


def allow(
    role: iam.IRole,
    sentence: str,
    actions: tuple[str, ...],
    resource: str,
    when: Mapping[str, Any] | None = None,
) -> None:
    """One grant, with the sentence it stands for as its Sid."""
    role.add_to_principal_policy(
        iam.PolicyStatement(
            sid=sentence, actions=list(actions), resources=[resource], conditions=when
        )
    )
