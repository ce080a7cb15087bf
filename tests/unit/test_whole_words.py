"""A text that is a name in an open poll counts there or nowhere, for random sets of polls."""

import random
from collections.abc import Iterator

from services.tools.replay.oracle import Oracle
from services.voting.directory import Directory
from services.voting.message import parse_text
from services.voting.poll import Phase, Poll, Round, State
from tests.support.polls import NOON, NUMBER, a_phone
from tests.support.random_polls import HOUR, LEADS, WORDS, has_name, names_of, poll_sets, toml_of

DRESSES = (
    "{}",
    "  {} ",
    "{}!",
    "“{}”",
    "❤️ {} ❤️",
    "\u200b{}",
    "{}\u200e",
    "\u2068{}\u2069",
    "{}\ufe0f",
)
PIECES = (
    *WORDS, *LEADS, *("1", "3", "1\ufe0f\u20e3", "2\u20e3", "one\ufe0f", "the", "stop", "p0c1"),
    *(" ", " ", ": ", ".", "❤️", "👨‍👩‍👧", "🏴\U000e0067\U000e007f", "ｂｉｇ", "²"),
    *("\u200b", "\u200d", "\u200c", "\u200e", "\ufe0f", "\ufe0e", "\u2068", "\u00ad", "\ufeff", "\x00", "\u0301"),
)  # fmt: skip


def with_an_operator(draw: random.Random, polls: list[Poll]) -> list[Round]:
    """Rounds, some of them opened or closed by an operator."""
    states = (State.AUTO, State.AUTO, State.OPEN, State.CLOSED, State.ARCHIVED)
    at_ms = NOON - HOUR // 2
    return [Round(poll=p, state=draw.choice(states), state_at_ms=at_ms) for p in polls]


def is_open(one: Round) -> bool:
    """Whether the round is open at noon."""
    return one.phase_at(NOON) is Phase.OPEN


def test_a_whole_word_of_an_open_poll_counts_there_or_two_open_polls_hear_it() -> None:
    """Regardless of surrounding characters, keywords and other polls."""
    draw = random.Random(7)  # noqa: S311 - the same polls every time
    counted = contested = 0
    for polls in poll_sets(draw, 1000):
        rounds = with_an_operator(draw, polls)
        directory = Directory(tuple(rounds))
        for one in filter(is_open, rounds):
            for name, key in names_of(one.poll):
                text = draw.choice(LEADS) + name
                matching = [r for r in rounds if is_open(r) and has_name(r.poll, text)]
                body = draw.choice(DRESSES).format(draw.choice((text, text.upper(), text.title())))
                match = directory.match_text(NUMBER, parse_text(body), NOON)

                assert one in matching
                if len(matching) == 1:
                    counted += 1
                    assert (match.round, match.choice) == (one, key), (polls, body)
                else:
                    contested += 1
                    assert match.choice is None, (polls, body)
    assert counted > 2_000
    assert contested > 100


def test_a_word_after_the_keyword_of_an_open_poll_counts_there() -> None:
    """Also if two polls have the word."""
    draw = random.Random(8)  # noqa: S311 - the same polls every time
    counted = 0
    for polls in poll_sets(draw, 500):
        rounds = [Round(poll=poll) for poll in polls]
        directory = Directory(tuple(rounds))
        for one in (r for r in rounds if is_open(r) and r.poll.keyword):
            for name, key in names_of(one.poll):
                body = f"{one.poll.keyword} {draw.choice(LEADS)}{name}"
                match = directory.match_text(NUMBER, parse_text(body), NOON)

                counted += 1
                assert (match.round, match.choice) == (one, key), (polls, body)
    assert counted > 300


def bodies(draw: random.Random, polls: list[Poll], count: int) -> Iterator[str]:
    """Texts made of words, keywords, symbols and invisible characters."""
    keywords = [f"{poll.keyword} " for poll in polls]
    for _ in range(count):
        yield "".join(draw.choices((*PIECES, *keywords), k=draw.randrange(1, 6)))


def test_the_oracle_reads_every_text_as_the_directory_does() -> None:
    """Both were written independently."""
    draw = random.Random(9)  # noqa: S311 - the same texts every time
    counted = 0
    for polls in poll_sets(draw, 400):
        directory = Directory(tuple(Round(poll=poll) for poll in polls))
        definitions = {poll.id: toml_of(poll) for poll in polls}
        for serial, body in enumerate(bodies(draw, polls, 30)):
            oracle = Oracle(definitions)
            oracle.deliver(sid=f"{serial}", sender=a_phone(), to=NUMBER, body=body, at_ms=NOON)
            reading = directory.match_text(NUMBER, parse_text(body), NOON)
            there = reading.round
            counts = there is not None and is_open(there) and reading.choice is not None
            told = {there.poll.id: {reading.choice: 1}} if there and counts else {}
            counted += counts

            assert {name: votes for name, votes in oracle.totals().items() if votes} == told, body
    assert counted > 300
