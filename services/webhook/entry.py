"""The webhook's entry point: builds `app` from the environment."""

import asyncio
import os
from collections.abc import Mapping
from functools import cache, partial

from services.adapters import log
from services.adapters.clock import now_ms
from services.adapters.dynamodb.allow_lists import DynamoAllowLists
from services.adapters.dynamodb.async_client import async_client, connection_pool
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.client import impatient_client, store_errors
from services.adapters.dynamodb.directory_reader import DirectoryReader
from services.adapters.dynamodb.late_credentials import LateCredentials
from services.adapters.fuzzy_match import one_edit_away
from services.adapters.late_session import late_session
from services.adapters.secrets import secrets_client, secrets_loader
from services.adapters.ttl_cache import Cached, OnStale
from services.settings import WebhookSettings
from services.voting.directory import Directory
from services.voting.intake import Intake
from services.voting.timing import DIRECTORY_SECONDS, DIRECTORY_STALE_SECONDS
from services.webhook.app import create_app
from services.webhook.priming import freeze, prime
from services.webhook.routes import Dependencies

SECRETS_SECONDS = 60
"""Age after which the webhook reads the secret again."""

SECRET_STALE_SECONDS = 3600
"""Maximum age of the secret that the webhook uses while reading it fails."""


def assemble(environ: Mapping[str, str]) -> Dependencies:
    """Build the dependencies from the environment, without connecting to anything.

    Raises:
        SettingsError: a variable is missing or has an invalid value.
    """
    settings = WebhookSettings.from_env(environ)
    boto = cache(late_session)
    connections = connection_pool(environ)
    client = async_client(environ, connections.send, LateCredentials(boto))
    ballots = DynamoBallots(client, settings.votes_table)
    polls_client = cache(lambda: impatient_client(boto()))
    secret_client = cache(lambda: secrets_client(boto()))

    def load() -> Directory:
        with store_errors("reading the directory"):
            directory = DirectoryReader(client=polls_client(), table=settings.polls_table).load()
        if directory.unreadable:
            log.event("directory.unreadable", polls=list(directory.unreadable))
        return directory

    cached_directory = Cached(
        load,
        seconds=DIRECTORY_SECONDS,
        stale_seconds=DIRECTORY_STALE_SECONDS,
        on_stale=_log_stale("directory.stale"),
    )
    cached_secrets = Cached(
        secrets_loader(settings, secret_client),
        seconds=SECRETS_SECONDS,
        stale_seconds=SECRET_STALE_SECONDS,
        on_stale=_log_stale("secret.stale"),
    )
    return Dependencies(
        intake=Intake(
            directory=cached_directory,
            ballots=ballots,
            clock=now_ms,
            nearest=one_edit_away,
            lists=DynamoAllowLists(client, settings.polls_table),
        ),
        secrets=cached_secrets,
        probes={"votes": ballots.probe, "polls": partial(asyncio.to_thread, load)},
        public_base_url=settings.public_base_url,
        close=connections.close,
        clients=(polls_client, secret_client) if settings.secret_arn else (polls_client,),
    )


def _log_stale(event: str) -> OnStale:
    """Return a function that logs the error's type, not its text, and the age in seconds."""

    def log_stale(error: Exception, age_seconds: float) -> None:
        log.event(event, error=type(error).__name__, age=round(age_seconds, 1))

    return log_stale


dependencies = assemble(os.environ)
app = create_app(dependencies)
prime(app, dependencies.clients)
freeze()
