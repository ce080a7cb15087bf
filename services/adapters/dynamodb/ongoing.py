"""The reconciliations that write to a round: so that it is not certified meanwhile.

A row for each round, in the table of polls. It counts the reconciliations that have begun to write
and says until when each of the running ones may write. A certificate is written on condition that
none has begun since before its recount; and a reconciliation looks for the certificate after it
has begun. So whichever comes first, the other one sees it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from services.adapters.clock import now_ms
from services.adapters.dynamodb.client import store_errors
from services.adapters.dynamodb.keys import IS_NEW, key_of
from services.voting import schema
from services.voting.poll import Round

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Ongoing:
    """How many reconciliations have begun to write, and until when one of them may write."""

    begun: int = 0
    until_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OngoingReconciliations:
    """Stores them in `table`, the table of polls. `run_id` is that of this process's own run."""

    client: "DynamoDBClient"
    table: str
    clock: Callable[[], int] = field(default=now_ms)
    run_id: str = field(default_factory=lambda: uuid4().hex)

    def find(self, round: Round) -> Ongoing:
        """Read those of a round (a strongly consistent read)."""
        key = _key(round)
        row = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
        runs = {name: value for name, value in (row or {}).items() if _is_run(name)}
        return Ongoing(
            begun=int(row[schema.BEGUN]["N"]) if row else 0,
            until_ms=max((int(value["N"]) for value in runs.values()), default=0),
        )

    def begin(self, round: Round, until_ms: int) -> None:
        """Announce that this run writes to a round until a time, or longer than it has said.

        Raises:
            StoreUnavailableError: nothing may be written.
        """
        with store_errors("announcing a reconciliation"):
            stored = self.client.update_item(
                TableName=self.table,
                Key=_key(round),
                UpdateExpression=f"SET #run = :until ADD {schema.BEGUN} :one",
                ExpressionAttributeNames={"#run": self._run},
                ExpressionAttributeValues={":until": {"N": str(until_ms)}, ":one": {"N": "1"}},
                ReturnValues="ALL_NEW",
            )["Attributes"]
        now = self.clock()
        over = [name for name, at in stored.items() if _is_run(name) and int(at["N"]) < now]
        self._remove(round, over)

    def end(self, round: Round) -> None:
        """Announce that every write of this run has been answered."""
        self._remove(round, [self._run])

    @property
    def _run(self) -> str:
        return f"{schema.RUN_PREFIX}{self.run_id}"

    def _remove(self, round: Round, runs: list[str]) -> None:
        if not runs:
            return
        names = {f"#run{place}": name for place, name in enumerate(runs)}
        self.client.update_item(
            TableName=self.table,
            Key=_key(round),
            UpdateExpression=f"REMOVE {', '.join(names)}",
            ExpressionAttributeNames=names,
        )


def none_begun(table: str, round: Round, begun: int) -> dict[str, Any]:
    """The condition of a transaction that no reconciliation has begun since there were `begun`."""
    check: dict[str, Any] = {"TableName": table, "Key": _key(round), "ConditionExpression": IS_NEW}
    if begun:
        check["ConditionExpression"] = f"{schema.BEGUN} = :begun"
        check["ExpressionAttributeValues"] = {":begun": {"N": str(begun)}}
    return check


def _key(round: Round) -> dict[str, Any]:
    poll_id, number = round.id
    return key_of(schema.reconciliations_pk(poll_id), schema.reconciliations_sk(number))


def _is_run(name: str) -> bool:
    return name.startswith(schema.RUN_PREFIX)
