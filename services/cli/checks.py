"""The checks of `voteapp doctor`, in the order in which a text passes what they look at."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.adapters.clock import now_ms
from services.adapters.event_source import newest_iterator_age_ms
from services.adapters.twilio.client import ACCOUNT, TOKEN, TwilioError
from services.adapters.twilio.numbers import TwilioNumbers
from services.cli.deployment import Deployment
from services.selftest.post import TextReceiver
from services.selftest.probe_poll import DynamoProbePoll
from services.selftest.selftest import SelfTest, SelfTestResult, Verdict
from services.tools.doctor import event_source, guest, number, stack, waiting, web
from services.tools.doctor.finding import Finding, failed, ok, run_check, skipped, warning
from services.tools.doctor.ring import CHECK as EMAILS_CHECK
from services.tools.doctor.ring import RING_CHECK, AlarmEmails
from services.tools.page_headers import page_headers
from services.voting.identity import Pseudonyms
from services.voting.poll import State
from services.voting.probe_names import is_probe

CHECK: Final = "a text"
FALLBACK_CHECK: Final = "a fallback text"
HEALTH: Final = (
    *("number", "webhook", "mapping", "iterator age", "last fold"),
    *(waiting.QUEUE_CHECK, waiting.ALARMS_CHECK),
)
"""The checks that may be repeated during an evening: they only read, and take a few seconds."""
AGE_MINUTES: Final = 15
"""Period over which the iterator age is read."""


@dataclass(frozen=True, slots=True)
class DeploymentChecks:
    """The checks of one deployment. Stage `local` is the emulator, where some are skipped.

    In a check botocore's errors and missing stack outputs (KeyError) propagate to `run_check`.
    """

    deployment: Deployment
    stage: str

    @property
    def is_emulated(self) -> bool:
        """Whether the deployment runs on the emulator, which lacks some features of AWS."""
        return self.stage == "local"

    def run(self, *, text: bool) -> Iterator[Finding]:
        """Run all checks and yield each finding at once; `text` includes the self-test."""
        for name, check in self._checks(self.deployment.webhook_url).items():
            yield run_check(name, check)
        if not text:
            yield skipped(CHECK, "not sent, as you wished")
            yield skipped(FALLBACK_CHECK, "not sent, as you wished")
        else:
            yield run_check(CHECK, self._self_test)
            yield run_check(FALLBACK_CHECK, self._self_test_fallback)

    def health(self) -> Iterator[Finding]:
        """Run the checks of `HEALTH` and yield each finding at once."""
        checks = self._checks(self.deployment.webhook_url)
        for name in HEALTH:
            yield run_check(name, checks[name])

    def ring(self) -> Iterator[Finding]:
        """Ring one alarm, and nothing else."""
        yield run_check(RING_CHECK, self._ring)

    def _checks(self, hook: str) -> dict[str, Callable[[], Finding]]:
        deployment = self.deployment
        return {
            "stack": self._stack,
            "secret": lambda: stack.check_secret(deployment.secrets()),
            "number": self._number,
            "webhook": lambda: web.check_webhook(web.fetch, hook),
            "forged texts": lambda: web.check_refusal(web.fetch, hook),
            "votes table": lambda: stack.check_table("votes table", self._table("VotesTable")),
            "aggregates table": lambda: stack.check_table(
                "aggregates table", self._table("AggregatesTable")
            ),
            "polls table": lambda: stack.check_table(
                "polls table", self._table("PollsTable"), has_stream=False
            ),
            "expiry of ballots": self._expiry,
            "protection": self._protection,
            "mapping": self._mapping,
            "iterator age": self._age,
            "last fold": self._last_fold,
            waiting.QUEUE_CHECK: self._fallback_queue,
            "guests read": lambda: guest.check_reading(
                self._guest_client(), deployment.aggregates_table, self._shown_poll()
            ),
            "guests only read": lambda: guest.check_only_reading(
                self._guest_client(),
                votes=deployment.votes_table,
                aggregates=deployment.aggregates_table,
                emulated=self.is_emulated,
            ),
            "page": self._page,
            **({"boards": self._boards} if "ReaderFunction" in deployment.outputs else {}),
            "HTTP to HTTPS": lambda: web.check_transport(web.fetch, deployment.dashboard_url),
            EMAILS_CHECK: self._alarm_emails,
            waiting.ALARMS_CHECK: self._alarms,
            "clock": lambda: web.check_clock(web.fetch, hook, time.time()),
        }

    def _stack(self) -> Finding:
        cloudformation = self.deployment.client("cloudformation")
        (described,) = cloudformation.describe_stacks(StackName=self.deployment.name)["Stacks"]
        return stack.check_stack(self.deployment.outputs, described["StackStatus"])

    def _number(self) -> Finding:
        if self.is_emulated:
            return skipped("number", "no number leads to an emulator")
        numbers = None
        try:
            if ACCOUNT in os.environ or TOKEN in os.environ:
                numbers = TwilioNumbers.from_env(os.environ)
        except TwilioError as error:
            return failed("number", f"{error.key}: {error.value or 'not set'}", error.remedy)
        displayed = self.deployment.displayed_number
        webhook, fallback = self.deployment.webhook_url, self.deployment.fallback_url
        return number.check_number(numbers, displayed, webhook, fallback)

    def _table(self, output: str) -> Mapping[str, Any]:
        """DescribeTable of the table that a stack output names."""
        dynamodb, table = self.deployment.client("dynamodb"), self.deployment.outputs[output]
        described: Mapping[str, Any] = dynamodb.describe_table(TableName=table)["Table"]
        return described

    def _expiry(self) -> Finding:
        if self.is_emulated:
            return skipped("expiry of ballots", "a deploy to the emulator does not set it")
        dynamodb, table = self.deployment.client("dynamodb"), self.deployment.votes_table
        described = dynamodb.describe_time_to_live(TableName=table)
        return stack.check_expiry(described["TimeToLiveDescription"])

    def _protection(self) -> Finding:
        dynamodb, table = self.deployment.client("dynamodb"), self.deployment.votes_table
        backups = dynamodb.describe_continuous_backups(TableName=table)
        return stack.check_protection(
            "protection",
            self._table("VotesTable"),
            backups["ContinuousBackupsDescription"],
            stage=self.stage,
        )

    def _mapping(self) -> Finding:
        found = self.deployment.client("lambda").list_event_source_mappings(
            FunctionName=self.deployment.outputs["AggregatorFunction"]
        )
        stream = self._table("VotesTable").get("LatestStreamArn", "")
        return event_source.check_mapping(
            found["EventSourceMappings"], stream, emulated=self.is_emulated
        )

    def _age(self) -> Finding:
        if self.is_emulated:
            return skipped("iterator age", "the emulator does not measure it")
        function = self.deployment.outputs["AggregatorFunction"]
        cloudwatch = self.deployment.client("cloudwatch")
        age_ms = newest_iterator_age_ms(cloudwatch, function, minutes=AGE_MINUTES)
        return event_source.check_age(age_ms, minutes=AGE_MINUTES)

    def _last_fold(self) -> Finding:
        rounds = [entry.round for entry in self.deployment.directory.entries()]
        tallies = self.deployment.tallies
        totals = {r.poll.id: tallies.totals(r.board, r.number) for r in rounds}
        return event_source.check_fold(totals, now_ms())

    def _fallback_queue(self) -> Finding:
        url = self.deployment.outputs.get("FallbackQueueUrl")
        if url is None:
            return skipped(waiting.QUEUE_CHECK, "this deployment has no fallback")
        texts = self.deployment.count_fallback_texts()
        cloudwatch = None if self.is_emulated or not texts else self.deployment.client("cloudwatch")
        age = None if cloudwatch is None else waiting.oldest_text_seconds(cloudwatch, url)
        return waiting.check_queue(texts, age)

    def _alarms(self) -> Finding:
        if self.is_emulated:
            return skipped(waiting.ALARMS_CHECK, "a demo has no alarms")
        cloudwatch = self.deployment.client("cloudwatch")
        return waiting.check_alarms(waiting.raised_alarms(cloudwatch, self.deployment.name))

    def _shown_poll(self) -> str:
        """The first poll that is not archived; `?` if there is none."""
        entries = self.deployment.directory.entries()
        polls = [e.round.poll.id for e in entries if e.round.state is not State.ARCHIVED]
        return next((poll for poll in polls if not is_probe(poll)), "?")

    def _guest_client(self) -> Any:  # noqa: ANN401 - a boto3 client
        """A DynamoDB client with a guest's credentials and the operator's endpoint."""
        import boto3

        own = self.deployment.client("dynamodb")
        credentials = guest.get_guest_credentials(
            self.deployment.client("cognito-identity"), self.deployment.outputs["GuestIdentityId"]
        )
        session: Any = boto3.Session(region_name=self.deployment.region)
        return session.client("dynamodb", endpoint_url=own.meta.endpoint_url, **credentials)

    def _page(self) -> Finding:
        region = self.deployment.region
        dynamodb, cognito = (
            f"https://{service}.{region}.amazonaws.com"
            for service in ("dynamodb", "cognito-identity")
        )
        if self.is_emulated:
            dynamodb = cognito = self.deployment.client("dynamodb").meta.endpoint_url
        return web.check_page(
            web.fetch,
            self.deployment.dashboard_url,
            page_headers(dynamodb=dynamodb, cognito=cognito),
            table=self.deployment.aggregates_table,
        )

    def _boards(self) -> Finding:
        return web.check_boards(web.fetch, self.deployment.dashboard_url, self._shown_poll())

    def _alarm_emails(self) -> Finding:
        if self.is_emulated:
            return skipped(EMAILS_CHECK, "a demo has no alarms")
        return self._emails().check()

    def _ring(self) -> Finding:
        if self.is_emulated:
            return failed(RING_CHECK, "a demo has no alarms", "name a stack: --stage dev")
        return self._emails().ring()

    def _emails(self) -> AlarmEmails:
        client = self.deployment.client
        return AlarmEmails(self.deployment.name, client("cloudwatch"), client("sns"))

    def _self_test(self) -> Finding:
        url = self.deployment.webhook_url
        return self._self_test_of(CHECK, url=url, address=url)

    def _self_test_fallback(self) -> Finding:
        """Send a text as Twilio does when the webhook has failed."""
        if (url := self.deployment.fallback_url) is None:
            return skipped(FALLBACK_CHECK, "this deployment has no fallback")
        address = self.deployment.fallback_address or url
        return self._self_test_of(FALLBACK_CHECK, url=url, address=address, resend_seconds=10)

    def _self_test_of(
        self, check: str, *, url: str, address: str, resend_seconds: float = 0
    ) -> Finding:
        deployment, secrets = self.deployment, self.deployment.secrets()
        if not secrets.are_set:
            return skipped(check, "cannot be signed: the secret is not set")
        probe_poll = DynamoProbePoll(
            client=deployment.client("dynamodb"),
            votes=deployment.votes_table,
            aggregates=deployment.aggregates_table,
            polls=deployment.polls_table,
            pseudonyms=Pseudonyms(secrets.voter_pepper),
            began_at_ms=now_ms(),
        )
        result = SelfTest(
            probe_poll=probe_poll,
            post=TextReceiver(url=url, address=address, token=secrets.twilio_auth_token).post,
            receiver="webhook" if check == CHECK else "fallback",
            resend_seconds=resend_seconds,
        ).run()
        return _finding(check, result)


def _finding(check: str, result: SelfTestResult) -> Finding:
    match result.verdict:
        case Verdict.OK:
            return ok(check, result.detail)
        case Verdict.BUSY:
            return warning(check, result.detail, result.remedy)
        case Verdict.FAILED:
            return failed(check, result.detail, result.remedy)
