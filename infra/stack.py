"""The stack as its diagram shows it: what there is, how it is joined, who may do what."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.aggregation import Aggregation
from infra.config import StageConfig
from infra.dashboard import Dashboard
from infra.ingest import Ingest
from infra.packaging import Packager
from infra.polls import Polls
from infra.storage import Storage
from services.voting import schema


class VotingStack(Stack):
    """Text -> webhook -> votes -> stream -> aggregator -> aggregates <- dashboard."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        bundles: Packager,
        polls: Mapping[str, str],
        **stack: Any,  # noqa: ANN401 - what every CDK stack takes
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        self.storage = Storage(self, "Storage", config=config)
        tables = {"votes": self.storage.votes, "aggregates": self.storage.aggregates}
        self.ingest = Ingest(self, "Ingest", config=config, bundles=bundles, **tables)
        self.aggregation = Aggregation(
            self, "Aggregation", config=config, bundles=bundles, **tables
        )
        self.dashboard = Dashboard(self, "Dashboard", config=config)
        self.polls = Polls(
            self, "Polls", config=config, bundles=bundles, aggregates=self.storage.aggregates
        )
        self._grant()
        self.polls.apply(polls)
        guest_identity = self.polls.guest_identity(self.dashboard.pool.ref)
        self._tell(guest_identity)

    def _grant(self) -> None:
        """All grants there are, each one with the sentence it stands for as its Sid."""
        votes, aggregates = self.storage.votes, self.storage.aggregates
        webhook, aggregator = self.ingest.webhook, self.aggregation.aggregator
        deployer, guest = self.polls.deployer, self.dashboard.guest_role

        _allow(webhook.role, "CastBallots", _BALLOT_ACTIONS, votes.table_arn)
        _allow(
            webhook.role,
            "ReadTheDirectory",
            ["dynamodb:Query"],
            aggregates.table_arn,
            when=_keys(schema.DIRECTORY_PK),
        )
        _allow(
            webhook.role, "ReadTheSecret", ["secretsmanager:GetSecretValue"], self.ingest.secret_arn
        )
        _allow(aggregator.role, "FollowTheStream", _STREAM_ACTIONS, votes.table_stream_arn or "")
        _allow(
            aggregator.role,
            "FoldIntoBoards",
            ["dynamodb:UpdateItem"],
            aggregates.table_arn,
            when=_keys(schema.board_pk("*", "open"), schema.board_pk("*", "sealed")),
        )
        _allow(
            deployer.role,
            "ReadTheDirectory",
            ["dynamodb:Query"],
            aggregates.table_arn,
            when=_keys(schema.DIRECTORY_PK),
        )
        _allow(
            deployer.role,
            "ApplyPolls",
            ["dynamodb:PutItem"],
            aggregates.table_arn,
            when=_keys(schema.DIRECTORY_PK, schema.OPEN_BOARDS),
        )
        _allow(guest, "ReadOpenBoards", ["dynamodb:Query"], aggregates.table_arn, when=_PUBLIC_ONLY)
        for service in (webhook, aggregator, deployer):
            _allow(service.role, "WriteOwnLog", _LOG_ACTIONS, service.log_group.log_group_arn)

    def _tell(self, guest_identity: str) -> None:
        outputs = {
            "WebhookUrl": self.ingest.url,
            "VotesTable": self.storage.votes.table_name,
            "AggregatesTable": self.storage.aggregates.table_name,
            "SiteBucket": self.dashboard.site.bucket_name,
            "IdentityPoolId": self.dashboard.pool.ref,
            "GuestIdentityId": guest_identity,
            "SecretArn": self.ingest.secret_arn,
            "AggregatorFunction": self.aggregation.aggregator.function.function_name,
            "WebhookFunction": self.ingest.webhook.function.function_name,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


_BALLOT_ACTIONS = ("dynamodb:PutItem", "dynamodb:GetItem")
_LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
_STREAM_ACTIONS = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)
"""What Lambda asks of a role before it maps a stream ("Process DynamoDB records")."""


def _keys(*patterns: str) -> dict[str, Any]:
    """Only items under these partition keys."""
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(patterns)}}


_PUBLIC_ONLY = {
    "ForAllValues:StringLike": {
        "dynamodb:LeadingKeys": [schema.OPEN_BOARDS],
        "dynamodb:Attributes": list(schema.GUEST_ATTRIBUTES),
    },
    "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    "Null": {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"},
}
"""A guest names a public board and attributes a guest may see, or reads nothing.

A ForAllValues is true for a key that is missing, hence the Null guards.
"""


def _allow(
    role: iam.Role,
    sentence: str,
    actions: Sequence[str],
    resource: str,
    *,
    when: Mapping[str, Any] | None = None,
) -> None:
    role.add_to_policy(
        iam.PolicyStatement(
            sid=sentence, actions=list(actions), resources=[resource], conditions=when
        )
    )
