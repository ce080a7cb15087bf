"""Translate stream records into changes of the tally.

Only this module knows the format of stream events (AWS Lambda, "Using AWS Lambda with
Amazon DynamoDB"; DynamoDB Streams API, "Record").
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from services.voting.schema import BOARD, CHANGED_AT, PICKS, ROUND, UNREADABLE_BOARD
from services.voting.tally import Change, difference, pad_sequence

Record = Mapping[str, Any]
_NO_PICKS: Mapping[str, int] = {}
_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


MOST_CHOICES: Final = 24
"""Maximum per image: a poll has at most 12 choices, and some may have been replaced."""
MOST_VOTES: Final = 1_000
"""Maximum per choice in one image: a ballot has at most 20 votes."""
MOST_ROUNDS: Final = 10**12
LATEST_MS: Final = 10**14

_BOARD: Final = re.compile(r"(?:open|sealed)#[a-z0-9][a-z0-9-]{0,23}", re.ASCII)
_CHOICE: Final = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,15}", re.ASCII)


class UnreadableError(Exception):
    """A value in a record is invalid."""


_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, UnreadableError)


def changes_of(records: Sequence[Record]) -> tuple[list[Change], int]:
    """The changes of a batch, and the number of records without a sequence number.

    An unreadable record becomes a change that adds 1 to `bad`, so that a poison record does not
    block the stream. Its sequence number ensures that it is counted once; without one, it cannot
    be distinguished from its redelivery, and is only reported.
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
    # Runs for every record: `_make` takes less than half the time of `Change(...)`.
    board, round_number = _place(image[BOARD]["S"], image[ROUND]["N"])
    return Change._make(
        (
            board,
            round_number,
            _sequence(body["SequenceNumber"]),
            difference(before, after) if before else after,
            bool(after) - bool(before),
            0,
            _number(new[CHANGED_AT]["N"], LATEST_MS) if new else 0,
            0 if new else 1,
        )
    )


def _picks(image: Record) -> Mapping[str, int]:
    held = image.get(PICKS)
    if not held:
        return _NO_PICKS
    counts = held["M"]
    if len(counts) > MOST_CHOICES:
        raise UnreadableError(len(counts))
    return {choice: _votes(choice, count["N"]) for choice, count in counts.items()}


# Cached: nearly all records of a batch have the same few boards, rounds and choices.
@lru_cache(maxsize=4096)
def _place(board: str, round_number: str) -> tuple[str, int]:
    if _BOARD.fullmatch(board):
        return board, _number(round_number, MOST_ROUNDS)
    raise UnreadableError(board)


@lru_cache(maxsize=4096)
def _votes(choice: str, count: str) -> int:
    if _CHOICE.fullmatch(choice):
        return _number(count, MOST_VOTES)
    raise UnreadableError(choice)


def _number(text: str, most: int) -> int:
    """A whole number from 0 to `most`. Raises: UnreadableError, ValueError."""
    number = int(text)
    if 0 <= number <= most:
        return number
    raise UnreadableError(number)


def _is_expiry(record: Record) -> bool:
    """Whether TTL removed the item, not a person: the vote then stays counted."""
    who = record.get("userIdentity") or {}
    return {name: who.get(name) for name in _TTL} == _TTL


def _sequence(number: str) -> str:
    if number.isdigit() and number.isascii():
        return pad_sequence(number)
    raise UnreadableError(number)


def _unreadable(record: Record) -> Iterator[Change]:
    """A change that counts one bad record, on its board or else on `UNREADABLE_BOARD`."""
    try:
        sequence = _sequence(record["dynamodb"]["SequenceNumber"])
    except _UNREADABLE:
        return
    board, round_number = UNREADABLE_BOARD, 0
    for name in ("NewImage", "OldImage"):
        try:
            image = record["dynamodb"][name]
            board, round_number = _place(image[BOARD]["S"], image[ROUND]["N"])
            break
        except _UNREADABLE:
            continue
    yield Change(board, round_number, sequence, _NO_PICKS, 0, 1, 0)
