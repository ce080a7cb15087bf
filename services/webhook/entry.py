"""The webhook's entry point: builds `app` from the environment."""

import asyncio
import os
from collections.abc import Mapping
from functools import cache, partial

from services.adapters.clock import now_ms
from services.adapters.dynamodb.allow_lists import DynamoAllowLists
from services.adapters.dynamodb.async_client import Session, async_client
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.fuzzy_match import one_edit_away
from services.adapters.secrets import secrets_client, secrets_loader
from services.adapters.ttl_cache import Cached
from services.settings import WebhookSettings
from services.voting.directory import Directory
from services.voting.intake import Intake
from services.voting.timing import DIRECTORY_SECONDS
from services.webhook import log
from services.webhook.app import create_app
from services.webhook.routes import Dependencies

SECRETS_SECONDS = 60


def assemble(environ: Mapping[str, str]) -> Dependencies:
    """Build the dependencies from the environment, without connecting to anything.

    Raises:
        SettingsError: a variable is missing or has an invalid value.
    """
    settings = WebhookSettings.from_env(environ)
    session = Session()
    client = async_client(environ, session)
    ballots = DynamoBallots(client, settings.votes_table)

    @cache
    def dynamo_directory() -> DynamoDirectory:
        from services.adapters.dynamodb.client import (
            sync_client,  # boto3: not in a cold start's imports
        )

        return DynamoDirectory(client=sync_client(), table=settings.aggregates_table)

    def load() -> Directory:
        from services.adapters.dynamodb.client import store_errors

        with store_errors("reading the directory"):
            directory = dynamo_directory().load()
        if directory.unreadable:
            log.event("directory.unreadable", polls=list(directory.unreadable))
        return directory

    cached_directory = Cached(load, seconds=DIRECTORY_SECONDS)

    return Dependencies(
        intake=Intake(
            directory=cached_directory,
            ballots=ballots,
            clock=now_ms,
            nearest=one_edit_away,
            lists=DynamoAllowLists(client, settings.aggregates_table),
        ),
        secrets=Cached(secrets_loader(settings, cache(secrets_client)), seconds=SECRETS_SECONDS),
        probes={"votes": ballots.probe, "aggregates": partial(asyncio.to_thread, load)},
        public_base_url=settings.public_base_url,
        close=session.close,
    )


log.configure()
app = create_app(assemble(os.environ))
