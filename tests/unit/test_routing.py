"""Which texts name which choices, and the defaults of a minimal poll file."""

import pytest

from services.adapters.fuzzy_match import one_edit_away
from services.polls.definition import parse_poll
from services.voting.directory import Directory, TextMatch
from services.voting.message import parse_text
from services.voting.poll import Choice, Policy, ReplyMode, Round
from tests.support.polls import COLORS_TOML, NOON, NUMBER, a_poll, a_round

HOUR = 3_600_000
CARRIERS_OWN = (
    "stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "help",
    "info", "start", "yes", "unstop",
)  # fmt: skip


def match_at_noon(body: str, *rounds: Round) -> TextMatch:
    """Match a text at noon."""
    return Directory(rounds).match_text(NUMBER, parse_text(body), NOON, one_edit_away)


@pytest.mark.parametrize("word", CARRIERS_OWN)
def test_every_word_of_the_carriers_is_theirs(word: str) -> None:
    """However STOP is written, it must get no reply."""
    for text in (word, word.upper(), f" {word.title()}! "):
        assert parse_text(text).is_reserved
        assert match_at_noon(text, a_round()) == TextMatch(reserved=True)


@pytest.mark.parametrize("word", ["stop it", "ended", "no", "starter", "unsub"])
def test_a_word_that_only_begins_like_theirs_is_read(word: str) -> None:
    """Only whole messages are reserved."""
    assert not parse_text(word).is_reserved


def test_a_poll_to_come_answers_before_one_that_is_over() -> None:
    """Checked with a text that names no choice."""
    over = a_round(id="a-over", closes_at_ms=NOON - HOUR)
    to_come = a_round(id="b-to-come", opens_at_ms=NOON + HOUR)

    assert match_at_noon("purple", over, to_come).round == to_come
    assert [one.poll.id for one in Directory((over, to_come)).answering(NUMBER, NOON)] == [
        "b-to-come", "a-over",
    ]  # fmt: skip


def test_of_polls_alike_the_one_of_the_number_answers_first_then_by_name() -> None:
    """The order is deterministic."""
    rounds = tuple(
        a_round(id=name, numbers=numbers)
        for name, numbers in (("b", ()), ("a", ()), ("c", (NUMBER,)), ("d", ("+15550100111",)))
    )

    answering = Directory(rounds).answering(NUMBER, NOON)

    assert [one.poll.id for one in answering] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("text", "near"),
    [("ab", {"ABC"}), ("abcd", {"ABC"}), ("abd", {"ABC"}), ("abdd", set()), ("xy", set()), ("w", set())],
)  # fmt: skip
def test_words_of_one_or_two_letters_are_near_to_nothing(text: str, near: set[str]) -> None:
    """They are one edit away from nearly everything."""
    choices = tuple(Choice(key=key, label=key) for key in ("ABC", "XZ", "Q"))

    assert parse_text(text).near_choices(a_poll(choices=choices).lexicon, one_edit_away) == near


@pytest.mark.parametrize(
    ("label", "body"),
    [
        ("Straße", "STRASSE"),
        ("STRASSE", "straße"),
        ("Ağ", "AĞ"),
        ("ΌΔΟΣ", "όδος"),
        ("Café", "CAFÉ"),
    ],
)
def test_case_is_folded_and_not_only_lowered(label: str, body: str) -> None:
    """Some letters have two capitals, or another form at the end of a word."""
    choices = (Choice(key="ONE", label=label), Choice(key="TWO", label="Two"))

    assert match_at_noon(body, a_round(choices=choices)).choice == "ONE"


def test_a_number_that_is_a_word_of_the_poll_is_not_a_place() -> None:
    """If a choice is called 2, "2" names that choice."""
    choices = (
        Choice(key="A", label="3"), Choice(key="B", label="1"), Choice(key="C", label="C", words=("2",)),
    )  # fmt: skip

    found = [match_at_noon(body, a_round(choices=choices)).choice for body in ("1", "2", "3")]

    assert found == ["B", "C", "A"]


def test_a_file_that_says_little_means_the_defaults() -> None:
    """The defaults are those of docs and reference."""
    poll = parse_poll(COLORS_TOML, source="colors.toml")

    assert (poll.policy, poll.limit, poll.visibility) == (Policy.LAST, 1, "open")
    assert (poll.shards, poll.retention_days, poll.percent_from) == (10, 30, 0)
    assert (poll.reply_mode, poll.reply_texts, poll.phones) == (ReplyMode.ALL, {}, "")
    assert (poll.opens_at_ms, poll.closes_at_ms, poll.numbers, poll.keyword) == (None, None, (), "")


def test_a_round_says_since_when_it_is_closed() -> None:
    """The earlier of its close and the first expiry."""
    round = a_round(closes_at_ms=NOON)

    assert round.closed_at_ms == NOON
    assert a_round().closed_at_ms is None
