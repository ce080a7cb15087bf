"""Random sets of valid polls, and a plain list of their names."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

from services.polls.names import check_name_conflicts, check_names
from services.voting.poll import Choice, Poll
from tests.support.polls import NOON

HOUR = 3_600_000
LEADS = ("i vote for ", "vote for ", "i vote ", "vote ", "")
WORDS = (
    *("red", "blue", "big", "big red", "big band", "band", "song", "song one", "one", "two", "2"),
    *("5", "heat", "heat two", "vote red", "for", "for red", "the band", "vote for two", "vote"),
)
KEYWORDS = ("", "", *(word for word in WORDS if " " not in word), "i", "the")
TIMES = ((None, None), (-1, 1), (-1, 1), (-5, -3), (3, 5), (None, -1), (1, None), (-2, None))
"""Opening and closing, in hours from noon."""


def poll_sets(draw: random.Random, count: int) -> Iterator[list[Poll]]:
    """One to four polls on one number without conflicting names."""
    while count:
        polls = [_poll(draw, f"p{n}") for n in range(draw.randrange(1, 5))]
        wrong = chain(*map(check_names, polls), check_name_conflicts(polls))
        if next(wrong, None) is None:
            count -= 1
            yield polls


def _poll(draw: random.Random, name: str) -> Poll:
    labels = draw.sample(WORDS, draw.randrange(2, 4))
    opens, closes = (None if h is None else NOON + h * HOUR for h in draw.choice(TIMES))
    choices = tuple(
        Choice(
            key=f"{name.upper()}C{n}",
            label=label,
            words=(draw.choice(WORDS),) if draw.random() < 0.1 else (),
        )
        for n, label in enumerate(labels)
    )
    poll = Poll(id=name, question="?", choices=choices, keyword=draw.choice(KEYWORDS))
    return replace(poll, opens_at_ms=opens, closes_at_ms=closes)


def names_of(poll: Poll) -> Iterator[tuple[str, str]]:
    """Every name in lower case, with the key of its choice."""
    for place, choice in enumerate(poll.choices, start=1):
        for name in (choice.key, choice.label, *choice.words, str(place)):
            yield name.lower(), choice.key


def has_name(poll: Poll, text: str) -> bool:
    """Whether a lower-case text is a name in the poll, with or without "vote for"."""
    names = {name for name, _ in names_of(poll)}
    return any(text.startswith(lead) and text[len(lead) :] in names for lead in LEADS)


def toml_of(poll: Poll) -> str:
    """The poll as a TOML file."""
    times = (("opens_at", poll.opens_at_ms), ("closes_at", poll.closes_at_ms))
    lines = ['question = "?"', f'keyword = "{poll.keyword}"' if poll.keyword else ""]
    lines += [
        f"{key} = {datetime.fromtimestamp(ms / 1000, UTC).isoformat()}" for key, ms in times if ms
    ]
    for choice in poll.choices:
        lines += ["[[choices]]", f'key = "{choice.key}"', f'label = "{choice.label}"']
        lines += [f"words = {list(choice.words)}"]
    return "\n".join(lines)
