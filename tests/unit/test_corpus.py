"""Real text messages are no votes, unless the whole message is a choice.

2,787 real text messages of the SMS Spam Collection (CC BY 4.0, see the README beside
them); nobody wrote them to vote.
"""

import random
from pathlib import Path
from unicodedata import normalize

import pytest

from services.adapters.fuzzy_match import one_edit_away
from services.polls.definition import parse_poll
from services.voting.directory import Directory
from services.voting.message import parse_text
from services.voting.poll import Poll, Round
from tests.support.polls import NOON

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "services" / "tools" / "replay" / "data" / "sms-corpus.txt"
FILES = sorted([*(ROOT / "polls").glob("*.toml"), *(ROOT / "docs" / "examples").glob("*.toml")])

COUNTED: dict[str, list[str]] = {"colors": [], "encore": [], "finale": [], "yes-no": []}
"""Messages that are counted, by poll: each must be a choice as a whole."""
WORDS = {
    "RED": {"red"}, "GREEN": {"green"}, "BLUE": {"blue"}, "DUO": {"duo", "4"},
}  # fmt: skip
"""What of a random text may name a choice; 1 to 3 are places in two open polls, 4 in one."""
ASKED_BACK: dict[str, list[str]] = {"colors": [], "encore": [], "finale": [], "yes-no": []}
"""Messages that get a "Did you mean", by poll."""


def a_poll_file(path: Path) -> Poll:
    """The poll of a file of the repository."""
    return parse_poll(path.read_text(encoding="utf-8"), source=path.name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_real_message_is_counted_unless_it_is_a_choice_as_a_whole(path: Path) -> None:
    """The constants above list the few exceptions."""
    poll = a_poll_file(path)
    directory = Directory((Round(poll=poll),))
    number = poll.numbers[0] if poll.numbers else ""
    messages = CORPUS.read_text(encoding="utf-8").splitlines()
    moment = poll.opens_at_ms or NOON
    matches = {
        m: directory.match_text(number, parse_text(m), moment, one_edit_away) for m in messages
    }

    assert len(messages) == 2787
    assert sorted(m for m, r in matches.items() if r.choice) == COUNTED[poll.id]
    assert sorted(m for m, r in matches.items() if r.near) == ASKED_BACK[poll.id]


def test_a_hundred_thousand_random_texts_break_nothing_and_count_for_nothing() -> None:
    """Random Unicode texts with a fixed seed, in which difficult characters are frequent."""
    draw = random.Random(2015)  # noqa: S311 - the same texts every time
    directory = Directory(tuple(Round(poll=a_poll_file(path)) for path in FILES))
    pools = (
        "redgnblu RED", "0123456789 #", "\u200d\u200b\ufe0f\u202e\u2066\u00ad\x00", "👍🏽❤️👩‍👧🏳️‍🌈",
        "".join(map(chr, range(0x400, 0x460))), "".join(map(chr, range(0x590, 0x700))),
        "".join(map(chr, range(0x300, 0x370))), "".join(map(chr, range(0xFF00, 0xFF60))),
    )  # fmt: skip
    counted = []
    for _ in range(100_000):
        length = 1_600 if draw.random() < 0.0005 else draw.randrange(24)
        pool = draw.choice(pools)
        text = "".join(
            chr(draw.randrange(0x110000)) if draw.random() < 0.2 else draw.choice(pool)
            for _ in range(length)
        )
        match = directory.match_text("+15550100142", parse_text(text), NOON, one_edit_away)
        if match.choice:
            counted.append((text, match.choice))

    assert counted
    for text, choice in counted:
        plain = normalize("NFKC", text).casefold()
        letters = "".join(char for char in plain if char.isalnum())

        assert letters in WORDS[choice]
        assert letters in plain
