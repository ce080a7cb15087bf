"""The stack, in the order of the README's diagram, and every IAM grant.

Twilio -> webhook -> votes table -> stream -> aggregator -> aggregates table <- browser.
While the webhook is down: Twilio -> REST API -> queue -> replayer -> votes table.
For a large audience: aggregates table <- reader <- CloudFront <- browser.
On a schedule, if asked for: Twilio's message log -> reconciler -> votes table, and
canary -> webhook, which is one text through everything above.
The webhook reads the polls table, which nobody outside can reach.
"""

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnOutput, Stack, Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import grants
from infra.aggregation import Aggregation
from infra.canary import Canary
from infra.config import StageConfig
from infra.dashboard import Dashboard
from infra.fallback import Fallback
from infra.function import ServiceFunction
from infra.gradual_shift import GradualShift
from infra.grants import CHECK, DELETE, GET, PUT, QUERY, UPDATE, allow
from infra.ingest import Ingest
from infra.merging import Merging
from infra.observability import Observability, WatchedParts
from infra.outputs import next_steps, stack_outputs
from infra.packaging import Packager
from infra.polls import Polls, default_poll
from infra.reader import Reader
from infra.reconciliation import Reconciliation
from infra.shared_props import SharedProps
from infra.stage_options import StageOptions
from infra.storage import Storage


class VotingStack(Stack):
    """Everything that one stage deploys."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        bundles: Packager,
        polls: Mapping[str, str],
        given: StageOptions | None = None,
        **stack_props: Any,  # noqa: ANN401 - the keyword arguments of `Stack`
    ) -> None:
        super().__init__(
            scope, construct_id, termination_protection=config.keeps_data, **stack_props
        )
        for key, value in config.tags.items():
            Tags.of(self).add(key, value)
        self.storage = Storage(self, "Storage", config=config)
        votes, aggregates = self.storage.votes, self.storage.aggregates
        self._after_copy: list[ServiceFunction] = []

        # Twilio -> webhook -> votes
        self.ingest = Ingest(
            self, "Ingest", config=config, bundles=bundles, votes=votes, polls=self.storage.polls
        )
        shared = SharedProps(
            config=config,
            bundles=bundles,
            storage=self.storage,
            secret_arn=self.ingest.secret_arn,
        )
        # Twilio -> queue -> replayer -> votes
        self.fallback = self._add_fallback(shared) if config.options.fallback == "on" else None
        # Twilio's message log -> reconciler -> votes
        self.reconciliation = self._add_reconciliation(shared) if config.options.reconcile else None
        # canary -> webhook
        self.canary = self._add_canary(shared) if config.options.canary else None
        # votes -> stream -> aggregator -> aggregates
        self.aggregation = Aggregation(
            self, "Aggregation", config=config, bundles=bundles, votes=votes, aggregates=aggregates
        )
        # aggregates: tally rows -> base rows, every night
        self.merging = Merging(self, "Merging", shared)
        self._after_copy.append(self.merging.merger)
        # aggregates <- browser
        self.dashboard = Dashboard(self, "Dashboard", config=config)
        # aggregates <- reader <- CloudFront <- browser
        self.reader = self._add_reader(shared) if config.options.audience == "large" else None
        # polls/*.toml -> polls, aggregates
        self.polls = Polls(self, "Polls", shared)
        self._grant_webhook()
        self._grant_aggregator()
        self._grant_merger()
        self._grant_deployer()
        self._grant_guest()
        self._grant_page()
        self._grant_logs()

        self._add_deploy_steps(given or StageOptions(), bundles, polls)
        guest_identity = self.polls.guest_identity(self.dashboard.pool.ref)
        self.dashboard.upload(
            bundles,
            {
                "region": self.region,
                "aggregatesTable": aggregates.table_name,
                "identityPoolId": self.dashboard.pool.ref,
                "identityId": guest_identity,
                "poll": default_poll(config.options, polls),
                "polls": [name.removesuffix(".toml") for name in polls],
                **({"audience": "large"} if self.reader else {}),
            },
        )
        if config.options.shift == "gradual" and self.ingest.alias:
            GradualShift(self, "Shift", alias=self.ingest.alias, api=self.ingest.api)
        if config.is_monitored:
            self._add_observability(config)
        self._add_outputs(config, guest_identity)

    def _add_deploy_steps(
        self, given: StageOptions, bundles: Packager, polls: Mapping[str, str]
    ) -> None:
        """Check the options, copy the directory, start what reads it, then apply the polls."""
        aggregator = bundles.bundle("aggregator").name
        checked = self.polls.check_deploy(given, self.ingest.code, aggregator)
        copied = self.polls.copy_directory()
        copied.node.add_dependency(checked)
        self.ingest.depend_on(copied)
        for reader in self._after_copy:
            reader.function.node.add_dependency(copied)
        self.polls.apply(polls).node.add_dependency(copied)
        CfnOutput(self, "OpenPolls", value=checked.get_att_string("OpenPolls"))

    def _grant_webhook(self) -> None:
        webhook, polls = self.ingest.role, self.storage.polls.table_arn
        directory = grants.only_keys(grants.DIRECTORY)
        allow(webhook, "CastBallots", [GET, PUT], self.storage.votes.table_arn)
        allow(webhook, "ReadTheDirectory", [QUERY], polls, directory)
        allow(webhook, "ReadTheSecret", ["secretsmanager:GetSecretValue"], self.ingest.secret_arn)

    def _add_fallback(self, props: SharedProps) -> Fallback:
        fallback = Fallback(self, "Fallback", props)
        self._after_copy.append(fallback.replayer)
        self._grant_fallback(fallback)
        return fallback

    def _grant_fallback(self, fallback: Fallback) -> None:
        replayer, queue = fallback.replayer.role, fallback.queue.queue_arn
        polls = grants.only_keys(grants.DIRECTORY, grants.OPERATORS_LOGS)
        allow(fallback.api_role, "QueueTexts", [grants.SEND], queue)
        allow(replayer, "TakeTexts", grants.TAKE_FROM_QUEUE, queue)
        allow(replayer, "DelayTexts", [grants.DELAY], queue)
        allow(replayer, "CastBallots", [GET, PUT], self.storage.votes.table_arn)
        allow(replayer, "ReadTheLog", [QUERY], self.storage.polls.table_arn, polls)
        allow(replayer, "ReadTheSecret", ["secretsmanager:GetSecretValue"], self.ingest.secret_arn)

    def _add_reconciliation(self, props: SharedProps) -> Reconciliation:
        reconciliation = Reconciliation(self, "Reconciliation", props)
        self._after_copy.append(reconciliation.reconciler)
        self._grant_reconciler(reconciliation.reconciler.role)
        return reconciliation

    def _grant_reconciler(self, reconciler: iam.IRole) -> None:
        polls = grants.only_keys(grants.DIRECTORY, grants.OPERATORS_LOGS)
        allow(reconciler, "RecoverTexts", [GET, PUT, QUERY], self.storage.votes.table_arn)
        allow(reconciler, "ReadTheLog", [QUERY], self.storage.polls.table_arn, polls)
        announced = grants.only_keys(grants.RECONCILIATIONS)
        allow(reconciler, "AnnounceItself", [UPDATE], self.storage.polls.table_arn, announced)
        allow(
            reconciler, "ReadTheSecret", ["secretsmanager:GetSecretValue"], self.ingest.secret_arn
        )

    def _add_canary(self, props: SharedProps) -> Canary:
        canary = Canary(self, "Canary", props, webhook_url=self.ingest.url)
        self._after_copy.append(canary.canary)
        self._grant_canary(canary.canary.role)
        return canary

    def _grant_canary(self, canary: iam.IRole) -> None:
        """On its own poll alone, but for the directory: IAM knows no sort keys."""
        votes, polls = self.storage.votes.table_arn, self.storage.polls.table_arn
        aggregates = self.storage.aggregates.table_arn
        ballots = grants.only_keys(grants.CANARY_BALLOTS)
        poll_rows = grants.only_keys(grants.DIRECTORY, grants.CANARY_LOG)
        boards = grants.only_keys(*grants.CANARY_BOARDS)
        allow(canary, "RemoveItsBallot", [DELETE, GET, PUT, QUERY], votes, ballots)
        allow(canary, "MakeItsPoll", [DELETE, PUT, QUERY], polls, poll_rows)
        allow(canary, "SeeItsVoteCounted", [DELETE, PUT, QUERY], aggregates, boards)
        allow(canary, "ReadTheSecret", ["secretsmanager:GetSecretValue"], self.ingest.secret_arn)

    def _add_reader(self, props: SharedProps) -> Reader:
        reader = Reader(self, "Reader", props)
        if self.dashboard.distribution and self.dashboard.headers_policy:
            reader.serve(self.dashboard.distribution, self.dashboard.headers_policy)
        aggregates = self.storage.aggregates.table_arn
        allow(reader.reader.role, "ReadOpenBoards", [QUERY], aggregates, grants.OPEN_BOARDS_ONLY)
        return reader

    def _grant_aggregator(self) -> None:
        aggregator = self.aggregation.aggregator.role
        votes_stream = self.storage.votes.table_stream_arn or ""
        allow(aggregator, "FollowTheStream", grants.FOLLOW_STREAM, votes_stream)
        boards = grants.only_keys(*grants.ALL_BOARDS)
        table = self.storage.aggregates.table_arn
        allow(aggregator, "FoldIntoBoards", [GET, PUT, UPDATE], table, boards)

    def _grant_merger(self) -> None:
        merger, boards = self.merging.merger.role, grants.only_keys(*grants.ALL_BOARDS)
        directory = grants.only_keys(grants.DIRECTORY)
        stream = self.storage.votes.table_stream_arn or ""
        allow(merger, "ReadTheDirectory", [QUERY], self.storage.polls.table_arn, directory)
        allow(merger, "SeeStreamShards", ["dynamodb:DescribeStream"], stream)
        table = self.storage.aggregates.table_arn
        allow(merger, "MergeRows", [CHECK, DELETE, PUT, QUERY], table, boards)

    def _grant_deployer(self) -> None:
        deployer, aggregates = self.polls.deployer.role, self.storage.aggregates.table_arn
        directory = grants.only_keys(grants.DIRECTORY)
        polls = self.storage.polls.table_arn
        boards = grants.only_keys(*grants.ALL_BOARDS)
        poll_rows = grants.only_keys(grants.DIRECTORY, grants.OPERATORS_LOGS)
        views = grants.only_keys(grants.OPEN_BOARDS)
        allow(deployer, "ReadTheDirectory", [QUERY], polls, directory)
        allow(deployer, "SeeWhetherItRollsBack", ["cloudformation:DescribeStacks"], self.stack_id)
        allow(deployer, "CopyTheOldDirectory", [QUERY], aggregates, directory)
        allow(deployer, "SeeWhetherVotingBegan", [GET, QUERY], aggregates, boards)
        allow(deployer, "SeeWhetherBallotsWereCast", [QUERY], self.storage.votes.table_arn)
        allow(deployer, "ApplyPolls", [PUT], polls, poll_rows)
        allow(deployer, "ShowPolls", [PUT], aggregates, views)

    def _grant_guest(self) -> None:
        guest, aggregates = self.dashboard.guest_role, self.storage.aggregates.table_arn
        allow(guest, "ReadOpenBoards", [QUERY], aggregates, grants.PUBLIC_ONLY)

    def _grant_page(self) -> None:
        if self.dashboard.page_api:
            files = self.dashboard.site.arn_for_objects("*")
            allow(self.dashboard.page_api.role, "ReadThePage", ["s3:GetObject"], files)

    def _grant_logs(self) -> None:
        webhook = [self.ingest.function] if self.ingest.function else []
        reader = [self.reader.reader] if self.reader else []
        aggregator, deployer = self.aggregation.aggregator, self.polls.deployer
        for function in (*webhook, *self._after_copy, aggregator, deployer, *reader):
            log = function.log_group.log_group_arn
            allow(function.role, "WriteOwnLog", grants.WRITE_LOG, log)

    def _add_outputs(self, config: StageConfig, guest_identity: str) -> None:
        outputs = stack_outputs(
            storage=self.storage,
            ingest=self.ingest,
            fallback=self.fallback,
            aggregation=self.aggregation,
            dashboard=self.dashboard,
            guest_identity=guest_identity,
        )
        if self.reader:
            outputs["ReaderFunction"] = self.reader.reader.function.function_name
        for name, value in (outputs | next_steps(self.dashboard, config)).items():
            CfnOutput(self, name, value=value)

    def _add_observability(self, config: StageConfig) -> None:
        parts = WatchedParts(
            storage=self.storage,
            ingest=self.ingest,
            fallback=self.fallback,
            aggregation=self.aggregation,
            merging=self.merging,
            reconciliation=self.reconciliation,
            canary=self.canary,
            reader=self.reader,
        )
        self.observability = Observability(self, "Observability", config=config, parts=parts)
