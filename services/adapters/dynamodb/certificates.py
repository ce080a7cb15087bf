"""Certified results on DynamoDB: one row per round on the open board, written once.

The same transaction makes the round final in the directory, so that no webhook accepts a text for
a certified round and no command opens it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.adapters.dynamodb.directory_items import certification_update
from services.adapters.dynamodb.keys import IS_NEW, key_of
from services.voting import schema
from services.voting.certificate import Certificate
from services.voting.errors import PollChangedError
from services.voting.poll import Round

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoCertificates:
    """The `Certificates` port. Guests may read certificates, also those of sealed polls."""

    client: "DynamoDBClient"
    table: str

    def find(self, poll: str, round_number: int) -> Certificate | None:
        """Read the certificate of a round (a strongly consistent read)."""
        answer = self.client.get_item(
            TableName=self.table, Key=_key(poll, round_number), ConsistentRead=True
        )
        item: dict[str, Any] | None = answer.get("Item")
        return _certificate(item, poll, round_number) if item else None

    def write(self, certificate: Certificate, round: Round, *, current: bool) -> bool:
        """Store a certificate and make its round final; return False if the round has one.

        Raises:
            PollChangedError: the stored round differs from `round`.
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
        }
        put: Any = {"TableName": self.table, "Item": item, "ConditionExpression": IS_NEW}
        final = certification_update(round, certificate.certified_at_ms, current=current)
        update: Any = {"TableName": self.table, **final}
        try:
            self.client.transact_write_items(TransactItems=[{"Put": put}, {"Update": update}])
        except self.client.exceptions.TransactionCanceledException:
            if self.find(certificate.poll, certificate.round) is not None:
                return False
            raise PollChangedError(certificate.poll) from None
        return True


def _key(poll: str, round_number: int) -> dict[str, Any]:
    return key_of(schema.board_pk(poll, "open"), schema.certified_sk(round_number))


def _certificate(item: dict[str, Any], poll: str, round_number: int) -> Certificate:
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
    )
