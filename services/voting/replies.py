"""What a voter is told: one short text for each outcome. Standard library only."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from operator import itemgetter

from services.voting.ballot import Outcome, OutcomeKind
from services.voting.gsm import SEGMENT, cut
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
"""Reply texts by name."""

_ANYWHERE = frozenset({"choices", "closes_in"})
PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "accepted": _ANYWHERE | {"choice", "left"},
    "accepted_left": _ANYWHERE | {"choice", "left"},
    "sealed": _ANYWHERE | {"choice", "left"},
    "changed": _ANYWHERE | {"choice", "previous"},
    "same": _ANYWHERE | {"choice", "previous"},
    "limit": _ANYWHERE | {"previous"},
    "stands": _ANYWHERE | {"previous"},
    "unknown": _ANYWHERE,
    "near": _ANYWHERE | {"choice", "word"},
    "waiting": frozenset({"choices", "opens_in", "opens_at"}),
    "closed": frozenset({"choices", "closed_at"}),
    "unlisted": frozenset(),
}
"""What may be filled in, by the name of the reply; no_poll has no poll to say more about."""

LONGEST_SPAN = "in 23 h 59 min"
LONGEST_MOMENT = "30 Sep at 23:59 UTC"

_COUNTED = frozenset({OutcomeKind.ACCEPTED, OutcomeKind.CHANGED, OutcomeKind.SAME})
_SILENT = frozenset({OutcomeKind.RESERVED, OutcomeKind.BARRED})
_HOURS_TOLD = 48
_PLACE = re.compile(r"\{(\w+)\}")


def reply_to(
    outcome: Outcome, round: Round | None, now_ms: int, *, others: Sequence[Round] = ()
) -> str | None:
    """The text to send back, or None for silence.

    The same for a text that is delivered again, whenever that is: times are told as they
    were when it first came, and openings and closings by the clock. `others` are further
    rounds open on the number, whose choices may be texted as well.
    """
    if outcome.kind in _SILENT:
        return None
    if round is None:
        return DEFAULT_TEXTS[outcome.kind]
    poll = round.poll
    silent = poll.reply_mode is ReplyMode.NONE or (
        poll.reply_mode is ReplyMode.ERRORS and outcome.kind in _COUNTED
    )
    if silent:
        return None
    told_at_ms = now_ms if outcome.at_ms is None else outcome.at_ms
    polls = (poll, *(other.poll for other in others))
    # Only what the text holds is worked out: a vote pays for its reply, too.
    values: Mapping[str, Callable[[], str]] = {
        "choice": lambda: _label(poll, outcome.choice),
        "word": lambda: _word(poll, outcome.choice),
        "previous": lambda: _label(poll, outcome.previous),
        "choices": lambda: words_of(*polls),
        "left": lambda: str(outcome.left if outcome.left is not None else ""),
        "opens_in": lambda: _span(poll.opens_at_ms, told_at_ms),
        "opens_at": lambda: _moment_of(poll, poll.opens_at_ms),
        "closes_in": lambda: _span(poll.closes_at_ms, told_at_ms),
        "closed_at": lambda: _moment_of(poll, round.closed_at_ms),
    }
    return cut(fill(_template(poll, outcome), values), SEGMENT)


def fill(template: str, values: Mapping[str, Callable[[], str]]) -> str:
    """The template with those of its placeholders that are known filled in, once each."""
    return _PLACE.sub(
        lambda found: values[found[1]]() if found[1] in values else found[0], template
    )


def words_of(*polls: Poll) -> str:
    """What may be texted, in ballot order."""
    return ", ".join(choice.spoken_word for poll in polls for choice in poll.choices)


def _moment_of(poll: Poll, at_ms: int | None) -> str:
    if at_ms is None:
        return "a day to be announced"
    return moment(at_ms, _utc_offset_minutes_at(poll, at_ms))


def _utc_offset_minutes_at(poll: Poll, at_ms: int) -> int | None:
    """The UTC offset of the poll's own time that is nearest to a moment."""
    times = (
        (poll.closes_at_ms, poll.closes_utc_offset_minutes),
        (poll.opens_at_ms, poll.opens_utc_offset_minutes),
    )
    known = [(abs(at_ms - own_ms), offset) for own_ms, offset in times if own_ms is not None]
    return min(known, key=itemgetter(0), default=(0, None))[1]


def moment(at_ms: int, utc_offset_minutes: int | None) -> str:
    """A time by the clock of the place, or of UTC where the place is not known."""
    offset = timedelta(minutes=utc_offset_minutes or 0)
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(timezone(offset))
    zone = " UTC" if utc_offset_minutes is None else ""
    return f"{local.day} {_MONTHS[local.month - 1]} at {local:%H:%M}{zone}"


# Not by strftime: it would follow the locale of the machine.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _template(poll: Poll, outcome: Outcome) -> str:
    name: str = outcome.kind
    if outcome.kind is OutcomeKind.ACCEPTED and poll.visibility == "sealed":
        name = "sealed"
    elif outcome.kind is OutcomeKind.ACCEPTED and outcome.left is not None:
        name = "accepted_left"
    return poll.reply_texts.get(name) or DEFAULT_TEXTS[name]


def _label(poll: Poll, key: str | None) -> str:
    """The label, or the bare key where the poll no longer has that choice."""
    found = [choice.spoken_label for choice in poll.choices if choice.key == key]
    return found[0] if found else key or ""


def _word(poll: Poll, key: str | None) -> str:
    found = [choice.spoken_word for choice in poll.choices if choice.key == key]
    return found[0] if found else key or ""


def _span(at_ms: int | None, now_ms: int) -> str:
    if at_ms is None or at_ms <= now_ms:
        return "soon"
    minutes = -(-(at_ms - now_ms) // 60_000)
    hours, rest = divmod(minutes, 60)
    if hours >= _HOURS_TOLD:
        return f"in {hours // 24} days"
    return f"in {hours} h {rest} min" if hours else f"in {minutes} min"
