"""Finds the deployment that a command works on: a stack in AWS or a demo on this machine."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import typer

from services.adapters.caller import caller_identity
from services.adapters.dynamodb.allow_lists import PhoneListStore
from services.adapters.dynamodb.certificates import DynamoCertificates
from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.erasure import DynamoErasure
from services.adapters.dynamodb.expiry import BallotExpiry
from services.adapters.dynamodb.ongoing import OngoingReconciliations
from services.adapters.dynamodb.operators_log import DynamoOperatorsLog
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.adapters.dynamodb.tallies import DynamoTallies
from services.adapters.poll_store import unknown_operator
from services.adapters.secrets import Secrets, SecretStore
from services.cli.aws_session import DeploymentError, open_session, translate_aws_errors
from services.voting.begun import has_begun
from services.voting.poll import Round
from services.voting.probe_names import is_probe

ENDPOINT_VARIABLE: Final = "VOTEAPP_LOCAL_ENDPOINT"
"""Environment variable with the endpoint of the demo to use; without it, the newest demo."""

Local = typer.Option("--local", help="Work on the demo that runs on this machine.")
Stage = typer.Option(
    "--stage", envvar="VOTEAPP_STAGE", help="Which stack of the AWS account: VoteApp-<stage>."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployed system. `client` creates the boto3 client of a service, by name.

    `operator` returns who runs the command, for the operator's log.
    """

    name: str
    region: str
    outputs: Mapping[str, str]
    webhook_url: str
    dashboard_url: str | None
    client: Callable[[str], Any] = field(repr=False)
    operator: Callable[[], str] = field(default=unknown_operator, repr=False)
    fallback_address: str | None = None
    """Where to post texts to the fallback, if that is not its URL, as on the emulator."""

    @property
    def fallback_url(self) -> str | None:
        """The URL that Twilio posts to when the webhook fails; None without a fallback."""
        return self.outputs.get("FallbackUrl")

    @property
    def directory(self) -> DynamoDirectory:
        """The directory of polls, in the table of polls, and their views."""
        return DynamoDirectory(
            client=self.client("dynamodb"),
            table=self.polls_table,
            aggregates=self.aggregates_table,
            by=self.operator,
        )

    @property
    def operators_log(self) -> DynamoOperatorsLog:
        """The log of all changes of polls, in the table of polls."""
        return DynamoOperatorsLog(self.client("dynamodb"), self.polls_table)

    @property
    def tallies(self) -> DynamoTallies:
        """The totals, in the aggregates table."""
        return DynamoTallies(client=self.client("dynamodb"), table=self.aggregates_table)

    @property
    def recounts(self) -> DynamoRecounts:
        """Recounts of the votes table."""
        return DynamoRecounts(client=self.client("dynamodb"), table=self.votes_table)

    @property
    def certificates(self) -> DynamoCertificates:
        """The certified results, in the aggregates table."""
        return DynamoCertificates(
            client=self.client("dynamodb"),
            table=self.aggregates_table,
            polls=self.polls_table,
            by=self.operator,
        )

    @property
    def ongoing_reconciliations(self) -> OngoingReconciliations:
        """The reconciliations that write to rounds, in the table of polls."""
        return OngoingReconciliations(client=self.client("dynamodb"), table=self.polls_table)

    @property
    def ballot_expiry(self) -> BallotExpiry:
        """Sets the expiry of ballots in the votes table."""
        return BallotExpiry(client=self.client("dynamodb"), table=self.votes_table)

    @property
    def erasure(self) -> DynamoErasure:
        """Empties a phone's ballots in the votes table."""
        return DynamoErasure(client=self.client("dynamodb"), table=self.votes_table)

    @property
    def phone_lists(self) -> PhoneListStore:
        """The allow lists of polls, in the table of polls."""
        return PhoneListStore(client=self.client("dynamodb"), table=self.polls_table)

    @property
    def votes_table(self) -> str:
        """Name of the table of ballots."""
        return self.outputs["VotesTable"]

    @property
    def aggregates_table(self) -> str:
        """Name of the table of totals, certificates and the polls' public views."""
        return self.outputs["AggregatesTable"]

    @property
    def polls_table(self) -> str:
        """Name of the table of the poll directory, allow lists and the operator's log.

        Raises:
            DeploymentError: the stack was deployed by a version without this table.
        """
        if "PollsTable" not in self.outputs:
            raise DeploymentError(f"{self.name} has no polls table", "deploy this version first")
        return self.outputs["PollsTable"]

    def count_fallback_texts(self) -> int:
        """The texts that wait in the fallback's queue and in its dead-letter queue, about."""
        names = ("FallbackQueueUrl", "FallbackDeadLetterQueueUrl")
        urls = [self.outputs[name] for name in names if name in self.outputs]
        counts = ("Messages", "MessagesNotVisible", "MessagesDelayed")
        attributes = [f"ApproximateNumberOf{count}" for count in counts]
        return sum(
            int(value)
            for url in urls
            for value in self.client("sqs")
            .get_queue_attributes(QueueUrl=url, AttributeNames=attributes)["Attributes"]
            .values()
        )

    @property
    def secret_store(self) -> SecretStore:
        """The secret with Twilio's token and the pepper."""
        return SecretStore(self.client("secretsmanager"), self.outputs["SecretArn"])

    def secrets(self) -> Secrets:
        """Twilio's token and the pepper. Raises: UnusableSecretError."""
        return self.secret_store.read()

    @property
    def displayed_number(self) -> str | None:
        """The number that the first poll with a number displays."""
        entries = (e for e in self.directory.entries() if not is_probe(e.round.poll.id))
        return next((entry.number for entry in entries if entry.number), None)

    def has_begun(self, round: Round) -> bool:
        """Whether a round has begun (strongly consistent reads)."""
        return has_begun(
            round,
            recounts=self.recounts,
            tallies=self.tallies,
            certificates=self.certificates,
        )


def find(*, local: bool, stage: str, impatient: bool = False) -> Deployment:
    """Find the deployment that a command works on.

    `impatient` clients give up an attempt after 5 s, and a call after 4 attempts: for a page that
    shows how old it is.

    Raises:
        DeploymentError: no demo is running, or the account has no such stack.
    """
    return _find_demo() if local else _find_stack(f"VoteApp-{stage}", impatient=impatient)


def _find_demo() -> Deployment:
    from services.tools.local.aws import LocalAws
    from services.tools.local.runs import find_running

    wanted = os.environ.get(ENDPOINT_VARIABLE)
    for demo in find_running():
        if wanted in (None, "", demo.endpoint):
            aws = LocalAws(endpoint=demo.endpoint, region=demo.region)
            fallback_url = demo.outputs.get("FallbackUrl")
            return Deployment(
                name=demo.stack,
                region=demo.region,
                outputs=demo.outputs,
                webhook_url=demo.webhook_url,
                dashboard_url=demo.dashboard_url,
                client=aws.client,
                fallback_address=fallback_url and aws.rest_api_address(fallback_url),
                operator=lambda: "local",
            )
    raise DeploymentError("no demo is running on this machine", "start one: voteapp demo")


def _find_stack(name: str, *, impatient: bool) -> Deployment:
    from botocore.config import Config  # slow to import

    from services.adapters.dynamodb.client import CLIENT_CONFIG

    session = open_session()
    region = session.region_name
    with translate_aws_errors():
        outputs = _outputs(session.client("cloudformation"), name, region)
    return Deployment(
        name=name,
        region=region,
        outputs=outputs,
        webhook_url=outputs["WebhookUrl"],
        dashboard_url=outputs.get("DashboardUrl"),
        client=partial(
            session.client,
            config=CLIENT_CONFIG if impatient else Config(parameter_validation=False),
        ),
        operator=caller_identity(session.client),
    )


def _outputs(cloudformation: Any, name: str, region: str) -> dict[str, str]:  # noqa: ANN401 - a boto3 client
    remedy = "deploy it, name another with --stage, or use --local for a demo"
    try:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except cloudformation.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise DeploymentError(f"no stack {name} in {region}", remedy) from None
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
