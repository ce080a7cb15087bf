"""The directory of polls on DynamoDB, and the public face of each on its board.

A poll is kept as the TOML it came from, so there is one parser and one format. Directory
row and face are written in one transaction, on condition that nobody else has changed the
row: what the webhook obeys and what the screen shows cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from services.adapters.faces import face_of
from services.voting import schema
from services.voting.definition import parse_poll
from services.voting.directory import Directory
from services.voting.poll import Poll, Round, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Nobody has changed the row since it was read; a new poll has none.
_IS_NEW = "attribute_not_exists(pk)"
_IS_UNCHANGED = "revision = :revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the directory: the round as it stands, and the number the screen shows."""

    round: Round
    number: str | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What applying definitions did, as poll ids."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDirectory:
    """All polls of a deployment, for those who read them and those who change them."""

    client: "DynamoDBClient"
    table: str

    def load(self) -> Directory:
        """Every poll that is not archived."""
        rounds = (entry.round for entry in self.entries())
        return Directory(tuple(r for r in rounds if r.state is not State.ARCHIVED))

    def entries(self) -> list[Entry]:
        """Every poll, archived ones too (a strongly consistent read)."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :directory",
            ExpressionAttributeValues={":directory": {"S": schema.DIRECTORY_PK}},
            ConsistentRead=True,
        )
        return [_entry_of(item) for page in pages for item in page["Items"]]

    def apply(
        self, polls: Sequence[Poll], *, default_number: str | None = None, now_ms: int = 0
    ) -> Applied:
        """Make the directory hold exactly these polls; those that are gone are archived.

        Applying the same polls again changes nothing. A round, its state and its ballots
        are never touched.
        """
        held = {entry.round.poll.id: entry for entry in self.entries()}
        found: dict[str, list[str]] = {"created": [], "changed": [], "unchanged": []}
        for poll in polls:
            before = held.pop(poll.id, None)
            after = _defined(poll, before, default_number, now_ms)
            verdict = "created" if before is None else "changed"
            if before == after and before.round.poll.definition == poll.definition:
                verdict = "unchanged"
            else:
                self.write(after)
            found[verdict].append(poll.id)
        gone = [e for e in held.values() if e.round.state is not State.ARCHIVED]
        for entry in gone:
            closed = replace(entry.round, state=State.ARCHIVED, state_at_ms=now_ms)
            self.write(replace(entry, round=closed))
        return Applied(
            archived=tuple(entry.round.poll.id for entry in gone),
            **{name: tuple(ids) for name, ids in found.items()},
        )

    def write(self, entry: Entry) -> None:
        """Store an entry and the poll's face.

        Raises:
            TransactionCanceledException: somebody else changed the entry meanwhile.
        """
        row: Any = {
            "TableName": self.table,
            "Item": _item_of(entry),
            "ConditionExpression": _IS_UNCHANGED if entry.revision else _IS_NEW,
        }
        if entry.revision:
            row["ExpressionAttributeValues"] = {":revision": {"N": str(entry.revision)}}
        face = face_of(entry.round, entry.number)
        self.client.transact_write_items(
            TransactItems=[{"Put": row}, {"Put": {"TableName": self.table, "Item": face}}]
        )


def _defined(poll: Poll, before: Entry | None, default_number: str | None, now_ms: int) -> Entry:
    number = poll.numbers[0] if poll.numbers else default_number
    if before is None:
        return Entry(round=Round(poll=poll), number=number)
    back = before.round.state is State.ARCHIVED
    state, at_ms = (State.AUTO, now_ms) if back else (before.round.state, before.round.state_at_ms)
    return replace(
        before,
        round=replace(before.round, poll=poll, state=state, state_at_ms=at_ms),
        number=number or before.number,
    )


def _item_of(entry: Entry) -> dict[str, Any]:
    standing = entry.round
    number = {"number": {"S": entry.number}} if entry.number else {}
    return {
        "pk": {"S": schema.DIRECTORY_PK},
        "sk": {"S": standing.poll.id},
        "definition": {"S": standing.poll.definition},
        "round": {"N": str(standing.number)},
        "state": {"S": standing.state.value},
        "state_at": {"N": str(standing.state_at_ms)},
        "revision": {"N": str(entry.revision + 1)},
        **number,
    }


def _entry_of(item: dict[str, Any]) -> Entry:
    return Entry(
        round=Round(
            poll=_parsed(item["definition"]["S"], item["sk"]["S"]),
            number=int(item["round"]["N"]),
            state=State(item["state"]["S"]),
            state_at_ms=int(item["state_at"]["N"]),
        ),
        number=item.get("number", {}).get("S"),
        revision=int(item["revision"]["N"]),
    )


@lru_cache(maxsize=256)
def _parsed(definition: str, poll_id: str) -> Poll:
    """The directory is read every two seconds and seldom changes."""
    return parse_poll(definition, source=f"{poll_id}.toml")
