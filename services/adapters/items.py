"""Ballots as DynamoDB items, in the wire format that every client speaks.

An item stays under 1 KB, one write unit, also with twenty texts: the order in which they
came is kept as one character a text (`trail`), its choice's place in the ballot order.
"""

from collections.abc import Mapping
from typing import Any

from services.voting.ballot import Ballot, Step
from services.voting.poll import Round

AttributeValue = Mapping[str, Any]
Item = Mapping[str, AttributeValue]

_PLACES = "0123456789abcdefghijklmnopqrstuvwxyz"
_GONE = "-"
"""In a trail: a choice that the poll no longer has."""


def key_of(pk: str, sk: str) -> dict[str, dict[str, str]]:
    """A primary key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def item_of(ballot: Ballot, standing_in: Round) -> dict[str, dict[str, Any]]:
    """The item that holds a ballot."""
    return {
        "pk": {"S": ballot.pk},
        "sk": {"S": ballot.sk},
        "picks": {"M": {choice: {"N": str(count)} for choice, count in ballot.picks.items()}},
        "n": {"N": str(len(ballot.steps))},
        "sids": {"L": [{"S": step.sid} for step in ballot.steps]},
        "trail": {"S": _trail(ballot, standing_in)},
        "board": {"S": ballot.board},
        "round": {"N": str(ballot.round)},
        "cast_at": {"N": str(ballot.cast_at_ms)},
        "changed_at": {"N": str(ballot.changed_at_ms)},
        "expires_at": {"N": str(ballot.expires_at_s)},
    }


def ballot_of(item: Item, standing_in: Round) -> Ballot:
    """The ballot that an item holds. Raises: KeyError, ValueError for an item of another kind."""
    sids = [entry["S"] for entry in item["sids"]["L"]]
    return Ballot(
        pk=item["pk"]["S"],
        sk=item["sk"]["S"],
        board=item["board"]["S"],
        round=int(item["round"]["N"]),
        picks={choice: int(count["N"]) for choice, count in item["picks"]["M"].items()},
        steps=tuple(map(Step, sids, _choices(item["trail"]["S"], standing_in))),
        cast_at_ms=int(item["cast_at"]["N"]),
        changed_at_ms=int(item["changed_at"]["N"]),
        expires_at_s=int(item["expires_at"]["N"]),
    )


def _trail(ballot: Ballot, standing_in: Round) -> str:
    places = {choice.key: _PLACES[n] for n, choice in enumerate(standing_in.poll.choices)}
    return "".join(places.get(step.choice, _GONE) for step in ballot.steps)


def _choices(trail: str, standing_in: Round) -> list[str]:
    choices = {_PLACES[n]: choice.key for n, choice in enumerate(standing_in.poll.choices)}
    return [choices.get(mark, "") for mark in trail]
