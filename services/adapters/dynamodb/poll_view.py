"""The public view of a poll: the item that the dashboard shows beside the count."""

from typing import Any

from services.adapters.dynamodb.keys import key_of
from services.voting import schema
from services.voting.poll import Choice, Round


def poll_view_item(round: Round, number: str | None) -> dict[str, Any]:
    """Build the item; it is on the poll's open board even if its tally is sealed."""
    poll = round.poll
    item: dict[str, Any] = {
        **key_of(schema.board_pk(poll.id, "open"), schema.POLL_VIEW_SK),
        schema.QUESTION: {"S": poll.question},
        schema.CHOICES: {"L": [_choice(choice) for choice in poll.choices]},
        schema.STATE: {"S": round.state.value},
        schema.STATE_AT: {"N": str(round.state_at_ms)},
        schema.ROUND: {"N": str(round.number)},
        schema.POLICY: {"S": poll.policy.value},
        schema.VISIBILITY: {"S": poll.visibility},
    }
    optional = {
        schema.NUMBER: {"S": number} if number else None,
        schema.OPENS_AT: _ms(poll.opens_at_ms),
        schema.CLOSES_AT: _ms(_closes_at_ms(round)),
        schema.PERCENT_FROM: {"N": str(poll.percent_from)} if poll.percent_from else None,
    }
    return item | {name: value for name, value in optional.items() if value}


def _closes_at_ms(round: Round) -> int | None:
    """Return the closing time; a round without one ends when its first ballots expire."""
    return round.known_close_ms or round.expires_from_ms or round.poll.closes_at_ms


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "M": {
            "key": {"S": choice.key},
            "label": {"S": choice.label},
            "word": {"S": choice.word},
            "colour": {"M": {theme: {"S": hue} for theme, hue in choice.colour.items()}},
        }
    }


def _ms(at_ms: int | None) -> dict[str, str] | None:
    return None if at_ms is None else {"N": str(at_ms)}
