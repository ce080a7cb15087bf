"""The public view of a poll: the item that the dashboard shows beside the count."""

from typing import Any

from services.adapters.dynamodb.keys import key_of
from services.voting import schema
from services.voting.poll import Choice, Round


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
