"""Moves the closing time of a poll: in the round, and in the stored text of its file.

The file in the folder is not touched: the next `voteapp poll apply` or deploy with the old file
puts its closing time back.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from services.polls.definition import parse_stored_poll, refuse_clashes
from services.polls.moments import format_time
from services.polls.names import can_meet
from services.voting.errors import PollFileError, RoundNotExtendableError
from services.voting.lifecycle import extended_close_ms
from services.voting.poll import Poll, Round

MOST_MINUTES: Final = 1_440
"""A longer extension is a change of the poll file."""

_CLOSES_AT: Final = re.compile(
    r"""^(?P<key>[ \t]*(?:closes_at|"closes_at"|'closes_at')[ \t]*=[ \t]*)"""
    r"""(?P<time>[\dT:.Zz+ -]*[\dZz])""",
    re.MULTILINE,
)


def extended(round: Round, minutes: int, now_ms: int) -> Round:
    """The round, closing so many minutes later, or that long from now if it has closed.

    Raises:
        RoundFinalError, RoundNotExtendableError: see `extended_close_ms`.
    """
    later = with_closing_time(round, extended_close_ms(round, minutes, now_ms))
    return replace(round, poll=later, was_open_until_ms=round.last_open_ms(now_ms))


def refuse_new_clashes(before: Poll, after: Poll, others: Iterable[Poll]) -> None:
    """Check that the names of polls which are open together only now do not conflict.

    Raises:
        PollFileError: another poll on the same number has the same name or keyword.
    """
    for other in others:
        if not can_meet(before, other):
            refuse_clashes([other, after])


def with_closing_time(round: Round, closes_at_ms: int) -> Poll:
    """The poll of a round with another closing time, which its stored text names as well.

    Raises:
        RoundNotExtendableError: the text spells the time in a way that is not found.
    """
    poll = round.poll
    wanted = replace(poll, closes_at_ms=closes_at_ms)
    time = _file_time(closes_at_ms, poll.closes_utc_offset_minutes)
    for found in _CLOSES_AT.finditer(poll.definition):
        text = poll.definition[: found.start("time")] + time + poll.definition[found.end("time") :]
        try:
            changed = parse_stored_poll(text, poll_id=poll.id)
        except (ValueError, PollFileError):
            continue
        if changed == wanted:
            return changed
    reason = "cannot be extended by command: change closes_at in its file, then voteapp poll apply"
    raise RoundNotExtendableError(poll.id, round.number, reason)


def line_of_file(poll: Poll) -> str:
    """The line of the poll file that names its closing time."""
    return f"closes_at = {_file_time(poll.closes_at_ms or 0, poll.closes_utc_offset_minutes)}"


def describe_extension(before: Round, after: Round) -> str:
    """Both closing times, for the operator's log."""
    old, new = (
        format_time(one.poll.closes_at_ms or 0, one.poll.closes_utc_offset_minutes)
        for one in (before, after)
    )
    return f"closes {new}, not {old}"


def _file_time(at_ms: int, offset_minutes: int | None) -> str:
    zone = timezone(timedelta(minutes=offset_minutes)) if offset_minutes else UTC
    moment = datetime.fromtimestamp(at_ms / 1000, zone)
    precision = "milliseconds" if at_ms % 1000 else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")
