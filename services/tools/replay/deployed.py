"""The webhook and the aggregator as they are deployed, as the system of a replay."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from lambdas.aggregator.handler import aggregate, logger, metrics
from services.adapters import log
from services.tools.replay.event_source import Event
from services.tools.replay.system import System
from services.tools.replay.webhook_client import WebhookClient
from services.voting.ports import Tallies


def run_aggregator(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """Run the deployed aggregator."""
    try:
        return aggregate(event, tallies, default_shard=None)
    finally:
        metrics.clear_metrics()


@contextmanager
def silence_aggregator() -> Iterator[None]:
    """Suppress the aggregator's log lines below ERROR."""
    level = logger.log_level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def silence() -> Iterator[None]:
    """Suppress the log lines of both."""
    with silence_aggregator(), log.silenced():
        yield


DEPLOYED: Final = System(WebhookClient, run_aggregator)
