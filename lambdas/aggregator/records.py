"""From stream record to change: what one record does to the tally.

The only place that knows the shape of a stream event (AWS Lambda, "Using AWS Lambda with
Amazon DynamoDB"; DynamoDB Streams API, "Record").
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.voting.schema import UNREADABLE_BOARD
from services.voting.tally import Change, difference, pad_sequence

Record = Mapping[str, Any]
_NO_PICKS: Mapping[str, int] = {}
_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


class UnreadableError(Exception):
    """A record without what every record has."""


def changes_of(records: Sequence[Record]) -> tuple[list[Change], int]:
    """The changes of a batch, and how many records could not even be placed.

    A record that cannot be read becomes a change that adds 1 to `bad`: a poison record must
    not stop the count. It takes its place from its own sequence number, so that it is
    counted once like any other; without one it cannot be told from its redelivery, and is
    only reported.
    """
    changes: list[Change] = []
    lost = 0
    for record in records:
        try:
            changes.append(_change_of(record))
        except (AttributeError, KeyError, TypeError, ValueError, UnreadableError):
            found = list(_unreadable(record))
            changes += found
            lost += not found
    return changes, lost


def _change_of(record: Record) -> Change:
    body = record["dynamodb"]
    old, new = body.get("OldImage"), body.get("NewImage")
    before, after = _picks(old), _picks(new)
    image = new or old
    expired = record["eventName"] == "REMOVE" and _is_expiry(record)
    return Change(
        board=_board(image["board"]["S"]),
        round=int(image["round"]["N"]),
        sequence=_sequence(body["SequenceNumber"]),
        picks=_NO_PICKS if expired else difference(before, after),
        voters=0 if expired else bool(after) - bool(before),
        as_of_ms=int(image["changed_at"]["N"]) if new else 0,
    )


def _picks(image: Record | None) -> Mapping[str, int]:
    if not image or "picks" not in image:
        return _NO_PICKS
    return {choice: int(count["N"]) for choice, count in image["picks"]["M"].items()}


def _is_expiry(record: Record) -> bool:
    """Removed by TTL, not by a person: the vote stays counted."""
    who = record.get("userIdentity") or {}
    return {name: who.get(name) for name in _TTL} == _TTL


def _sequence(number: str) -> str:
    if not (isinstance(number, str) and number.isascii() and number.isdigit()):
        raise UnreadableError(number)
    return pad_sequence(number)


def _board(name: str) -> str:
    if not isinstance(name, str) or not name:
        raise UnreadableError(name)
    return name


def _unreadable(record: Record) -> Iterator[Change]:
    """One bad record, on the board it names if it names one."""
    try:
        sequence = _sequence(record["dynamodb"]["SequenceNumber"])
    except (AttributeError, KeyError, TypeError, UnreadableError):
        return
    board, round_number = UNREADABLE_BOARD, 0
    for name in ("NewImage", "OldImage"):
        try:
            image = record["dynamodb"][name]
            board, round_number = _board(image["board"]["S"]), int(image["round"]["N"])
            break
        except (AttributeError, KeyError, TypeError, ValueError, UnreadableError):
            continue
    yield Change(board=board, round=round_number, sequence=sequence, bad=1)
