"""Lambda entry point of the replayer: builds it from the environment, and runs its batches.

It shares neither function nor bundle with the webhook, so that a broken deploy of the one does
not take the other with it.
"""

import asyncio
import os
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import boto3

from lambdas.replayer.batch import Batch, Dependencies
from services.adapters.clock import now_ms
from services.adapters.dynamodb.allow_lists import DynamoAllowLists
from services.adapters.dynamodb.async_client import async_client, connection_pool
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.client import CLIENT_CONFIG, store_errors, sync_client
from services.adapters.dynamodb.operators_log import DynamoOperatorsLog
from services.adapters.secrets import managed_secrets, secrets_client
from services.adapters.ttl_cache import Cached
from services.settings import ReplayerSettings
from services.voting.history import History, history_of

SECRETS_SECONDS = 60


def assemble(environ: Mapping[str, str]) -> Dependencies:
    """Build the dependencies from the environment, without connecting to anything.

    Raises:
        SettingsError: a variable is missing.
    """
    settings = ReplayerSettings.from_env(environ)
    client = async_client(environ, connection_pool(environ).send)
    log = DynamoOperatorsLog(sync_client(), settings.polls_table)
    queue = boto3.client("sqs", config=CLIENT_CONFIG)

    def load_history() -> History:
        with store_errors("reading the history of the polls"):
            return history_of(log.changes())

    def delay(receipt: str, seconds: int) -> None:
        queue.change_message_visibility(
            QueueUrl=settings.queue_url, ReceiptHandle=receipt, VisibilityTimeout=seconds
        )

    return Dependencies(
        secrets=Cached(
            partial(managed_secrets, cache(secrets_client), settings.secret_arn),
            seconds=SECRETS_SECONDS,
        ),
        load_history=load_history,
        ballots=DynamoBallots(client, settings.votes_table),
        was_listed=DynamoAllowLists(client, settings.polls_table).was_listed,
        delay=delay,
        clock=now_ms,
        fallback_url=settings.fallback_url,
    )


@cache
def _started() -> tuple[Dependencies, asyncio.Runner]:
    """Build the replayer on the first batch; connections live in one event loop."""
    return assemble(os.environ), asyncio.Runner()


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Replay one batch of the queue. Items that must come back are reported as failed."""
    deps, runner = _started()
    return runner.run(Batch(deps).replay(event["Records"]))
