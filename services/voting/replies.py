"""What a voter is told: one short text for each outcome. Standard library only."""

from collections.abc import Mapping

from services.voting.ballot import Kind, Outcome
from services.voting.poll import Poll, ReplyMode, Round

SEGMENT = 160
"""Characters of one GSM-7 segment: replies leave at about one segment a second."""

DEFAULT_TEXTS: Mapping[str, str] = {
    "accepted": "Thank you! Your vote for {choice} is in.",
    "accepted_left": "Your vote for {choice} is in. You have {left} left.",
    "sealed": "Thank you! Your vote for {choice} is in. Results come after the close.",
    "changed": "Your vote is now {choice}. It was {previous}.",
    "same": "Your vote is still {choice}. Thank you!",
    "limit": "You have used all your votes in this poll. Thank you!",
    "stands": "Your first vote stands: {previous}. Thank you!",
    "unknown": "Sorry, that is not one of the choices. Text one of: {choices}",
    "waiting": "Voting is not open yet. It opens {opens_in}.",
    "closed": "Voting has closed. Your text was not counted.",
    "no_poll": "There is no vote on this number at the moment.",
}
"""Reply texts by name, with the placeholders each may use."""

_COUNTED = frozenset({Kind.ACCEPTED, Kind.CHANGED, Kind.SAME})


def reply_to(outcome: Outcome, standing_in: Round | None, now_ms: int) -> str | None:
    """The text to send back, or None for silence. Depends on `now_ms` only before opening."""
    if outcome.kind is Kind.RESERVED:
        return None
    if standing_in is None:
        return DEFAULT_TEXTS[outcome.kind]
    poll = standing_in.poll
    silent = poll.reply_mode is ReplyMode.NONE or (
        poll.reply_mode is ReplyMode.ERRORS and outcome.kind in _COUNTED
    )
    return None if silent else _fill(_template(poll, outcome), poll, outcome, now_ms)


def _template(poll: Poll, outcome: Outcome) -> str:
    name: str = outcome.kind
    if outcome.kind is Kind.ACCEPTED and poll.visibility == "sealed":
        name = "sealed"
    elif outcome.kind is Kind.ACCEPTED and outcome.left is not None:
        name = "accepted_left"
    return poll.reply_texts.get(name) or DEFAULT_TEXTS[name]


def _fill(template: str, poll: Poll, outcome: Outcome, now_ms: int) -> str:
    values = {
        "choice": _label(poll, outcome.choice),
        "previous": _label(poll, outcome.previous),
        "choices": ", ".join(choice.word for choice in poll.choices),
        "left": str(outcome.left if outcome.left is not None else ""),
        "opens_in": _span(poll.opens_at_ms, now_ms),
        "closes_in": _span(poll.closes_at_ms, now_ms),
    }
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template if len(template) <= SEGMENT else f"{template[: SEGMENT - 3]}..."


def _label(poll: Poll, key: str | None) -> str:
    """The label, or the bare key where the poll no longer has that choice."""
    labels = {choice.key: choice.label for choice in poll.choices}
    return labels.get(key, key) if key else ""


def _span(at_ms: int | None, now_ms: int) -> str:
    if at_ms is None or at_ms <= now_ms:
        return "soon"
    minutes = -(-(at_ms - now_ms) // 60_000)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:  # noqa: PLR2004 - two days are told in days
        return f"in {hours // 24} days"
    return f"in {hours} h {rest} min" if hours else f"in {minutes} min"
