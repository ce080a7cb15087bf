"""Formats one poll for `voteapp poll show`: a line for each choice and each round."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.cli.poll_tables import hidden_fields, inline
from services.polls.moments import format_time
from services.voting.amounts import amount
from services.voting.poll import Poll

_TIMES: Final = {
    "opens_at": "opens",
    "closes_at": "closes",
    "certified_at": "certified",
    "ballots_expire_at": "ballots expire",
}
_OWN_LINES: Final = {"choices", "labels", "rounds", "stack"}


def render_poll(row: Mapping[str, Any], poll: Poll) -> str:
    """Render a row of `poll_row` with details; times in the zone of the poll file."""
    hidden = hidden_fields(row) | _OWN_LINES
    lines = []
    for name, value in row.items():
        if name in hidden or value in (None, "", [], {}):
            continue
        if name in _TIMES:
            lines.append(_line(_TIMES[name], format_time(value, _offset(poll, name))))
        else:
            lines.append(_line(name, inline(value)))
    lines += _block("choices", _choices(poll))
    lines += _block("rounds", [_round(one, poll) for one in row.get("rounds", ())])
    return "\n".join(lines)


def _offset(poll: Poll, name: str) -> int | None:
    if name == "opens_at":
        return poll.opens_utc_offset_minutes
    return poll.closes_utc_offset_minutes or poll.opens_utc_offset_minutes


def _choices(poll: Poll) -> list[str]:
    words = [choice.word for choice in poll.choices]
    width = max(map(len, words))
    return [
        f"{word:<{width}}  {choice.label}" for word, choice in zip(words, poll.choices, strict=True)
    ]


def _round(row: Mapping[str, Any], poll: Poll) -> str:
    voters = "" if hidden_fields(row) else f" from {amount(row['voters'], 'voter')}"
    certified = row.get("certified_at")
    ended = (
        f", certified {format_time(certified, _offset(poll, 'certified_at'))}" if certified else ""
    )
    return f"{row['round']:,}: {row['phase']}, {amount(row['votes'], 'vote')}{voters}{ended}"


def _block(name: str, values: list[str]) -> Iterator[str]:
    for place, value in enumerate(values):
        yield _line(name if place == 0 else "", value)


def _line(name: str, value: str) -> str:
    return f"{name:<18}{value}"
