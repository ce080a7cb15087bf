"""The public view of a poll: the item that the dashboard shows beside the count."""

from typing import Any

from services.voting import schema
from services.voting.poll import Choice, Round


def poll_view_item(round: Round, number: str | None) -> dict[str, Any]:
    """Build the item; it is on the poll's open board even if its tally is sealed."""
    poll = round.poll
    item: dict[str, Any] = {
        "pk": {"S": schema.board_pk(poll.id, "open")},
        "sk": {"S": schema.POLL_VIEW_SK},
        "question": {"S": poll.question},
        "choices": {"L": [_choice(choice) for choice in poll.choices]},
        "state": {"S": round.state.value},
        "state_at": {"N": str(round.state_at_ms)},
        "round": {"N": str(round.number)},
        "policy": {"S": poll.policy.value},
        "visibility": {"S": poll.visibility},
    }
    optional = {
        "number": {"S": number} if number else None,
        "opens_at": _ms(poll.opens_at_ms),
        "closes_at": _ms(_closes_at_ms(round)),
        "percent_from": {"N": str(poll.percent_from)} if poll.percent_from else None,
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
