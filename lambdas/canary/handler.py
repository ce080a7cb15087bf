"""Lambda entry point of the canary: does on a schedule what the doctor's self-test does.

A failed run fails the call, so that `Errors` counts it; the alarm also rings if no run is made.
"""

import os
from collections.abc import Mapping
from typing import Any

from services.adapters import log
from services.adapters.clock import now_ms
from services.adapters.dynamodb.client import sync_client
from services.adapters.secrets import Secrets, managed_secrets, secrets_client
from services.selftest.post import TextReceiver
from services.selftest.probe_poll import CANARY, DynamoProbePoll
from services.selftest.selftest import SelfTest, SelfTestResult, Verdict
from services.settings import CanarySettings
from services.voting.identity import Pseudonyms


class CanaryFailedError(Exception):
    """The text was not counted; the message says how far it came."""


def handler(event: Mapping[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Send one text; a run that finds another one under way does nothing.

    Raises:
        CanaryFailedError: the text was refused or not counted, or could not be signed.
        StoreUnavailableError, ClientError: the secret or a table cannot be read.
    """
    settings = CanarySettings.from_env(os.environ)
    secrets = managed_secrets(secrets_client, settings.secret_arn)
    if not secrets.are_set:
        raise CanaryFailedError("the Twilio auth token is not set: run voteapp connect")
    result = run(settings, secrets)
    log.event(f"canary.{result.verdict}", found=result.detail)
    if result.verdict is Verdict.FAILED:
        raise CanaryFailedError(f"a text {result.detail}: {result.remedy}")


def run(settings: CanarySettings, secrets: Secrets) -> SelfTestResult:
    """Run the self-test in the canary's poll."""
    url = settings.webhook_url
    receiver = TextReceiver(
        url=url, address=settings.webhook_address or url, token=secrets.twilio_auth_token
    )
    probe_poll = DynamoProbePoll(
        probe=CANARY,
        client=sync_client(),
        votes=settings.votes_table,
        aggregates=settings.aggregates_table,
        polls=settings.polls_table,
        pseudonyms=Pseudonyms(secrets.voter_pepper),
        began_at_ms=now_ms(),
    )
    return SelfTest(probe_poll=probe_poll, post=receiver.post).run()
