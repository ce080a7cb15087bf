"""Translates the directory's rows: a poll's current round, and its past rounds.

A poll is stored as its TOML text, so there is one format and one parser.
"""

from functools import lru_cache
from typing import Any

from services.adapters.dynamodb.keys import key_of, sk_of
from services.polls.entry import DirectoryEntry
from services.voting import schema
from services.voting.errors import PollFileError
from services.voting.poll import Poll, Round, State

UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, PollFileError)
"""Errors raised by reading a malformed row."""


def row_of(entry: DirectoryEntry) -> dict[str, Any]:
    """Build the row of an entry, with the next revision."""
    number = {schema.NUMBER: {"S": entry.number}} if entry.number else {}
    return {
        **key_of(schema.DIRECTORY_PK, entry.round.poll.id),
        **round_row(entry.round),
        schema.REVISION: {"N": str(entry.revision + 1)},
        **({schema.GONE: {"BOOL": True}} if entry.file_removed else {}),
        **number,
    }


def entry_of(row: dict[str, Any]) -> DirectoryEntry:
    """Read the entry from a row."""
    return DirectoryEntry(
        round=_round_of(row, sk_of(row)),
        number=row.get(schema.NUMBER, {}).get("S"),
        revision=int(row[schema.REVISION]["N"]),
        file_removed=row.get(schema.GONE, {}).get("BOOL", False),
    )


def certification_update(
    round: Round, certified_at_ms: int, *, revision: int | None
) -> dict[str, Any]:
    """Build the update that makes a round final, on condition that the row is unchanged.

    `revision` is that of the poll's row if the round is the current one, None for a past round.
    """
    poll_id, number = round.poll.id, round.number
    is_current = revision is not None
    sk = poll_id if is_current else schema.past_round_sk(poll_id, number)
    values = {
        ":round": {"N": str(number)},
        ":state": {"S": round.state.value},
        ":changed_at": {"N": str(round.changed_at_ms)},
        ":certified_at": {"N": str(certified_at_ms)},
        **({":revision": {"N": str(revision)}} if is_current else {}),
    }
    return {
        "Key": key_of(schema.DIRECTORY_PK, sk),
        "UpdateExpression": f"SET {schema.CERTIFIED_AT} = :certified_at ADD {schema.REVISION} :one",
        "ConditionExpression": (
            f"#round = :round AND #state = :state AND {schema.CHANGED_AT} = :changed_at"
            f" AND attribute_not_exists({schema.CERTIFIED_AT})"
            + (f" AND {schema.REVISION} = :revision" if is_current else "")
        ),
        "ExpressionAttributeNames": {"#round": schema.ROUND, "#state": schema.STATE},
        "ExpressionAttributeValues": values | {":one": {"N": "1"}},
    }


def past_round_row(ended: Round) -> dict[str, Any]:
    """Build the row of a past round, with the definition that locates its ballots."""
    sk = schema.past_round_sk(ended.poll.id, ended.number)
    return key_of(schema.DIRECTORY_PK, sk) | round_row(ended)


def past_round(row: dict[str, Any], poll_id: str) -> Round:
    """Read a past round from its row."""
    return _round_of(row, poll_id)


def round_row(round: Round) -> dict[str, Any]:
    """Build the attributes of a round, as all rows that hold one spell them."""
    return {
        schema.DEFINITION: {"S": round.poll.definition},
        schema.ROUND: {"N": str(round.number)},
        schema.STATE: {"S": round.state.value},
        schema.STATE_AT: {"N": str(round.state_at_ms)},
        schema.BEGAN_AT: {"N": str(round.began_at_ms)},
        schema.CHANGED_AT: {"N": str(round.changed_at_ms)},
        schema.HEARD_UNTIL: {"N": str(round.was_open_until_ms)},
        **_optional_times(round),
        **_former_numbers(round),
    }


def _former_numbers(round: Round) -> dict[str, Any]:
    if round.former_numbers is None:
        return {}
    numbers = [{"S": number} for number in round.former_numbers]
    return {
        schema.FORMER_NUMBERS: {"L": numbers},
        schema.MOVED_AT: {"N": str(round.moved_at_ms)},
    }


def _optional_times(round: Round) -> dict[str, Any]:
    times = {
        schema.EXPIRES_FROM: round.expires_from_ms,
        schema.CERTIFIED_AT: round.certified_at_ms,
    }
    return {name: {"N": str(at_ms)} for name, at_ms in times.items() if at_ms is not None}


def _round_of(row: dict[str, Any], poll_id: str) -> Round:
    return Round(
        poll=_parsed(row[schema.DEFINITION]["S"], poll_id),
        number=int(row[schema.ROUND]["N"]),
        state=State(row[schema.STATE]["S"]),
        state_at_ms=int(row[schema.STATE_AT]["N"]),
        began_at_ms=_time(row, schema.BEGAN_AT) or 0,
        changed_at_ms=_time(row, schema.CHANGED_AT) or 0,
        was_open_until_ms=_time(row, schema.HEARD_UNTIL) or 0,
        expires_from_ms=_time(row, schema.EXPIRES_FROM),
        certified_at_ms=_time(row, schema.CERTIFIED_AT),
        former_numbers=_numbers(row),
        moved_at_ms=_time(row, schema.MOVED_AT) or 0,
    )


def _numbers(row: dict[str, Any]) -> tuple[str, ...] | None:
    if schema.FORMER_NUMBERS not in row:
        return None
    return tuple(number["S"] for number in row[schema.FORMER_NUMBERS]["L"])


def _time(row: dict[str, Any], name: str) -> int | None:
    return int(row[name]["N"]) if name in row else None


@lru_cache(maxsize=256)
def _parsed(definition: str, poll_id: str) -> Poll:
    """Cached: parsing takes a millisecond, and the directory is read every two seconds."""
    from services.polls.definition import parse_stored_poll  # not in the webhook's cold start

    return parse_stored_poll(definition, poll_id=poll_id)
