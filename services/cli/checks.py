"""The checks of `voteapp doctor`, in the order in which a text passes what they look at."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from services.adapters.clock import now_ms
from services.adapters.twilio.client import TwilioError
from services.cli.check_inputs import AGE_MINUTES, CheckInputs
from services.cli.deployment import Deployment
from services.tools.doctor import event_source, guest, number, stack, web
from services.tools.doctor.attempt import run_check
from services.tools.doctor.finding import Finding, failed, skipped
from services.tools.doctor.probe_poll import DynamoProbePoll
from services.tools.doctor.selftest import SelfTest
from services.tools.phones import load_generator
from services.tools.phones.sms import SimulatedText, TextKind
from services.voting.identity import Pseudonyms
from services.voting.message import Message


@dataclass(frozen=True, slots=True)
class DeploymentChecks:
    """The checks of one deployment. Stage `local` is the emulator, where some are skipped."""

    deployment: Deployment
    stage: str

    @property
    def is_emulated(self) -> bool:
        """Whether the deployment runs on the emulator, which lacks some features of AWS."""
        return self.stage == "local"

    @property
    def _inputs(self) -> CheckInputs:
        return CheckInputs(self.deployment)

    def run(self, *, text: bool) -> Iterator[Finding]:
        """Run all checks and yield each finding at once; `text` includes the self-test."""
        for name, check in self._checks(self.deployment.webhook_url).items():
            yield run_check(name, check)
        if not text:
            yield skipped("a text", "not sent, as you wished")
        else:
            yield run_check("a text", self._self_test)

    def _checks(self, hook: str) -> dict[str, Callable[[], Finding]]:
        deployment, inputs = self.deployment, self._inputs
        return {
            "stack": lambda: stack.check_stack(deployment.outputs, inputs.stack_status()),
            "secret": lambda: stack.check_secret(deployment.secrets()),
            "number": self._number,
            "webhook": lambda: web.check_webhook(web.fetch, hook),
            "forged texts": lambda: web.check_refusal(web.fetch, hook),
            "votes table": lambda: stack.check_table("votes table", inputs.table("VotesTable")),
            "aggregates table": lambda: stack.check_table(
                "aggregates table", inputs.table("AggregatesTable")
            ),
            "expiry of ballots": self._expiry,
            "protection": lambda: stack.check_protection(
                "protection", inputs.table("VotesTable"), inputs.backups(), stage=self.stage
            ),
            "mapping": self._mapping,
            "iterator age": self._age,
            "last fold": lambda: event_source.check_fold(inputs.totals(), now_ms()),
            "guests read": lambda: guest.check_reading(
                inputs.guest_client(), deployment.aggregates_table, inputs.displayed_poll()
            ),
            "guests only read": self._only_reading,
            "page": lambda: web.check_page(
                web.fetch,
                deployment.dashboard_url,
                inputs.page_headers(emulated=self.is_emulated),
                table=deployment.aggregates_table,
            ),
            "HTTP to HTTPS": lambda: web.check_transport(web.fetch, deployment.dashboard_url),
            "clock": lambda: web.check_clock(web.fetch, hook, time.time()),
        }

    def _number(self) -> Finding:
        if self.is_emulated:
            return skipped("number", "no number leads to an emulator")
        try:
            numbers = self._inputs.numbers()
        except TwilioError as error:
            return failed("number", f"{error.key}: {error.value or 'not set'}", error.remedy)
        displayed = self._inputs.displayed_number()
        return number.check_number(numbers, displayed, self.deployment.webhook_url)

    def _expiry(self) -> Finding:
        if self.is_emulated:
            return skipped("expiry of ballots", "a deploy to the emulator does not set it")
        return stack.check_expiry(self._inputs.time_to_live())

    def _mapping(self) -> Finding:
        mappings = self._inputs.event_source_mappings()
        stream = self._inputs.table("VotesTable").get("LatestStreamArn", "")
        return event_source.check_mapping(mappings, stream, emulated=self.is_emulated)

    def _age(self) -> Finding:
        if self.is_emulated:
            return skipped("iterator age", "the emulator does not measure it")
        return event_source.check_age(self._inputs.iterator_ages(), minutes=AGE_MINUTES)

    def _only_reading(self) -> Finding:
        return guest.check_only_reading(
            self._inputs.guest_client(),
            votes=self.deployment.votes_table,
            aggregates=self.deployment.aggregates_table,
            emulated=self.is_emulated,
        )

    def _self_test(self) -> Finding:
        deployment, secrets = self.deployment, self.deployment.secrets()
        if not secrets.complete:
            return skipped("a text", "cannot be signed: the secret is not set")
        probe_poll = DynamoProbePoll(
            client=deployment.client("dynamodb"),
            votes=deployment.votes_table,
            aggregates=deployment.aggregates_table,
            pseudonyms=Pseudonyms(secrets.voter_pepper),
            began_at_ms=now_ms(),
        )
        endpoint = load_generator.WebhookEndpoint(
            url=deployment.webhook_url, token=secrets.twilio_auth_token
        )
        return SelfTest(
            probe_poll=probe_poll, post=lambda message: _post_text(endpoint, message)
        ).run()


def _post_text(endpoint: load_generator.WebhookEndpoint, message: Message) -> int:
    text = SimulatedText(
        kind=TextKind.NEW, sid=message.sid, sender=message.sender, to=message.to, body=message.body
    )

    async def deliver() -> int:
        async with load_generator.session() as http:
            return (await load_generator.deliver(http, endpoint, text)).status

    return asyncio.run(deliver())
