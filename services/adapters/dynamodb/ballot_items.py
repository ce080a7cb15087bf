"""Ballots as DynamoDB items, in the wire format that every client speaks.

An item stays under 1 KB, one write unit, also with twenty texts: the order in which they
came is kept as one character a text (`trail`), its choice's place in the ballot order, and
where replies tell the time, when they came as four (`times`).
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

_PLACES = "0123456789abcdefghijklmnopqrstuvwxyz"
_DIGITS = f"{_PLACES}ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
"""Of the seconds in `times`, four to a text."""
_WIDTH = 4
_GONE = "-"
"""In a choice sequence: a choice that the poll no longer has."""


def key_of(pk: str, sk: str) -> dict[str, dict[str, str]]:
    """A primary key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def item_of(ballot: Ballot, round: Round) -> dict[str, dict[str, Any]]:
    """The item that holds a ballot."""
    return {
        "pk": {"S": ballot.pk},
        "sk": {"S": ballot.sk},
        "picks": {"M": {choice: {"N": str(count)} for choice, count in ballot.picks.items()}},
        "n": {"N": str(len(ballot.texts))},
        "sids": {"L": [{"S": step.sid} for step in ballot.texts]},
        "trail": {"S": _choice_sequence(ballot, round)},
        "board": {"S": ballot.board},
        "round": {"N": str(ballot.round)},
        "cast_at": {"N": str(ballot.cast_at_ms)},
        "changed_at": {"N": str(ballot.changed_at_ms)},
        "writes": {"N": str(ballot.writes)},
        **_optional(ballot),
    }


def _optional(ballot: Ballot) -> dict[str, dict[str, Any]]:
    """What most ballots lack: an item stays small."""
    item: dict[str, dict[str, Any]] = {}
    if ballot.expires_at_s is not None:
        item[BALLOT_EXPIRY] = {"N": str(ballot.expires_at_s)}
    if ballot.times:
        item[BALLOT_TIMES] = {"S": "".join(map(_spelled, ballot.times))}
    if ballot.barred:
        item[BALLOT_BARRED] = {"S": "".join(ballot.barred)}
    if ballot.forgotten:
        item[BALLOT_FORGOTTEN] = {"S": "".join(ballot.forgotten)}
    if ballot.forgotten_at_ms is not None:
        item[BALLOT_FORGOTTEN_AT] = {"N": str(ballot.forgotten_at_ms)}
    return item


def ballot_of(item: Item, round: Round) -> Ballot:
    """The ballot that an item holds. Raises: KeyError, ValueError for an item of another kind."""
    sids = [entry["S"] for entry in item["sids"]["L"]]
    return Ballot(
        pk=item["pk"]["S"],
        sk=item["sk"]["S"],
        board=item["board"]["S"],
        round=int(item["round"]["N"]),
        picks={choice: int(count["N"]) for choice, count in item["picks"]["M"].items()},
        texts=tuple(map(AcceptedText, sids, _choices(item["trail"]["S"], round))),
        cast_at_ms=int(item["cast_at"]["N"]),
        changed_at_ms=int(item["changed_at"]["N"]),
        expires_at_s=_number(item, BALLOT_EXPIRY),
        writes=int(item["writes"]["N"]),
        times=_times(item.get(BALLOT_TIMES, {}).get("S", "")),
        barred=_in_fours(item.get(BALLOT_BARRED, {}).get("S", "")),
        forgotten=_in_fours(item.get(BALLOT_FORGOTTEN, {}).get("S", "")),
        forgotten_at_ms=_number(item, BALLOT_FORGOTTEN_AT),
    )


def _number(item: Item, name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None


def _choice_sequence(ballot: Ballot, round: Round) -> str:
    places = {choice.key: _PLACES[n] for n, choice in enumerate(round.poll.choices)}
    return "".join(places.get(step.choice, _GONE) for step in ballot.texts)


def _choices(choice_sequence: str, round: Round) -> list[str]:
    choices = {_PLACES[n]: choice.key for n, choice in enumerate(round.poll.choices)}
    return [choices.get(place, "") for place in choice_sequence]


def _spelled(seconds: int) -> str:
    places = (seconds // 64**place % 64 for place in range(_WIDTH - 1, -1, -1))
    return "".join(_DIGITS[digit] for digit in places)


def _times(spelled: str) -> tuple[int, ...]:
    return tuple(
        sum(_DIGITS.index(digit) * 64**place for place, digit in enumerate(reversed(run)))
        for run in _in_fours(spelled)
    )


def _in_fours(spelled: str) -> tuple[str, ...]:
    return tuple(spelled[at : at + _WIDTH] for at in range(0, len(spelled), _WIDTH))


def item_bytes(item: Item) -> int:
    """Size of an item (DynamoDB, "Item sizes and formats"): names and values in UTF-8."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: AttributeValue) -> int:
    ((kind, held),) = value.items()
    if kind == "S":
        return len(str(held).encode())
    if kind == "N":
        return ceil(len(held.lstrip("-")) / 2) + 1 + int(held.startswith("-"))
    if kind == "L":
        return 3 + sum(1 + _value_bytes(entry) for entry in held)
    return 3 + sum(1 + len(name.encode()) + _value_bytes(entry) for name, entry in held.items())
