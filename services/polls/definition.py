"""Parse and validate poll files: from TOML to a `Poll`, or all problems of the file.

`services.polls.fields` lists the keys of a file, `services.polls.rules` checks their combination,
and `services.polls.names` checks names and keywords.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any

from services.polls.contrast import BACKGROUNDS
from services.polls.draft import draft_of
from services.polls.fields import (
    CHOICE_FIELDS,
    COLOUR_FIELDS,
    CURRENT,
    FIELDS,
    POLL_ID,
    REPLY_FIELDS,
)
from services.polls.names import check_name_conflicts
from services.polls.rules import check_rules
from services.polls.validation import check
from services.voting.errors import PollFileError, Problem
from services.voting.poll import Choice, Policy, Poll, ReplyMode
from services.voting.sharding import DEFAULT_SHARDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseResult:
    """The poll, or None if it has errors, and all errors and warnings in the order of lines.

    `draft` is the poll with placeholders for what is wrong, for further checks only; None if
    nothing can be made of the file.
    """

    poll: Poll | None
    problems: tuple[Problem, ...]
    draft: Poll | None = None


def parse_poll(text: str, *, source: str) -> Poll:
    """Parse and validate a TOML text; the id of the poll is the file name without `.toml`.

    Raises:
        PollFileError: with all problems; each has key, value, remedy and line.
    """
    result = check_poll(text, source=source)
    if result.poll is None:
        raise PollFileError(source, result.problems)
    return result.poll


def check_poll(text: str, *, source: str) -> ParseResult:
    """Like `parse_poll`, without raising; a poll with warnings only is returned with them."""
    poll_id = PurePath(source).name.removesuffix(".toml")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return ParseResult(poll=None, problems=(_syntax(error),))
    problems = [*_check_id(poll_id), *_check_fields(table)]
    draft_table = draft_of(table, [problem.key for problem in problems]) if problems else table
    draft = None if draft_table is None else _build(poll_id, draft_table, text)
    if draft is not None:
        problems += check_rules(draft)
    usable = all(problem.severity == "warning" for problem in problems)
    found = [with_line(problem, text) for problem in problems]
    return ParseResult(
        poll=draft if usable else None,
        problems=tuple(sorted(found, key=lambda problem: problem.line)),
        draft=draft,
    )


def parse_stored_poll(text: str, *, poll_id: str) -> Poll:
    """Parse a stored poll, which was validated when it was applied.

    Only keys and types are checked: stricter rules in a later release must not invalidate a poll
    that is in use.

    Raises:
        PollFileError: a key or a type is wrong.
    """
    table = tomllib.loads(text)
    if problems := list(_check_fields(table)):
        raise PollFileError(poll_id, problems)
    return _build(poll_id, table, text)


def _syntax(error: tomllib.TOMLDecodeError) -> Problem:
    line = re.search(r"line (\d+)", str(error))
    return Problem(
        key="(TOML)", value=str(error), remedy="fix the syntax", line=int(line[1]) if line else 0
    )


def _check_id(poll_id: str) -> Iterator[Problem]:
    if not re.fullmatch(POLL_ID, poll_id):
        remedy = "name the file with lower case letters, digits and dashes, at most 24"
        yield Problem(key="file name", value=poll_id, remedy=remedy)
    elif poll_id == CURRENT:
        remedy = "the address ?poll=current means the poll that is open; give the file another name"
        yield Problem(key="file name", value=poll_id, remedy=remedy)


def _check_fields(table: Mapping[str, Any]) -> Iterator[Problem]:
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
    """None if there is no time, or if its offset is 0: replies then mark times as UTC."""
    offset = moment.utcoffset() if moment else None
    return round(offset.total_seconds() / 60) if offset else None


def refuse_clashes(polls: Iterable[Poll]) -> None:
    """Check that the names of polls which can be open at the same time do not conflict.

    Raises:
        PollFileError: two polls on the same number have the same name or keyword.
    """
    for poll, problem in check_name_conflicts([*polls]):
        raise PollFileError(f"polls/{poll.id}.toml", [with_line(problem, poll.definition)])


def with_line(problem: Problem, text: str) -> Problem:
    """The problem with the line number of its key, if the text has that key."""
    # Not splitlines(): TOML strings may contain U+2028, which does not end a line.
    lines = text.split("\n")
    start = 0
    if place := re.match(r"choices\[(\d+)\]", problem.key):
        headers = [n for n, line in enumerate(lines) if line.strip() == "[[choices]]"]
        start = headers[int(place[1])] if int(place[1]) < len(headers) else 0
    # The keys of an inline table have the line of the key of the table.
    for part in reversed(problem.key.split(".")):
        name = re.split(r"\[", part)[0]
        pattern = re.compile(rf"\s*\[*\"?{re.escape(name)}\"?\]*\s*(=|$)")
        for number, line in enumerate(lines[start:], start=start + 1):
            if pattern.match(line):
                return replace(problem, line=number)
    return problem
