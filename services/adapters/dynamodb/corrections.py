"""The correction row of a board, with which a repair corrects the board's totals.

Tally rows are never changed, so their watermarks stay valid. The correction row is summed like a
tally row. Its `folded` counts its corrections: it only grows, so the dashboard recognises the
newest version. `missing` counts the records that were written off.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.adapters.dynamodb.former_rows import FormerRows
from services.adapters.dynamodb.keys import IS_NEW, key_of
from services.voting import schema
from services.voting.recount import Difference

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Nobody has corrected the board since its rows were read.
_IS_UNCHANGED = f"{schema.FOLDED} = :expected"


@dataclass(frozen=True, slots=True)
class DynamoCorrections:
    """The `Corrections` port."""

    client: "DynamoDBClient"
    table: str

    def count(self, board: str, round_number: int) -> int:
        """Return how often the board was corrected (a strongly consistent read)."""
        answer = self.client.get_item(
            TableName=self.table, Key=_key(board, round_number), ConsistentRead=True
        )
        item = answer.get("Item") or self._former.find(board, schema.correction_sk(round_number))
        return int(item[schema.FOLDED]["N"]) if item else 0

    def apply(self, off: Difference, round_number: int, *, expected: int, at_ms: int) -> bool:
        """Add a difference and a log entry; return False unless corrected `expected` times."""
        sums = {schema.count_attribute(choice): count for choice, count in off.picks.items()}
        sums |= {schema.VOTERS: off.voters, schema.FOLDED: 1, schema.BAD: off.bad}
        sums |= {schema.MISSING: off.missing, schema.REMOVED: off.removed}
        names = {f"#n{place}": name for place, name in enumerate(sums)}
        values: dict[str, Any] = {
            f":n{place}": {"N": str(count)} for place, count in enumerate(sums.values())
        }
        moves = ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
        entry = {
            schema.LOGGED_AT: {"N": str(at_ms)},
            schema.PICKS: {"M": {choice: {"N": str(n)} for choice, n in off.picks.items()}},
            schema.VOTERS: {"N": str(off.voters)},
            schema.MISSING: {"N": str(off.missing)},
        }
        values |= {":entry": {"L": [{"M": entry}]}, ":none": {"L": []}}
        if expected:
            values[":expected"] = {"N": str(expected)}
            self._move_former(off.board, round_number, at_ms)
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_key(off.board, round_number),
                UpdateExpression=(
                    f"ADD {moves} SET #log = list_append(if_not_exists(#log, :none), :entry)"
                ),
                ConditionExpression=_IS_UNCHANGED if expected else IS_NEW,
                ExpressionAttributeNames={**names, "#log": schema.LOG},
                ExpressionAttributeValues=values,
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    @property
    def _former(self) -> FormerRows:
        return FormerRows(self.client, self.table)

    def _move_former(self, board: str, round_number: int, at_ms: int) -> None:
        """Copy the correction row of an older version; nothing happens if it was copied."""
        former = self._former.find(board, schema.correction_sk(round_number))
        if former:
            self._former.copy(board, former, at_ms)


def _key(board: str, round_number: int) -> dict[str, Any]:
    return key_of(board, schema.correction_sk(round_number))
