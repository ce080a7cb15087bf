"""Actions, partition keys and conditions of the IAM grants that `stack.py` makes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aws_cdk import aws_iam as iam

from services.voting import schema
from services.voting.probe_names import CANARY_POLL

GET: Final = "dynamodb:GetItem"
PUT: Final = "dynamodb:PutItem"
QUERY: Final = "dynamodb:Query"
DELETE: Final = "dynamodb:DeleteItem"
CHECK: Final = "dynamodb:ConditionCheckItem"
UPDATE: Final = "dynamodb:UpdateItem"
WRITE_LOG: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
FOLLOW_STREAM: Final = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)
"""Permissions that an event source mapping needs (Lambda, "Process DynamoDB records")."""

SEND: Final = "sqs:SendMessage"
DELAY: Final = "sqs:ChangeMessageVisibility"
TAKE_FROM_QUEUE: Final = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
"""Permissions that an event source mapping needs (Lambda, "Using Lambda with Amazon SQS")."""

DIRECTORY: Final = schema.DIRECTORY_PK
OPERATORS_LOGS: Final = schema.OPERATORS_LOGS
RECONCILIATIONS: Final = schema.RECONCILIATIONS
CANARY_LOG: Final = schema.operators_log_pk(CANARY_POLL)
CANARY_BALLOTS: Final = f"{CANARY_POLL}:*"
CANARY_BOARDS: Final = schema.boards_of(CANARY_POLL)
OPEN_BOARDS: Final = schema.board_pk("*", "open")
SEALED_BOARDS: Final = schema.board_pk("*", "sealed")
UNREADABLE_BOARD: Final = schema.UNREADABLE_BOARD
"""Records that name no board are counted here.

The aggregator must be allowed to write here, or one bad record blocks the stream.
"""
ALL_BOARDS: Final = (OPEN_BOARDS, SEALED_BOARDS, UNREADABLE_BOARD)

PUBLIC_ONLY: Final[Mapping[str, Any]] = {
    "ForAllValues:StringLike": {
        "dynamodb:LeadingKeys": [OPEN_BOARDS],
        "dynamodb:Attributes": list(schema.GUEST_ATTRIBUTES),
    },
    "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    "Null": {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"},
}
"""Only public boards, and only the attributes that guests may see.

ForAllValues is true if the request lacks the key, so the Null conditions require it.
"""

OPEN_BOARDS_ONLY: Final[Mapping[str, Any]] = {
    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [OPEN_BOARDS]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}
"""Only public boards, with all their attributes."""


def only_keys(*patterns: str) -> dict[str, Any]:
    """Build the condition that limits a grant to these partition keys."""
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(patterns)}}


def allow(
    role: iam.IRole,
    sid: str,
    actions: Sequence[str],
    resource: str,
    conditions: Mapping[str, Any] | None = None,
) -> None:
    """Add one statement to a role's policy; its Sid says what it is for."""
    role.add_to_principal_policy(
        iam.PolicyStatement(
            sid=sid, actions=list(actions), resources=[resource], conditions=conditions
        )
    )
