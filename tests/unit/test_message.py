"""From a text to a choice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voting.message import RESERVED, find_choice, is_reserved, normalise, without_keyword
from services.voting.poll import Choice
from tests.support.polls import a_poll

POLL = a_poll(
    choices=(
        Choice(key="RED", label="Red", words=("rouge", "красный")),
        Choice(key="GREEN", label="Lime green"),
        Choice(key="BLUE", label="Blue", words=("the sky",)),
    )
)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("RED", "RED"), ("red", "RED"), ("  Red \n", "RED"), ("rEd!!", "RED"), ('"red"', "RED"),
        ("“red”", "RED"), ("❤️ red ❤️", "RED"), ("red 👍🏽", "RED"), ("red 👨‍👩‍👧", "RED"), ("ＲＥＤ", "RED"),
        ("Rouge.", "RED"), ("КРАСНЫЙ", "RED"), ("1", "RED"), ("2)", "GREEN"), ("#3", "BLUE"),
        ("lime   green", "GREEN"), ("the sky", "BLUE"), ("vote red", "RED"), ("Vote for: red", "RED"),
        ("I vote blue", "BLUE"), ("i vote for the sky!", "BLUE"),
    ],
)  # fmt: skip
def test_the_whole_message_names_a_choice(text: str, choice: str) -> None:
    """Case, width, space, punctuation, quotes and emoji around it do not matter."""
    assert find_choice(text, POLL.lexicon) == choice


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "?", "❤️", "redd", "re", "red blue", "not red", "I read it", "red or blue", "4", "0",
        "RЕD", "r\u200ded", "re\u200bd", "red\x00", "\x00red", "r e d", "voted red", "vote", "vote for",
        "red\u200d", "devote red", "the", "\u202ered", "1.0", "１２",
    ],
)  # fmt: skip
def test_anything_else_names_none(text: str) -> None:
    """Never a substring, never a guess; a Cyrillic letter makes another word."""
    assert find_choice(text, POLL.lexicon) is None


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_words_of_the_carriers_are_reserved_in_any_dress(word: str) -> None:
    """STOP and its kin reach the webhook and are never votes."""
    assert is_reserved(f" {word.upper()}! ")
    assert not is_reserved(f"{word} it")


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever people send, there is an answer; what it is trimmed to is stable."""
    find_choice(text, POLL.lexicon)
    is_reserved(text)

    assert normalise(normalise(text)) == normalise(text)


def test_a_long_message_is_read_and_names_none() -> None:
    """Twilio joins up to 1,600 characters."""
    assert find_choice("red " * 400, POLL.lexicon) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("finale red", "red"),
        ("FINALE: red", "red"),
        ("finale", ""),
        ("red", None),
        ("finales red", None),
    ],
)
def test_a_keyword_is_the_first_word(text: str, rest: str | None) -> None:
    """It picks the poll; what follows names the choice."""
    assert without_keyword(text, "Finale") == rest
