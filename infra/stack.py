"""The stack as its diagram shows it: what there is, how it is joined, who may do what."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra import grants
from infra.aggregation import Aggregation
from infra.config import StageConfig
from infra.dashboard import Dashboard
from infra.grants import allow
from infra.ingest import Ingest
from infra.observability import Observability
from infra.outputs import next_steps, stack_outputs
from infra.packaging import Packager
from infra.polls import Polls, default_poll
from infra.storage import Storage


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
        votes, aggregates = self.storage.votes, self.storage.aggregates
        self.ingest = Ingest(
            self, "Ingest", config=config, bundles=bundles, votes=votes, aggregates=aggregates
        )
        self.aggregation = Aggregation(
            self, "Aggregation", config=config, bundles=bundles, votes=votes, aggregates=aggregates
        )
        self.dashboard = Dashboard(self, "Dashboard", config=config)
        self.polls = Polls(
            self, "Polls", config=config, bundles=bundles, votes=votes, aggregates=aggregates
        )
        self._grant()

        self.polls.apply(polls)
        guest_identity = self.polls.guest_identity(self.dashboard.pool.ref)
        self.dashboard.upload(
            bundles,
            {
                "region": self.region,
                "aggregatesTable": aggregates.table_name,
                "identityPoolId": self.dashboard.pool.ref,
                "identityId": guest_identity,
                "poll": default_poll(config.options, polls),
            },
        )
        if config.watched:
            self._watch(config)
        self._print(config, guest_identity)

    def _grant(self) -> None:
        """Every IAM grant of the stack, one statement for each role and purpose."""
        votes, aggregates = self.storage.votes, self.storage.aggregates.table_arn
        query, put, update = ("dynamodb:Query",), ("dynamodb:PutItem",), ("dynamodb:UpdateItem",)

        webhook = self.ingest.role
        allow(webhook, "CastBallots", ("dynamodb:GetItem", *put), votes.table_arn)
        allow(webhook, "ReadTheDirectory", query, aggregates, grants.keys(grants.DIRECTORY))
        reading = ("secretsmanager:GetSecretValue",)
        allow(webhook, "ReadTheSecret", reading, self.ingest.secret_arn)

        aggregator = self.aggregation.aggregator
        stream = votes.table_stream_arn or ""
        boards = grants.keys(grants.OPEN_BOARDS, grants.SEALED_BOARDS, grants.UNREADABLE_BOARD)
        allow(aggregator.role, "FollowTheStream", grants.FOLLOW_STREAM, stream)
        allow(aggregator.role, "FoldIntoBoards", update, aggregates, boards)

        deployer = self.polls.deployer
        faces = grants.keys(grants.DIRECTORY, grants.OPEN_BOARDS)
        allow(deployer.role, "ReadTheDirectory", query, aggregates, grants.keys(grants.DIRECTORY))
        seeing = ("dynamodb:GetItem", *query)
        allow(deployer.role, "SeeWhetherVotingBegan", seeing, aggregates, boards)
        allow(deployer.role, "SeeWhetherBallotsWereCast", query, votes.table_arn)
        allow(deployer.role, "ApplyPolls", put, aggregates, faces)

        guest = self.dashboard.guest_role
        allow(guest, "ReadOpenBoards", query, aggregates, grants.PUBLIC_ONLY)

        for function in filter(None, (self.ingest.function, aggregator, deployer)):
            log = function.log_group.log_group_arn
            allow(function.role, "WriteOwnLog", grants.WRITE_LOG, log)

    def _print(self, config: StageConfig, guest_identity: str) -> None:
        outputs = stack_outputs(
            storage=self.storage,
            ingest=self.ingest,
            aggregation=self.aggregation,
            dashboard=self.dashboard,
            guest_identity=guest_identity,
        )
        for name, value in (outputs | next_steps(self.dashboard, config)).items():
            CfnOutput(self, name, value=value)

    def _watch(self, config: StageConfig) -> None:
        self.observability = Observability(
            self,
            "Observability",
            config=config,
            storage=self.storage,
            ingest=self.ingest,
            aggregation=self.aggregation,
        )
