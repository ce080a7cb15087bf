"""Certified results on DynamoDB: one row per round on the open board, written once.

The same transaction over both tables makes the round final in the directory, so that no webhook
accepts a text for a certified round and no command opens it, and adds a row to the operator's log.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from services.adapters.clock import now_ms
from services.adapters.dynamodb.directory_items import certification_update
from services.adapters.dynamodb.former_rows import FormerRows
from services.adapters.dynamodb.keys import IS_NEW, key_of
from services.adapters.dynamodb.ongoing import none_begun
from services.adapters.dynamodb.operators_log import log_put
from services.adapters.poll_store import unknown_operator
from services.voting import schema
from services.voting.certificate import Certificate, LogComparison
from services.voting.errors import PollChangedError
from services.voting.operators_log import LoggedChange
from services.voting.poll import Round

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoCertificates:
    """The `Certificates` port. Guests may read certificates, also those of sealed polls.

    `table` is the table of aggregates, `polls` that of the directory; only writing needs it.
    """

    client: "DynamoDBClient"
    table: str
    polls: str
    by: Callable[[], str] = field(default=unknown_operator)
    clock: Callable[[], int] = field(default=now_ms)

    def find(self, poll: str, round_number: int) -> Certificate | None:
        """Read the certificate of a round (a strongly consistent read)."""
        answer = self.client.get_item(
            TableName=self.table, Key=_key(poll, round_number), ConsistentRead=True
        )
        item: dict[str, Any] | None = answer.get("Item")
        if item is None:
            board, sk = schema.board_pk(poll, "open"), schema.certified_sk(round_number)
            item = FormerRows(self.client, self.table).find(board, sk)
        return certificate_of(item, poll, round_number) if item else None

    def write(
        self, certificate: Certificate, round: Round, *, current: bool, begun: int = 0
    ) -> bool:
        """Store a certificate and make its round final; return False if the round has one.

        Raises:
            PollChangedError: the stored round differs from `round`, or more than `begun`
                reconciliations have begun to write to it.
        """
        counts = {
            schema.count_attribute(choice): {"N": str(count)}
            for choice, count in certificate.picks.items()
        }
        item: dict[str, Any] = {
            **_key(certificate.poll, certificate.round),
            **counts,
            schema.BALLOTS: {"N": str(certificate.ballots)},
            schema.VOTERS: {"N": str(certificate.voters)},
            schema.CERTIFIED_AT: {"N": str(certificate.certified_at_ms)},
            schema.DIGEST: {"S": certificate.digest},
            **_compared_attributes(certificate.compared),
        }
        put: Any = {"TableName": self.table, "Item": item, "ConditionExpression": IS_NEW}
        revision, at_ms = self._revision(certificate.poll), certificate.certified_at_ms
        final = certification_update(round, at_ms, revision=revision if current else None)
        update: Any = {"TableName": self.polls, **final}
        change = self._logged(replace(round, certified_at_ms=at_ms, previous=None))
        log: Any = log_put(self.polls, change, revision + current, is_event=not current)
        unreconciled: Any = none_begun(self.polls, round, begun)
        former: Any = {"TableName": self.table, "Key": _former_key(certificate)}
        former["ConditionExpression"] = IS_NEW
        writes: list[Any] = [
            {"Put": put}, {"Update": update}, {"Put": log}, {"ConditionCheck": unreconciled},
            {"ConditionCheck": former},
        ]  # fmt: skip
        try:
            self.client.transact_write_items(TransactItems=writes)
        except self.client.exceptions.TransactionCanceledException:
            if self.find(certificate.poll, certificate.round) is not None:
                return False
            raise PollChangedError(certificate.poll) from None
        return True

    def _logged(self, round: Round) -> LoggedChange:
        at_ms = max(self.clock(), round.changed_at_ms, round.certified_at_ms or 0)
        return LoggedChange(at_ms=at_ms, what="certified", by=self.by(), round=round)

    def _revision(self, poll_id: str) -> int:
        """Read how often the poll's row was written (a strongly consistent read)."""
        answer = self.client.get_item(
            TableName=self.polls, Key=key_of(schema.DIRECTORY_PK, poll_id), ConsistentRead=True
        )
        return int(answer.get("Item", {}).get(schema.REVISION, {}).get("N", "0"))


def _key(poll: str, round_number: int) -> dict[str, Any]:
    return key_of(schema.board_pk(poll, "open"), schema.certified_sk(round_number))


def _former_key(certificate: Certificate) -> dict[str, Any]:
    sk = schema.former_sk(schema.certified_sk(certificate.round))
    return key_of(schema.board_pk(certificate.poll, "open"), sk)


def certificate_of(item: Mapping[str, Any], poll: str, round_number: int) -> Certificate:
    """Read the certificate from its row."""
    prefix = schema.COUNT_PREFIX
    return Certificate(
        poll=poll,
        round=round_number,
        picks={
            name.removeprefix(prefix): int(value["N"])
            for name, value in item.items()
            if name.startswith(prefix)
        },
        ballots=int(item[schema.BALLOTS]["N"]),
        voters=int(item[schema.VOTERS]["N"]),
        certified_at_ms=int(item[schema.CERTIFIED_AT]["N"]),
        digest=item[schema.DIGEST]["S"],
        compared=_comparison(item),
    )


def _compared_attributes(compared: LogComparison | None) -> dict[str, Any]:
    if compared is None:
        return {}
    return {
        schema.LOGGED_TEXTS: {"N": str(compared.texts)},
        schema.UNKNOWN_TEXTS: {"N": str(compared.unknown)},
    }


def _comparison(item: Mapping[str, Any]) -> LogComparison | None:
    if schema.LOGGED_TEXTS not in item:
        return None
    return LogComparison(
        texts=int(item[schema.LOGGED_TEXTS]["N"]), unknown=int(item[schema.UNKNOWN_TEXTS]["N"])
    )
