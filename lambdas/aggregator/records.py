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


_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, UnreadableError)


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
        except _UNREADABLE:
            found = list(_unreadable(record))
            changes += found
            lost += not found
    return changes, lost


def _change_of(record: Record) -> Change:
    body = record["dynamodb"]
    old, new = body.get("OldImage"), body.get("NewImage")
    image = new or old
    before = _picks(old) if old else _NO_PICKS
    after = _picks(new) if new else _NO_PICKS
    if not new and _is_expiry(record):
        after = before
    # One is made for every record: this takes less than half the time of `Change(...)`.
    return Change._make(
        (
            _text(image["board"]["S"]),
            int(image["round"]["N"]),
            _sequence(body["SequenceNumber"]),
            difference(before, after) if before else after,
            bool(after) - bool(before),
            0,
            int(new["changed_at"]["N"]) if new else 0,
        )
    )


def _picks(image: Record) -> Mapping[str, int]:
    held = image.get("picks")
    return {choice: int(count["N"]) for choice, count in held["M"].items()} if held else _NO_PICKS


def _is_expiry(record: Record) -> bool:
    """Removed by TTL, not by a person: the vote stays counted."""
    who = record.get("userIdentity") or {}
    return {name: who.get(name) for name in _TTL} == _TTL


def _sequence(number: str) -> str:
    if number.isdigit() and number.isascii():
        return pad_sequence(number)
    raise UnreadableError(number)


def _text(value: object) -> str:
    if type(value) is str and value:
        return value
    raise UnreadableError(value)


def _unreadable(record: Record) -> Iterator[Change]:
    """One bad record, on the board it names if it names one."""
    try:
        sequence = _sequence(record["dynamodb"]["SequenceNumber"])
    except _UNREADABLE:
        return
    board, round_number = UNREADABLE_BOARD, 0
    for name in ("NewImage", "OldImage"):
        try:
            image = record["dynamodb"][name]
            board, round_number = _text(image["board"]["S"]), int(image["round"]["N"])
            break
        except _UNREADABLE:
            continue
    yield Change(board, round_number, sequence, _NO_PICKS, 0, 1, 0)
