"""The webhook itself, with a directory that needs no store: every other part is real."""

import os

from services.adapters.clock import now_ms
from services.adapters.dynamodb.async_client import async_client, connection_pool
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.secrets import secrets_client, secrets_loader
from services.adapters.ttl_cache import Cached
from services.polls.definition import parse_poll
from services.settings import WebhookSettings
from services.voting.directory import Directory
from services.voting.intake import Intake
from services.voting.poll import Round
from services.webhook.app import create_app
from services.webhook.priming import freeze
from services.webhook.routes import Dependencies
from tests.support.polls import COLORS_TOML

settings = WebhookSettings.from_env(os.environ)
rounds = Directory((Round(poll=parse_poll(COLORS_TOML, source="colors.toml")),))
connections = connection_pool(os.environ)
app = create_app(
    Dependencies(
        intake=Intake(
            directory=Cached(lambda: rounds, seconds=2),
            ballots=DynamoBallots(async_client(os.environ, connections.send), settings.votes_table),
            clock=now_ms,
        ),
        secrets=Cached(secrets_loader(settings, secrets_client), seconds=60),
        probes={},
        public_base_url=settings.public_base_url,
        close=connections.close,
    )
)
freeze()
