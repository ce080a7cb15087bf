"""Public boards: what anybody may know of a poll and its count, read at once.

One query of the poll's open board reads the poll's view, and the tally rows and the certificate of
its current round. It is strongly consistent, so of two readings by different processes the later
one is never behind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from services.adapters.clock import now_ms
from services.adapters.dynamodb.certificates import certificate_of
from services.adapters.dynamodb.keys import EXACT, FROM, query, sk_of
from services.adapters.dynamodb.poll_view import public_round
from services.adapters.dynamodb.tally_items import rows_of
from services.voting import schema
from services.voting.certificate import Certificate
from services.voting.merging import BaseRow, StoredRow, sum_rows, sum_versions
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
    _rounds: dict[str, int] = field(default_factory=dict)
    """The current round of each poll when it was read last: older ones are not read."""

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
            self._rounds.pop(poll, None)
            return None
        round, number = public_round(view, poll)
        if self._rounds.get(poll, round.number + 1) > round.number:  # of this one, nothing was read
            self._rounds[poll] = round.number
            return self.find(poll)
        self._rounds[poll] = round.number
        certificate = _certificate(items, poll, round.number)
        base, rows, unreadable = _readable_rows(items, round.number)
        return PublicBoard(
            round=replace(
                round, certified_at_ms=certificate.certified_at_ms if certificate else None
            ),
            number=number,
            totals=None if round.poll.visibility == "sealed" else sum_rows(rows, base),
            version=sum_versions(rows, base),
            certificate=certificate,
            unreadable_rows=unreadable,
            read_at_ms=read_at_ms,
        )

    def _items(self, poll: str) -> Items:
        """Read the rows of the poll's last known round, newer ones, and its view; or the view."""
        known = self._rounds.get(poll)
        condition, sk = (
            (EXACT, schema.POLL_VIEW_SK) if known is None else (FROM, schema.round_prefix(known))
        )
        pages = self.client.get_paginator("query").paginate(
            **query(self.table, schema.board_pk(poll, "open"), condition, sk), ConsistentRead=True
        )
        return [item for page in pages for item in page["Items"]]


def _item(items: Items, sk: str) -> Mapping[str, Any] | None:
    return next((item for item in items if sk_of(item) == sk), None)


def _certificate(items: Items, poll: str, round_number: int) -> Certificate | None:
    sk = schema.certified_sk(round_number)
    item = _item(items, sk) or _item(items, schema.former_sk(sk))
    return certificate_of(item, poll, round_number) if item else None


def _readable_rows(items: Items, round_number: int) -> tuple[BaseRow, list[StoredRow], int]:
    """The base row, the other rows, and how many are left out because they cannot be read."""
    base, rows, unreadable = BaseRow(), list[StoredRow](), 0
    for item in items:
        try:
            found, more = rows_of([item], round_number)
        except (KeyError, ValueError):
            unreadable += 1
        else:
            base = found if found.revision else base
            rows += more
    return base, rows, unreadable
