"""Translates ballots to DynamoDB items in the wire format, and back.

An item stays under 1 KB, one write unit, also with twenty texts. `trail` has one character per
accepted text: the position of its choice in the poll. `times` has four per text: its time offset,
if the poll's replies depend on it.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

from services.voting.ballot import AcceptedText, Ballot
from services.voting.poll import Round
from services.voting.schema import (
    BALLOT_BARRED,
    BALLOT_EXPIRY,
    BALLOT_FORGOTTEN,
    BALLOT_FORGOTTEN_AT,
    BALLOT_TIMES,
)

AttributeValue = Mapping[str, Any]
Item = Mapping[str, AttributeValue]

_POSITIONS = "0123456789abcdefghijklmnopqrstuvwxyz"
_DIGITS = f"{_POSITIONS}ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
"""Base-64 digits; four for each time offset."""
_WIDTH = 4
_REMOVED_CHOICE = "-"
"""In `trail`: a choice that the poll no longer has."""


def key_of(pk: str, sk: str) -> dict[str, dict[str, str]]:
    """Build a primary key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def item_of(ballot: Ballot, round: Round) -> dict[str, dict[str, Any]]:
    """Build the item of a ballot."""
    return {
        "pk": {"S": ballot.pk},
        "sk": {"S": ballot.sk},
        "picks": {"M": {choice: {"N": str(count)} for choice, count in ballot.picks.items()}},
        "n": {"N": str(len(ballot.texts))},
        "sids": {"L": [{"S": step.sid} for step in ballot.texts]},
        "trail": {"S": _encode_choices(ballot, round)},
        "board": {"S": ballot.board},
        "round": {"N": str(ballot.round)},
        "cast_at": {"N": str(ballot.cast_at_ms)},
        "changed_at": {"N": str(ballot.changed_at_ms)},
        "writes": {"N": str(ballot.writes)},
        **_optional(ballot),
    }


def _optional(ballot: Ballot) -> dict[str, dict[str, Any]]:
    """Attributes that most ballots lack, left out to keep items small."""
    item: dict[str, dict[str, Any]] = {}
    if ballot.expires_at_s is not None:
        item[BALLOT_EXPIRY] = {"N": str(ballot.expires_at_s)}
    if ballot.times:
        item[BALLOT_TIMES] = {"S": "".join(map(_encode_seconds, ballot.times))}
    if ballot.barred:
        item[BALLOT_BARRED] = {"S": "".join(ballot.barred)}
    if ballot.forgotten:
        item[BALLOT_FORGOTTEN] = {"S": "".join(ballot.forgotten)}
    if ballot.forgotten_at_ms is not None:
        item[BALLOT_FORGOTTEN_AT] = {"N": str(ballot.forgotten_at_ms)}
    return item


def ballot_of(item: Item, round: Round) -> Ballot:
    """Read the ballot from an item. Raises: KeyError, ValueError for items that are no ballots."""
    sids = [entry["S"] for entry in item["sids"]["L"]]
    return Ballot(
        pk=item["pk"]["S"],
        sk=item["sk"]["S"],
        board=item["board"]["S"],
        round=int(item["round"]["N"]),
        picks={choice: int(count["N"]) for choice, count in item["picks"]["M"].items()},
        texts=tuple(map(AcceptedText, sids, _decode_choices(item["trail"]["S"], round))),
        cast_at_ms=int(item["cast_at"]["N"]),
        changed_at_ms=int(item["changed_at"]["N"]),
        expires_at_s=_number(item, BALLOT_EXPIRY),
        writes=int(item["writes"]["N"]),
        times=_decode_times(item.get(BALLOT_TIMES, {}).get("S", "")),
        barred=_split_in_fours(item.get(BALLOT_BARRED, {}).get("S", "")),
        forgotten=_split_in_fours(item.get(BALLOT_FORGOTTEN, {}).get("S", "")),
        forgotten_at_ms=_number(item, BALLOT_FORGOTTEN_AT),
    )


def _number(item: Item, name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None


def _encode_choices(ballot: Ballot, round: Round) -> str:
    positions = {choice.key: _POSITIONS[n] for n, choice in enumerate(round.poll.choices)}
    return "".join(positions.get(step.choice, _REMOVED_CHOICE) for step in ballot.texts)


def _decode_choices(trail: str, round: Round) -> list[str]:
    choices = {_POSITIONS[n]: choice.key for n, choice in enumerate(round.poll.choices)}
    return [choices.get(position, "") for position in trail]


def _encode_seconds(seconds: int) -> str:
    digits = (seconds // 64**place % 64 for place in range(_WIDTH - 1, -1, -1))
    return "".join(_DIGITS[digit] for digit in digits)


def _decode_times(encoded: str) -> tuple[int, ...]:
    return tuple(
        sum(_DIGITS.index(digit) * 64**place for place, digit in enumerate(reversed(digits)))
        for digits in _split_in_fours(encoded)
    )


def _split_in_fours(text: str) -> tuple[str, ...]:
    return tuple(text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH))


def item_bytes(item: Item) -> int:
    """Return the size of an item in bytes (DynamoDB, "Item sizes and formats")."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: AttributeValue) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(str(content).encode())
    if kind == "N":
        return ceil(len(content.lstrip("-")) / 2) + 1 + int(content.startswith("-"))
    if kind == "L":
        return 3 + sum(1 + _value_bytes(entry) for entry in content)
    return 3 + sum(1 + len(name.encode()) + _value_bytes(entry) for name, entry in content.items())
