"""The reply to a voter: one short text for each outcome."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from operator import itemgetter

from services.voting.ballot import Outcome, OutcomeKind
from services.voting.gsm import SEGMENT, truncate
from services.voting.poll import Poll, ReplyMode, Round

DEFAULT_TEXTS: Mapping[str, str] = {
    "accepted": "Thank you! Your vote for {choice} is in.",
    "accepted_left": "Your vote for {choice} is in. You have {left} left.",
    "sealed": "Thank you! Your vote for {choice} is in. Results come after the close.",
    "changed": "Your vote is now {choice}. It was {previous}.",
    "same": "Your vote is still {choice}. Thank you!",
    "limit": "You have used all your votes in this poll. Thank you!",
    "stands": "Your first vote stands: {previous}. Thank you!",
    "unknown": "That is not one of the choices. Text one of: {choices}",
    "near": "Did you mean {word}? Text {word}.",
    "waiting": "Voting is not open yet. It opens on {opens_at}.",
    "closed": "Voting closed on {closed_at}. Your text came too late and was not counted.",
    "unlisted": "This vote is for invited phones only. Your text was not counted.",
    "no_poll": "There is no vote on this number at the moment.",
}
"""Default reply texts, by the name of the reply."""

_COMMON = frozenset({"choices", "closes_in"})
PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "accepted": _COMMON | {"choice", "left"},
    "accepted_left": _COMMON | {"choice", "left"},
    "sealed": _COMMON | {"choice", "left"},
    "changed": _COMMON | {"choice", "previous"},
    "same": _COMMON | {"choice", "previous"},
    "limit": _COMMON | {"previous"},
    "stands": _COMMON | {"previous"},
    "unknown": _COMMON,
    "near": _COMMON | {"choice", "word"},
    "waiting": frozenset({"choices", "opens_in", "opens_at"}),
    "closed": frozenset({"choices", "closed_at"}),
    "unlisted": frozenset(),
}
"""The placeholders of each reply; `no_poll` has no poll and so no placeholders."""

LONGEST_SPAN = "in 23 h 59 min"
LONGEST_MOMENT = "30 Sep at 23:59 UTC"

_COUNTED = frozenset({OutcomeKind.ACCEPTED, OutcomeKind.CHANGED, OutcomeKind.SAME})
_SILENT = frozenset({OutcomeKind.RESERVED, OutcomeKind.BARRED})
_MIN_HOURS_IN_DAYS = 48
"""From so many hours on, a time span is written in days."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def reply_to(
    outcome: Outcome, round: Round | None, now_ms: int, *, others: Sequence[Round] = ()
) -> str | None:
    """The reply, or None for no reply.

    A redelivered text gets the same reply as before: time spans are relative to its first
    arrival. `others` are further open rounds on the number, whose choices are listed, too.
    """
    if outcome.kind in _SILENT:
        return None
    if round is None:
        return DEFAULT_TEXTS[outcome.kind]
    poll = round.poll
    is_silent = poll.reply_mode is ReplyMode.NONE or (
        poll.reply_mode is ReplyMode.ERRORS and outcome.kind in _COUNTED
    )
    if is_silent:
        return None
    arrived_at_ms = now_ms if outcome.at_ms is None else outcome.at_ms
    polls = (poll, *(other.poll for other in others))
    # Lazy: only the placeholders that the template uses are computed.
    values: Mapping[str, Callable[[], str]] = {
        "choice": lambda: _label(poll, outcome.choice),
        "word": lambda: _word(poll, outcome.choice),
        "previous": lambda: _label(poll, outcome.previous),
        "choices": lambda: list_choice_words(*polls),
        "left": lambda: str(outcome.left if outcome.left is not None else ""),
        "opens_in": lambda: _format_span(poll.opens_at_ms, arrived_at_ms),
        "opens_at": lambda: _format_poll_time(poll, poll.opens_at_ms),
        "closes_in": lambda: _format_span(poll.closes_at_ms, arrived_at_ms),
        "closed_at": lambda: _format_poll_time(poll, round.closed_at_ms),
    }
    return truncate(fill_placeholders(_template(poll, outcome), values), SEGMENT)


def fill_placeholders(template: str, values: Mapping[str, Callable[[], str]]) -> str:
    """Replace the known placeholders of a template; their values are not expanded again."""
    return _PLACEHOLDER.sub(
        lambda found: values[found[1]]() if found[1] in values else found[0], template
    )


def list_choice_words(*polls: Poll) -> str:
    """The words of all choices, in ballot order, separated by commas."""
    return ", ".join(choice.reply_word for poll in polls for choice in poll.choices)


def _format_poll_time(poll: Poll, at_ms: int | None) -> str:
    if at_ms is None:
        return "a day to be announced"
    return format_time(at_ms, _utc_offset_minutes_at(poll, at_ms))


def _utc_offset_minutes_at(poll: Poll, at_ms: int) -> int | None:
    """The UTC offset of the opening or closing time, whichever is nearer."""
    times = (
        (poll.closes_at_ms, poll.closes_utc_offset_minutes),
        (poll.opens_at_ms, poll.opens_utc_offset_minutes),
    )
    known = [
        (abs(at_ms - poll_time_ms), offset)
        for poll_time_ms, offset in times
        if poll_time_ms is not None
    ]
    return min(known, key=itemgetter(0), default=(0, None))[1]


def format_time(at_ms: int, utc_offset_minutes: int | None) -> str:
    """A time in the given UTC offset, or marked as UTC if there is none."""
    offset = timedelta(minutes=utc_offset_minutes or 0)
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(timezone(offset))
    zone = " UTC" if utc_offset_minutes is None else ""
    return f"{local.day} {_MONTHS[local.month - 1]} at {local:%H:%M}{zone}"


# Not from strftime, which depends on the locale.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _template(poll: Poll, outcome: Outcome) -> str:
    name: str = outcome.kind
    if outcome.kind is OutcomeKind.ACCEPTED and poll.visibility == "sealed":
        name = "sealed"
    elif outcome.kind is OutcomeKind.ACCEPTED and outcome.left is not None:
        name = "accepted_left"
    return poll.reply_texts.get(name) or DEFAULT_TEXTS[name]


def _label(poll: Poll, key: str | None) -> str:
    """The label, or the key if the poll no longer has that choice."""
    found = [choice.reply_label for choice in poll.choices if choice.key == key]
    return found[0] if found else key or ""


def _word(poll: Poll, key: str | None) -> str:
    found = [choice.reply_word for choice in poll.choices if choice.key == key]
    return found[0] if found else key or ""


def _format_span(at_ms: int | None, now_ms: int) -> str:
    if at_ms is None or at_ms <= now_ms:
        return "soon"
    minutes = -(-(at_ms - now_ms) // 60_000)
    hours, rest = divmod(minutes, 60)
    if hours >= _MIN_HOURS_IN_DAYS:
        return f"in {hours // 24} days"
    return f"in {hours} h {rest} min" if hours else f"in {minutes} min"
