"""Lambda entry point of the nightly merge: keeps boards small that are open for weeks.

A run may be killed, repeated, or beside another one. It changes no sum of a board.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import boto3

from services.adapters import log
from services.adapters.clock import now_ms
from services.adapters.dynamodb.client import CLIENT_CONFIG, sync_client
from services.adapters.dynamodb.directory_reader import DirectoryReader
from services.adapters.dynamodb.merged_rows import DynamoMergedRows
from services.adapters.dynamodb.stream_shards import live_shards
from services.settings import MergerSettings
from services.voting import schema
from services.voting.merging import LiveShards


class MergeFailedError(Exception):
    """The rows of some boards could not be merged; the next run tries again."""

    def __init__(self, boards: list[str]) -> None:
        self.boards = boards
        super().__init__(f"{', '.join(boards)}: rows could not be merged: see the lines before")


def handler(event: Mapping[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Merge what is due on the boards of all polls.

    Raises:
        MergeFailedError: some boards failed; the others are done.
        NoShardsError, ClientError: the polls or the stream could not be read.
    """
    settings = MergerSettings.from_env(os.environ)
    client = sync_client()
    streams = boto3.client("dynamodbstreams", config=CLIENT_CONFIG)
    shards = live_shards(streams, settings.stream_arn, now_ms(), also=settings.stream_shard_id)
    reader = DirectoryReader(client=client, table=settings.polls_table)
    merged_rows = DynamoMergedRows(client, settings.aggregates_table)
    failed = [board for board in _boards(reader) if not merge(merged_rows, board, shards)]
    if failed:
        raise MergeFailedError(failed)


def merge(merged_rows: DynamoMergedRows, board: str, shards: LiveShards) -> bool:
    """Merge the rows of one board and log what was done; return False if that failed."""
    try:
        for done in merged_rows.merge_board(board, shards):
            if done.changed:
                rows = ["#".join(name) for name in done.changed]
                log.event("merge.row_changed", board=board, round=done.round, rows=rows)
            log.event(
                "merge.done",
                board=board,
                round=done.round,
                merged=done.merged,
                deleted=done.deleted,
            )
    except Exception as error:  # noqa: BLE001 - the other boards are merged
        log.event("merge.failed", board=board, error=type(error).__name__, detail=str(error))
        return False
    return True


def _boards(reader: DirectoryReader) -> Iterator[str]:
    """Yield the partition keys of all boards."""
    for entry in reader.entries():
        yield from schema.boards_of(entry.round.poll.id)
    yield schema.UNREADABLE_BOARD
