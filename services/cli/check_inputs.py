"""Fetches what the checks of `voteapp doctor` look at: from AWS, Twilio and the deployment."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.adapters.twilio.client import ACCOUNT, TOKEN
from services.adapters.twilio.numbers import TwilioNumbers
from services.cli.deployment import Deployment
from services.tools.doctor import guest
from services.tools.local.static_server import HEADERS
from services.voting.poll import State
from services.voting.tally import Totals

AGE_MINUTES: Final = 15
"""Period over which the iterator age is read."""


@dataclass(frozen=True, slots=True)
class CheckInputs:
    """One method for each call; botocore's errors and missing outputs (KeyError) propagate."""

    deployment: Deployment

    def stack_status(self) -> str:
        """CloudFormation's StackStatus."""
        name = self.deployment.name
        described = self.deployment.client("cloudformation").describe_stacks(StackName=name)
        return str(described["Stacks"][0]["StackStatus"])

    def numbers(self) -> TwilioNumbers | None:
        """The numbers of the Twilio account; None if the environment names no account.

        Raises:
            TwilioError: the account's id or token is missing or malformed.
        """
        if ACCOUNT in os.environ or TOKEN in os.environ:
            return TwilioNumbers.from_env(os.environ)
        return None

    def displayed_number(self) -> str | None:
        """The number that the first poll with a number displays."""
        entries = self.deployment.directory.entries()
        return next((entry.number for entry in entries if entry.number), None)

    def table(self, output: str) -> Mapping[str, Any]:
        """DescribeTable of the table that a stack output names."""
        described: Mapping[str, Any] = self.deployment.client("dynamodb").describe_table(
            TableName=self.deployment.outputs[output]
        )["Table"]
        return described

    def time_to_live(self) -> Mapping[str, Any]:
        """TimeToLiveDescription of the votes table."""
        described: Mapping[str, Any] = self.deployment.client("dynamodb").describe_time_to_live(
            TableName=self.deployment.votes_table
        )["TimeToLiveDescription"]
        return described

    def backups(self) -> Mapping[str, Any]:
        """ContinuousBackupsDescription of the votes table."""
        dynamodb = self.deployment.client("dynamodb")
        described: Mapping[str, Any] = dynamodb.describe_continuous_backups(
            TableName=self.deployment.votes_table
        )["ContinuousBackupsDescription"]
        return described

    def event_source_mappings(self) -> Sequence[Mapping[str, Any]]:
        """All event source mappings of the aggregator."""
        client = self.deployment.client("lambda")
        mappings: Sequence[Mapping[str, Any]] = client.list_event_source_mappings(
            FunctionName=self.deployment.outputs["AggregatorFunction"]
        )["EventSourceMappings"]
        return mappings

    def iterator_ages(self) -> Sequence[Mapping[str, Any]]:
        """CloudWatch's maximum IteratorAge for each of the last `AGE_MINUTES` minutes."""
        until = datetime.now(UTC)
        function = self.deployment.outputs["AggregatorFunction"]
        client = self.deployment.client("cloudwatch")
        datapoints: Sequence[Mapping[str, Any]] = client.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="IteratorAge",
            Dimensions=[{"Name": "FunctionName", "Value": function}],
            StartTime=until - timedelta(minutes=AGE_MINUTES),
            EndTime=until,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return datapoints

    def totals(self) -> Mapping[str, Totals]:
        """The totals of each poll's current round, by poll id."""
        rounds = [entry.round for entry in self.deployment.directory.entries()]
        tallies = self.deployment.tallies
        return {r.poll.id: tallies.totals(r.board, r.number) for r in rounds}

    def guest_client(self) -> Any:  # noqa: ANN401 - a boto3 client
        """A DynamoDB client with a guest's credentials and the operator's endpoint."""
        import boto3

        own = self.deployment.client("dynamodb")
        credentials = guest.get_guest_credentials(
            self.deployment.client("cognito-identity"), self.deployment.outputs["GuestIdentityId"]
        )
        session: Any = boto3.Session(region_name=self.deployment.region)
        return session.client("dynamodb", endpoint_url=own.meta.endpoint_url, **credentials)

    def displayed_poll(self) -> str:
        """The first poll that is not archived; `?` if there is none."""
        entries = self.deployment.directory.entries()
        polls = [e.round.poll.id for e in entries if e.round.state is not State.ARCHIVED]
        return polls[0] if polls else "?"

    def page_headers(self, *, emulated: bool) -> dict[str, str]:
        """The page's security headers, with the AWS endpoints that the stack fills in."""
        endpoint = self.deployment.client("dynamodb").meta.endpoint_url
        region = self.deployment.region
        cognito = endpoint if emulated else f"https://cognito-identity.{region}.amazonaws.com"
        dynamodb = endpoint if emulated else f"https://dynamodb.{region}.amazonaws.com"
        headers: dict[str, str] = json.loads(HEADERS.read_text(encoding="utf-8"))
        return {
            name: value.replace("{dynamodb}", dynamodb).replace("{cognito}", cognito)
            for name, value in headers.items()
        }
