"""Public boards: what anybody may know of a poll and its count, read at once.

One query of the poll's open board reads the poll's view, the tally rows and the certificate. It is
strongly consistent, so of two readings by different processes the later one is never behind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from services.adapters.clock import now_ms
from services.adapters.dynamodb.certificates import certificate_of
from services.adapters.dynamodb.keys import query, sk_of
from services.adapters.dynamodb.poll_view import public_round
from services.adapters.dynamodb.tallies import count_writes, sum_rows, tally_rows
from services.voting import schema
from services.voting.certificate import Certificate
from services.voting.poll import Round
from services.voting.tally import Totals

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Items = list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicBoard:
    """A reading of the board of a poll's current round.

    `totals` is None as long as the poll is sealed. `version` counts the writes of the tally rows.
    `unreadable_rows` of them are not in the totals. `number` (E.164) is the one to text to.
    """

    round: Round
    number: str | None
    totals: Totals | None
    version: int
    certificate: Certificate | None
    unreadable_rows: int
    read_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoPublicBoards:
    """Reads public boards; needs `dynamodb:Query` of the partitions `open#...` alone."""

    client: "DynamoDBClient"
    table: str
    clock: Callable[[], int] = field(default=now_ms)

    def find(self, poll: str) -> PublicBoard | None:
        """Read the board of a poll, or None if there is no such poll.

        Raises:
            ClientError: DynamoDB refused the query.
            KeyError, ValueError: the poll's view cannot be read.
        """
        read_at_ms = self.clock()
        items = self._items(poll)
        view = _item(items, schema.POLL_VIEW_SK)
        if view is None:
            return None
        round, number = public_round(view, poll)
        certified = _item(items, schema.certified_sk(round.number))
        certificate = certificate_of(certified, poll, round.number) if certified else None
        readable = [row for row in tally_rows(items, round.number) if _is_readable(row)]
        is_sealed = round.poll.visibility == "sealed"
        return PublicBoard(
            round=replace(
                round, certified_at_ms=certificate.certified_at_ms if certificate else None
            ),
            number=number,
            totals=None if is_sealed else sum_rows(readable, round.number),
            version=count_writes(readable, round.number),
            certificate=certificate,
            unreadable_rows=len(tally_rows(items, round.number)) - len(readable),
            read_at_ms=read_at_ms,
        )

    def _items(self, poll: str) -> Items:
        pages = self.client.get_paginator("query").paginate(
            **query(self.table, schema.board_pk(poll, "open")), ConsistentRead=True
        )
        return [item for page in pages for item in page["Items"]]


def _item(items: Items, sk: str) -> Mapping[str, Any] | None:
    return next((item for item in items if sk_of(item) == sk), None)


def _is_readable(row: Mapping[str, Any]) -> bool:
    """Return whether all its numbers are whole; one bad row must not hide the others."""
    return all(value["N"].lstrip("-").isdigit() for value in row.values() if "N" in value)
