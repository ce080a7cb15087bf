"""The fallback's queue on the local cloud, with the replayer stopped: a test replays the items."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lambdas.replayer.batch import Batch, Dependencies
from services.adapters.dynamodb.allow_lists import DynamoAllowLists
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.threaded_client import ThreadedClient
from services.adapters.ttl_cache import Cached
from services.cli.deployment import Deployment
from services.tools.demo.cloud import LocalCloud
from services.voting.history import history_of
from services.voting.ports import Clock

LONGEST_BATCH = 10


@contextmanager
def stopped_replayer(cloud: LocalCloud) -> Iterator[None]:
    """Leave items in the fallback's queue."""
    functions = cloud.aws.client("lambda")
    mappings = functions.list_event_source_mappings()["EventSourceMappings"]
    (mapping,) = (one for one in mappings if ":sqs:" in one["EventSourceArn"])
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def take_items(cloud: LocalCloud) -> list[dict[str, Any]]:
    """Take all items from the queue, as Lambda gets them."""
    sqs, url = cloud.aws.client("sqs"), cloud.outputs.all["FallbackQueueUrl"]
    taken: list[dict[str, Any]] = []
    while found := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=LONGEST_BATCH, AttributeNames=["All"]
    ).get("Messages"):
        for one in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
            taken.append(
                {
                    "messageId": one["MessageId"],
                    "receiptHandle": one["ReceiptHandle"],
                    "body": one["Body"],
                    "attributes": one["Attributes"],
                }
            )
    return taken


async def replay(
    deployment: Deployment, items: Sequence[dict[str, Any]], clock: Clock
) -> list[dict[str, Any]]:
    """Replay items by the deployed code with another clock; those that would go back."""
    client = ThreadedClient(deployment.client("dynamodb"), seconds=60)
    delayed: list[str] = []
    deps = Dependencies(
        secrets=Cached(deployment.secrets, seconds=60),
        load_history=lambda: history_of(deployment.operators_log.changes()),
        ballots=DynamoBallots(client, deployment.votes_table),
        was_listed=DynamoAllowLists(client, deployment.polls_table).was_listed,
        delay=lambda receipt, _: delayed.append(receipt),
        clock=clock,
        fallback_url=deployment.fallback_url or "",
    )
    batches = [items[at : at + LONGEST_BATCH] for at in range(0, len(items), LONGEST_BATCH)]
    await asyncio.gather(*(Batch(deps).replay(batch) for batch in batches))
    return [item for item in items if item["receiptHandle"] in delayed]
