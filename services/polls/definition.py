"""Poll files: from TOML to a checked `Poll`, and every complaint about one.

`services.polls.fields` says what a file may hold, `services.polls.rules` what makes no
sense, and `services.polls.names` which names are confused. Standard library only.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any

from services.polls.contrast import BACKGROUNDS
from services.polls.fields import CHOICE_FIELDS, COLOUR_FIELDS, FIELDS, POLL_ID, REPLY_FIELDS
from services.polls.names import check_name_conflicts
from services.polls.rules import check_rules
from services.polls.validation import check
from services.voting.errors import PollFileError, Problem
from services.voting.poll import Choice, Policy, Poll, ReplyMode
from services.voting.sharding import DEFAULT_SHARDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseResult:
    """A poll file, read: the poll, if it can be used, and all that is to be said about it."""

    poll: Poll | None
    problems: tuple[Problem, ...]


def parse_poll(text: str, *, source: str) -> Poll:
    """The poll that a TOML text defines; its id is the name of the file, without `.toml`.

    Raises:
        PollFileError: with every problem found, each naming key, value, remedy and line.
    """
    examined = check_poll(text, source=source)
    if examined.poll is None:
        raise PollFileError(source, examined.problems)
    return examined.poll


def check_poll(text: str, *, source: str) -> ParseResult:
    """The same without raising; warnings are told, too, and leave the poll usable."""
    poll_id = PurePath(source).name.removesuffix(".toml")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return ParseResult(poll=None, problems=(_syntax(error),))
    problems = [*_check_id(poll_id), *_check_shape(table)]
    poll = None if problems else _build(poll_id, table, text)
    if poll is not None:
        problems = list(check_rules(poll))
    usable = all(problem.severity == "warning" for problem in problems)
    return ParseResult(
        poll=poll if usable else None,
        problems=tuple(with_line(problem, text) for problem in problems),
    )


def parse_stored_poll(text: str, *, poll_id: str) -> Poll:
    """A poll that was checked when it was applied.

    Only its shape counts here: a later release that is stricter about sense must not stop
    an evening that has begun.

    Raises:
        PollFileError: it is not even a poll.
    """
    table = tomllib.loads(text)
    if problems := list(_check_shape(table)):
        raise PollFileError(poll_id, problems)
    return _build(poll_id, table, text)


def _syntax(error: tomllib.TOMLDecodeError) -> Problem:
    line = re.search(r"line (\d+)", str(error))
    return Problem(
        key="(TOML)", value=str(error), remedy="mend the syntax", line=int(line[1]) if line else 0
    )


def _check_id(poll_id: str) -> Iterator[Problem]:
    if not re.fullmatch(POLL_ID, poll_id):
        remedy = "name the file with lower case letters, digits and dashes, at most 24"
        yield Problem(key="file name", value=poll_id, remedy=remedy)


def _check_shape(table: Mapping[str, Any]) -> Iterator[Problem]:
    yield from check(table, FIELDS, "")
    replies = table.get("replies")
    if isinstance(replies, dict):
        yield from check(replies, REPLY_FIELDS, "replies.")
    choices = table.get("choices")
    for place, choice in enumerate(choices if isinstance(choices, list) else ()):
        if not isinstance(choice, dict):
            yield Problem(key=f"choices[{place}]", value=choice, remedy="write a [[choices]] table")
            continue
        yield from check(choice, CHOICE_FIELDS, f"choices[{place}].")
        if isinstance(colour := choice.get("colour"), dict):
            yield from check(colour, COLOUR_FIELDS, f"choices[{place}].colour.")


def _build(poll_id: str, table: Mapping[str, Any], text: str) -> Poll:
    replies = dict(table.get("replies", {}))
    opens, closes = table.get("opens_at"), table.get("closes_at")
    return Poll(
        id=poll_id,
        question=table["question"],
        choices=tuple(map(_choice, table["choices"])),
        numbers=tuple(table.get("numbers", ())),
        keyword=table.get("keyword", ""),
        policy=Policy(table.get("policy", Policy.LAST)),
        limit=table.get("limit", 1),
        opens_at_ms=_epoch_ms(opens),
        closes_at_ms=_epoch_ms(closes),
        visibility=table.get("visibility", "open"),
        shards=table.get("shards", DEFAULT_SHARDS),
        retention_days=table.get("retention_days", 30),
        percent_from=table.get("percent_from", 0),
        phones=table.get("phones", ""),
        opens_utc_offset_minutes=_utc_offset_minutes(opens),
        closes_utc_offset_minutes=_utc_offset_minutes(closes),
        reply_mode=ReplyMode(replies.pop("mode", ReplyMode.ALL)),
        reply_texts=replies,
        definition=text,
    )


def _choice(table: Mapping[str, Any]) -> Choice:
    colour = table.get("colour", {})
    return Choice(
        key=table["key"],
        label=table["label"],
        words=tuple(table.get("words", ())),
        colour=dict.fromkeys(BACKGROUNDS, colour) if isinstance(colour, str) else dict(colour),
    )


def _epoch_ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _utc_offset_minutes(moment: datetime | None) -> int | None:
    """None also where the time is written with a Z: replies then say that it is UTC."""
    offset = moment.utcoffset() if moment else None
    return round(offset.total_seconds() / 60) if offset else None


def refuse_clashes(polls: Iterable[Poll]) -> None:
    """Accept polls that can be open side by side.

    Raises:
        PollFileError: two of them would hear the same word on the same number.
    """
    for poll, problem in check_name_conflicts([*polls]):
        raise PollFileError(f"polls/{poll.id}.toml", [with_line(problem, poll.definition)])


def with_line(problem: Problem, text: str) -> Problem:
    """The problem with the line its key stands on, where the text has that key."""
    # Not splitlines(): a string may hold U+2028, which is no end of a line in TOML.
    lines = text.split("\n")
    start = 0
    if place := re.match(r"choices\[(\d+)\]", problem.key):
        heads = [n for n, line in enumerate(lines) if line.strip() == "[[choices]]"]
        start = heads[int(place[1])] if int(place[1]) < len(heads) else 0
    # An inline table stands on the line of the key that holds it.
    for part in reversed(problem.key.split(".")):
        name = re.split(r"\[", part)[0]
        pattern = re.compile(rf"\s*\[*\"?{re.escape(name)}\"?\]*\s*(=|$)")
        for number, line in enumerate(lines[start:], start=start + 1):
            if pattern.match(line):
                return replace(problem, line=number)
    return problem
