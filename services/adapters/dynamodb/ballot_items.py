"""Translates ballots to DynamoDB items in the wire format, and back.

An item stays under 1 KB, one write unit, also with twenty texts. `sids` has their MessageSids,
shortened. `trail` has one character per text: the position of its choice among those in `picks`,
sorted, followed by those in `choices`, which have no votes any more. `times` has four characters
per text: the seconds since the first one.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from math import ceil
from typing import Any

from services.adapters.dynamodb.keys import key_of, pk_of, sk_of
from services.voting import schema
from services.voting.ballot import AcceptedText, Ballot

AttributeValue = Mapping[str, Any]
Item = Mapping[str, AttributeValue]

_POSITIONS = "0123456789abcdefghijklmnopqrstuvwxyz"
_DIGITS = f"{_POSITIONS}ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
"""Base-64 digits; four for each time offset."""
_WIDTH = 4
_MESSAGE_SID = re.compile("([SM])M([0-9a-f]{32})")
_SHORT_SID = 23
"""Length of a shortened MessageSid: its first letter, and its 128 bits in base 64."""


def item_of(ballot: Ballot) -> dict[str, dict[str, Any]]:
    """Build the item of a ballot."""
    without_votes = _without_votes(ballot)
    positions = dict(zip([*sorted(ballot.picks), *without_votes], _POSITIONS, strict=False))
    return {
        **key_of(ballot.pk, ballot.sk),
        schema.PICKS: {"M": {choice: {"N": str(count)} for choice, count in ballot.picks.items()}},
        schema.TEXT_COUNT: {"N": str(len(ballot.texts))},
        schema.SIDS: {"S": " ".join(_shorten(text.sid) for text in ballot.texts)},
        schema.TRAIL: {"S": "".join(positions[text.choice] for text in ballot.texts)},
        schema.BOARD: {"S": ballot.board},
        schema.ROUND: {"N": str(ballot.round)},
        schema.CAST_AT: {"N": str(ballot.cast_at_ms)},
        schema.CHANGED_AT: {"N": str(ballot.changed_at_ms)},
        schema.WRITES: {"N": str(ballot.writes)},
        **_optional(ballot, without_votes),
    }


def _without_votes(ballot: Ballot) -> list[str]:
    """The choices of texts that no longer count, in order of first use."""
    choices = dict.fromkeys(text.choice for text in ballot.texts)
    return [choice for choice in choices if choice not in ballot.picks]


def _optional(ballot: Ballot, without_votes: list[str]) -> dict[str, dict[str, Any]]:
    """Attributes that most ballots lack, left out to keep items small."""
    item: dict[str, dict[str, Any]] = {}
    if without_votes:
        item[schema.CHOICES] = {"L": [{"S": choice} for choice in without_votes]}
    if ballot.expires_at_s is not None:
        item[schema.EXPIRES_AT] = {"N": str(ballot.expires_at_s)}
    if ballot.times:
        item[schema.TIMES] = {"S": "".join(map(_encode_seconds, ballot.times))}
    if ballot.barred:
        item[schema.BARRED] = {"S": "".join(ballot.barred)}
    if ballot.forgotten:
        item[schema.FORGOTTEN] = {"S": "".join(ballot.forgotten)}
    if ballot.forgotten_at_ms is not None:
        item[schema.FORGOTTEN_AT] = {"N": str(ballot.forgotten_at_ms)}
    return item


def ballot_of(item: Item) -> Ballot:
    """Read the ballot from an item. Raises: KeyError, ValueError for items that are no ballots."""
    picks = {choice: int(count["N"]) for choice, count in item[schema.PICKS]["M"].items()}
    return Ballot(
        pk=pk_of(item),
        sk=sk_of(item),
        board=item[schema.BOARD]["S"],
        round=int(item[schema.ROUND]["N"]),
        picks=picks,
        texts=tuple(map(AcceptedText, _sids(item), _choices(item, picks))),
        cast_at_ms=int(item[schema.CAST_AT]["N"]),
        changed_at_ms=int(item[schema.CHANGED_AT]["N"]),
        expires_at_s=_number(item, schema.EXPIRES_AT),
        writes=int(item[schema.WRITES]["N"]),
        times=_decode_times(item.get(schema.TIMES, {}).get("S", "")),
        barred=_split_in_fours(item.get(schema.BARRED, {}).get("S", "")),
        forgotten=_split_in_fours(item.get(schema.FORGOTTEN, {}).get("S", "")),
        forgotten_at_ms=_number(item, schema.FORGOTTEN_AT),
    )


def _number(item: Item, name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None


def _sids(item: Item) -> list[str]:
    """The MessageSids in order. Older ballots have them in full, in a list."""
    held = item[schema.SIDS]
    if "L" in held:
        return [entry["S"] for entry in held["L"]]
    return [_expand(sid) for sid in held["S"].split()]


def _shorten(sid: str) -> str:
    """The MessageSid in 23 characters, or in full if it is not spelled as Twilio spells it."""
    found = _MESSAGE_SID.fullmatch(sid)
    if found is None:
        return sid
    return found[1] + urlsafe_b64encode(bytes.fromhex(found[2])).decode().rstrip("=")


def _expand(sid: str) -> str:
    if len(sid) != _SHORT_SID:
        return sid
    return f"{sid[0]}M{urlsafe_b64decode(f'{sid[1:]}==').hex()}"


def _choices(item: Item, picks: Mapping[str, int]) -> list[str]:
    """The choice of each text, empty if it is unknown."""
    trail = item[schema.TRAIL]["S"]
    if "L" in item[schema.SIDS]:
        return _choices_without_poll(trail, picks)
    without_votes = (entry["S"] for entry in item.get(schema.CHOICES, {"L": []})["L"])
    choices = dict(zip(_POSITIONS, [*sorted(picks), *without_votes], strict=False))
    return [choices[position] for position in trail]


def _choices_without_poll(trail: str, picks: Mapping[str, int]) -> list[str]:
    """The same for older ballots, whose trail has positions in the poll.

    The last text is always counted, so a single choice with votes is the choice of that text, and
    of the others with its position. A `-` stands for any choice that the poll had lost.
    """
    if len(picks) != 1 or trail.endswith("-"):
        return [""] * len(trail)
    (choice,) = picks
    return [choice if position == trail[-1] else "" for position in trail]


@lru_cache(maxsize=4096)
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
