"""Poll files: from TOML to a checked `Poll`, and every complaint about one.

`FIELDS` and `CHOICE_FIELDS` say what a file may hold; the checks read them, and so can
whoever documents them. Standard library only.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

from services.voting.errors import PollFileError, Problem
from services.voting.fields import Field, check
from services.voting.message import RESERVED, normalise
from services.voting.poll import MESSAGES_PER_BALLOT, Choice, Policy, Poll, ReplyMode
from services.voting.replies import DEFAULT_TEXTS
from services.voting.sharding import DEFAULT_SHARDS, MAX_SHARDS

POLL_ID = r"[a-z0-9][a-z0-9-]{0,23}"

FIELDS: Sequence[Field] = (
    Field("question", str, "What is asked, as the screen shows it.", required=True, high=120),
    Field("choices", list, "What may be voted for, in ballot order.", required=True, low=2, high=12),
    Field("numbers", list, "Phone numbers (E.164) the poll answers on; without it, all.", of=r"\+[1-9]\d{6,14}"),
    Field("keyword", str, "Leading word that picks this poll where several share a number.", pattern=r"\w{1,16}"),
    Field("policy", str, "How the texts of one phone count.", among=tuple(Policy)),
    Field("limit", int, "Votes a phone, with policy each.", low=1, high=MESSAGES_PER_BALLOT),
    Field("opens_at", datetime, "When voting opens, with a time zone."),
    Field("closes_at", datetime, "When voting closes, with a time zone."),
    Field("visibility", str, "Whether guests see the count before it is certified.", among=("open", "sealed")),
    Field("shards", int, "Partition keys the ballots of a round are spread over.", low=1, high=MAX_SHARDS),
    Field("retention_days", int, "Days until ballots expire.", low=1, high=3650),
    Field("percent_from", int, "Votes below which the screen shows no percentages.", low=0),
    Field("replies", dict, "Which texts are answered, and how."),
)  # fmt: skip

CHOICE_FIELDS: Sequence[Field] = (
    Field("key", str, "Short name, kept in every ballot.", required=True, pattern=r"[A-Z0-9][A-Z0-9_-]{0,15}"),
    Field("label", str, "What the screen shows.", required=True, low=1, high=60),
    Field("words", list, "What people may text beside key and label.", of=r"\S(?:.{0,38}\S)?"),
    Field("colour", dict, "Bar colour by theme: dark, light.", of=r"#[0-9a-fA-F]{6}"),
)  # fmt: skip

REPLY_FIELDS: Sequence[Field] = (
    Field("mode", str, "all, errors or none.", among=tuple(ReplyMode)),
    *(Field(name, str, f"Instead of: {text}", high=160) for name, text in DEFAULT_TEXTS.items()),
)


def parse_poll(text: str, *, source: str) -> Poll:
    """The poll that a TOML text defines; its id is the name of the file, without `.toml`.

    Raises:
        PollFileError: with every problem found, each naming key, value, remedy and line.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        problem = Problem(
            key="(TOML)", value=str(error), remedy="mend the syntax",
            line=int(line[1]) if line else 0,
        )  # fmt: skip
        raise PollFileError(source, [problem]) from None
    poll_id = PurePath(source).name.removesuffix(".toml")
    problems = [*_check_id(poll_id), *_check_shape(table)]
    if not problems:
        poll = _build(poll_id, table, text)
        problems = list(_check_sense(poll))
        if not problems:
            return poll
    raise PollFileError(source, [_located(problem, text) for problem in problems])


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
        if isinstance(choice, dict):
            yield from check(choice, CHOICE_FIELDS, f"choices[{place}].")
        else:
            yield Problem(key=f"choices[{place}]", value=choice, remedy="write a [[choices]] table")


def _build(poll_id: str, table: Mapping[str, Any], text: str) -> Poll:
    replies = dict(table.get("replies", {}))
    policy = Policy(table.get("policy", Policy.LAST))
    return Poll(
        id=poll_id,
        question=table["question"],
        choices=tuple(
            Choice(
                key=choice["key"],
                label=choice["label"],
                words=tuple(choice.get("words", ())),
                colour=dict(choice.get("colour", {})),
            )
            for choice in table["choices"]
        ),
        numbers=tuple(table.get("numbers", ())),
        keyword=table.get("keyword", ""),
        policy=policy,
        limit=table.get("limit", 1),
        opens_at_ms=_epoch_ms(table.get("opens_at")),
        closes_at_ms=_epoch_ms(table.get("closes_at")),
        visibility=table.get("visibility", "open"),
        shards=table.get("shards", DEFAULT_SHARDS),
        retention_days=table.get("retention_days", 30),
        percent_from=table.get("percent_from", 0),
        reply_mode=ReplyMode(replies.pop("mode", ReplyMode.ALL)),
        reply_texts=replies,
        definition=text,
    )


def _epoch_ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _check_sense(poll: Poll) -> Iterator[Problem]:
    opens, closes = poll.opens_at_ms, poll.closes_at_ms
    if opens is not None and closes is not None and closes <= opens:
        yield Problem(key="closes_at", value=closes, remedy="close after the opening")
    if poll.limit != 1 and poll.policy is not Policy.EACH:
        yield Problem(key="limit", value=poll.limit, remedy='a limit goes with policy = "each"')
    yield from _check_words(poll)


def _check_words(poll: Poll) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for place, choice in enumerate(poll.choices):
        for field, name in _names(choice):
            said, key = normalise(name), f"choices[{place}].{field}"
            if not said:
                yield Problem(key=key, value=name, remedy="name it with letters or digits")
            elif said in RESERVED:
                remedy = "carriers answer this word themselves; take another"
                yield Problem(key=key, value=name, remedy=remedy)
            elif owners.setdefault(said, choice.key) != choice.key:
                remedy = f"{owners[said]} already answers to it; take another"
                yield Problem(key=key, value=name, remedy=remedy)
    keys = [choice.key for choice in poll.choices]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield Problem(key="choices", value=key, remedy="give every choice a key of its own")


def _names(choice: Choice) -> Iterator[tuple[str, str]]:
    """Every name that a text may use, with the key it stands under."""
    yield "key", choice.key
    yield "label", choice.label
    for word in choice.words:
        yield "words", word


def _located(problem: Problem, text: str) -> Problem:
    """The problem with the line its key stands on, where the text has that key."""
    lines = text.splitlines()
    start = 0
    if place := re.match(r"choices\[(\d+)\]", problem.key):
        heads = [n for n, line in enumerate(lines) if line.strip() == "[[choices]]"]
        start = heads[int(place[1])] if int(place[1]) < len(heads) else 0
    name = re.split(r"[.\[]", problem.key.split(".")[-1])[0]
    pattern = re.compile(rf"\s*\[*\"?{re.escape(name)}\"?\]*\s*(=|$)")
    for number, line in enumerate(lines[start:], start=start + 1):
        if pattern.match(line):
            return Problem(key=problem.key, value=problem.value, remedy=problem.remedy, line=number)
    return problem
