"""The public view of a poll: the item that the dashboard shows beside the count."""

from collections.abc import Mapping
from typing import Any

from services.adapters.dynamodb.keys import key_of
from services.voting import schema
from services.voting.poll import Choice, Policy, Poll, Round, State


def poll_view_item(round: Round, number: str | None) -> dict[str, Any]:
    """Build the item; it is on the poll's open board even if its tally is sealed."""
    from boto3.dynamodb.types import TypeSerializer  # not in the webhook's cold start

    poll = round.poll
    values = {
        schema.QUESTION: poll.question,
        schema.CHOICES: [_choice(choice) for choice in poll.choices],
        schema.STATE: round.state.value,
        schema.STATE_AT: round.state_at_ms,
        schema.ROUND: round.number,
        schema.POLICY: poll.policy.value,
        schema.VISIBILITY: poll.visibility,
        schema.NUMBER: number or None,
        schema.OPENS_AT: poll.opens_at_ms,
        schema.CLOSES_AT: _closes_at_ms(round),
        schema.PERCENT_FROM: poll.percent_from or None,
    }
    serialize = TypeSerializer().serialize
    view = {name: serialize(value) for name, value in values.items() if value is not None}
    return key_of(schema.board_pk(poll.id, "open"), schema.POLL_VIEW_SK) | view


def public_round(item: Mapping[str, Any], poll_id: str) -> tuple[Round, str | None]:
    """Read the item: what the public knows of the round, and the number to text to.

    The round has the phase of the real one if its certificate is added to it. Its closing time is
    the one that the item shows.
    """
    from boto3.dynamodb.types import TypeDeserializer  # not in the webhook's cold start

    deserialize = TypeDeserializer().deserialize
    shown = {name: deserialize(item[name]) for name in schema.POLL_VIEW_ATTRIBUTES if name in item}
    poll = Poll(
        id=poll_id,
        question=shown[schema.QUESTION],
        choices=tuple(map(_public_choice, shown[schema.CHOICES])),
        policy=Policy(shown.get(schema.POLICY, Policy.LAST)),
        visibility=shown.get(schema.VISIBILITY, "open"),
        opens_at_ms=_int_or_none(shown.get(schema.OPENS_AT)),
        closes_at_ms=_int_or_none(shown.get(schema.CLOSES_AT)),
        percent_from=int(shown.get(schema.PERCENT_FROM, 0)),
    )
    round = Round(
        poll=poll,
        number=int(shown[schema.ROUND]),
        state=State(shown.get(schema.STATE, State.AUTO)),
        state_at_ms=int(shown.get(schema.STATE_AT, 0)),
    )
    return round, shown.get(schema.NUMBER)


def _int_or_none(value: Any) -> int | None:  # noqa: ANN401 - a Decimal of boto3
    return None if value is None else int(value)


def _public_choice(shown: Mapping[str, Any]) -> Choice:
    key = shown["key"]
    words = (shown["word"],) if shown.get("word", key) != key else ()
    colour = shown.get("colour", {})
    return Choice(key=key, label=shown.get("label", key), words=words, colour=colour)


def _closes_at_ms(round: Round) -> int | None:
    """Return the closing time; a round without one ends when its first ballots expire."""
    return round.known_close_ms or round.expires_from_ms or round.poll.closes_at_ms


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "key": choice.key,
        "label": choice.label,
        "word": choice.word,
        "colour": dict(choice.colour),
    }
