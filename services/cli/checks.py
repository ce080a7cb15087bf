"""What `voteapp doctor` looks at: gets hold of it, and hands it to the checks."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.adapters.clock import now_ms
from services.adapters.twilio.client import ACCOUNT, TOKEN, TwilioError
from services.adapters.twilio.numbers import TwilioNumbers
from services.cli.deployment import Deployment
from services.tools.doctor import event_source, guest, number, stack, web
from services.tools.doctor.attempt import carried_out
from services.tools.doctor.finding import Finding, skipped, wrong
from services.tools.doctor.probe_poll import DynamoDesk
from services.tools.doctor.selftest import SelfTest
from services.tools.local.static_server import HEADERS
from services.tools.phones import load_generator
from services.tools.phones.sms import Kind, Text
from services.voting.message import Message
from services.voting.poll import State

AGE_MINUTES: Final = 15


@dataclass(frozen=True, slots=True)
class Examination:
    """The checks of one deployment, in the order in which a text passes what they look at."""

    there: Deployment
    stage: str

    @property
    def emulated(self) -> bool:
        """Whether it runs on the emulator, which keeps not all that AWS keeps."""
        return self.stage == "local"

    def walk(self, *, text: bool) -> Iterator[Finding]:
        """All findings, each as soon as it is there."""
        for name, check in self._checks(self.there.webhook_url).items():
            yield carried_out(name, check)
        if not text:
            yield skipped("a text", "not sent, as you wished")
        else:
            yield carried_out("a text", self._self_test)

    def _checks(self, hook: str) -> dict[str, Callable[[], Finding]]:
        there = self.there
        return {
            "stack": lambda: stack.check_stack(there.outputs, self._status()),
            "secret": lambda: stack.check_secret(there.secrets()),
            "number": self._number,
            "webhook": lambda: web.check_webhook(web.fetch, hook),
            "forged texts": lambda: web.check_refusal(web.fetch, hook),
            "votes table": lambda: stack.check_table("votes table", self._table("VotesTable")),
            "aggregates table": lambda: stack.check_table(
                "aggregates table", self._table("AggregatesTable")
            ),
            "expiry of ballots": self._expiry,
            "protection": self._protection,
            "mapping": self._mapping,
            "iterator age": self._age,
            "last fold": self._fold,
            "guests read": lambda: guest.check_reading(
                self._guest(), there.aggregates_table, self._polls()[0]
            ),
            "guests only read": self._only_reading,
            "page": lambda: web.check_page(
                web.fetch, there.dashboard_url, self._headers(), table=there.aggregates_table
            ),
            "HTTP to HTTPS": lambda: web.check_transport(web.fetch, there.dashboard_url),
            "clock": lambda: web.check_clock(web.fetch, hook, time.time()),
        }

    def _status(self) -> str | None:
        described = self.there.client("cloudformation").describe_stacks(StackName=self.there.name)
        return str(described["Stacks"][0]["StackStatus"])

    def _number(self) -> Finding:
        if self.emulated:
            return skipped("number", "no number leads to an emulator")
        numbers = None
        if ACCOUNT in os.environ or TOKEN in os.environ:
            try:
                numbers = TwilioNumbers.from_env(os.environ)
            except TwilioError as error:
                return wrong("number", f"{error.key}: {error.value or 'not set'}", error.remedy)
        shown = (e.number for e in self.there.directory.entries() if e.number)
        return number.check_number(numbers, next(shown, None), self.there.webhook_url)

    def _table(self, output: str) -> Mapping[str, Any]:
        described: Mapping[str, Any] = self.there.client("dynamodb").describe_table(
            TableName=self.there.outputs[output]
        )["Table"]
        return described

    def _expiry(self) -> Finding:
        if self.emulated:
            return skipped("expiry of ballots", "a deploy to the emulator does not set it")
        told_by = self.there.client("dynamodb").describe_time_to_live(
            TableName=self.there.votes_table
        )
        return stack.check_expiry(told_by["TimeToLiveDescription"])

    def _protection(self) -> Finding:
        backups = self.there.client("dynamodb").describe_continuous_backups(
            TableName=self.there.votes_table
        )["ContinuousBackupsDescription"]
        return stack.check_protection(
            "protection", self._table("VotesTable"), backups, stage=self.stage
        )

    def _mapping(self) -> Finding:
        listed = self.there.client("lambda").list_event_source_mappings(
            FunctionName=self.there.outputs["AggregatorFunction"]
        )["EventSourceMappings"]
        stream = self._table("VotesTable").get("LatestStreamArn", "")
        return event_source.check_mapping(listed, stream, emulated=self.emulated)

    def _age(self) -> Finding:
        if self.emulated:
            return skipped("iterator age", "the emulator does not measure it")
        until = datetime.now(UTC)
        points = self.there.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="IteratorAge",
            Dimensions=[
                {"Name": "FunctionName", "Value": self.there.outputs["AggregatorFunction"]}
            ],
            StartTime=until - timedelta(minutes=AGE_MINUTES),
            EndTime=until,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return event_source.check_age(points, minutes=AGE_MINUTES)

    def _fold(self) -> Finding:
        entries = self.there.directory.entries()
        rounds = [entry.round for entry in entries]
        totals = {r.poll.id: self.there.tallies.totals(r.board, r.number) for r in rounds}
        return event_source.check_fold(totals, now_ms())

    def _guest(self) -> Any:  # noqa: ANN401 - a boto3 client
        """A client with a guest's credentials, at the same address as the operator's."""
        import boto3

        own = self.there.client("dynamodb")
        given = guest.credentials_of(
            self.there.client("cognito-identity"), self.there.outputs["GuestIdentityId"]
        )
        made: Any = boto3.Session(region_name=self.there.region)
        return made.client("dynamodb", endpoint_url=own.meta.endpoint_url, **given)

    def _only_reading(self) -> Finding:
        return guest.check_only_reading(
            self._guest(),
            votes=self.there.votes_table,
            aggregates=self.there.aggregates_table,
            emulated=self.emulated,
        )

    def _polls(self) -> list[str]:
        entries = self.there.directory.entries()
        return [e.round.poll.id for e in entries if e.round.state is not State.ARCHIVED] or ["?"]

    def _headers(self) -> dict[str, str]:
        """The page's, with the addresses it may connect to, as the stack fills them in."""
        endpoint = self.there.client("dynamodb").meta.endpoint_url
        region = self.there.region
        cognito = endpoint if self.emulated else f"https://cognito-identity.{region}.amazonaws.com"
        dynamodb = endpoint if self.emulated else f"https://dynamodb.{region}.amazonaws.com"
        headers: dict[str, str] = json.loads(HEADERS.read_text(encoding="utf-8"))
        return {
            name: value.replace("{dynamodb}", dynamodb).replace("{cognito}", cognito)
            for name, value in headers.items()
        }

    def _self_test(self) -> Finding:
        there, secrets = self.there, self.there.secrets()
        if not secrets.complete:
            return skipped("a text", "cannot be signed: the secret is not set")
        desk = DynamoDesk(
            client=there.client("dynamodb"),
            votes=there.votes_table,
            aggregates=there.aggregates_table,
            pepper=secrets.voter_pepper,
            began_at_ms=now_ms(),
        )
        line = load_generator.Line(url=there.webhook_url, token=secrets.twilio_auth_token)
        return SelfTest(desk=desk, post=lambda message: _posted(line, message)).run()


def _posted(line: load_generator.Line, message: Message) -> int:
    text = Text(
        kind=Kind.NEW, sid=message.sid, sender=message.sender, to=message.to, body=message.body
    )

    async def deliver() -> int:
        async with load_generator.session() as http:
            return (await load_generator.deliver(http, line, text)).status

    return asyncio.run(deliver())
