"""From a text to a choice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voting.message import RESERVED, normalise, parse_text
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
    assert parse_text(text).choice_in(POLL.lexicon) == choice


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "?", "❤️", "redd", "re", "red blue", "not red", "I read it", "red or blue", "4", "0",
        "RЕD", "r\u200ded", "re\u200bd", "red\x00", "\x00red", "r e d", "voted red", "vote", "vote for",
        "red\u200d", "\u200dred", "red\ufe0f\u200d", "\u200b\u200dred", "red\U000e0067", "r\u200eed", "re\ufe0fd",
        "re\u00add", "\u0301red", "devote red", "the", "1.0", "１２", "1\ufe0f2", "1\u20e32\u20e3", "red 1\u20e3",
    ],
)  # fmt: skip
def test_anything_else_names_none(text: str) -> None:
    """Neither substrings nor look-alike letters match."""
    assert parse_text(text).choice_in(POLL.lexicon) is None


MARKS = "\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufe0f\ufeff"


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
def test_an_invisible_mark_at_an_end_does_not_matter(mark: str) -> None:
    """Phones add such marks around words."""
    bodies = [f"{mark}red", f"red{mark}", f"{mark}{mark}Red! {mark}", f"vote {mark}red{mark}"]

    assert [parse_text(body).choice_in(POLL.lexicon) for body in bodies] == ["RED"] * 4
    assert parse_text(f"r{mark}ed").choice_in(POLL.lexicon) is None


@pytest.mark.parametrize(
    "body", ["1\ufe0f\u20e3", "1\u20e3", " 1\ufe0f\u20e3! ", "vote 1\ufe0f\u20e3", "Vote for 1\u20e3", "❤️ 1️⃣ ❤️", "1\ufe0f"]
)  # fmt: skip
def test_a_digit_from_an_emoji_keyboard_is_the_digit(body: str) -> None:
    """A keycap emoji equals its digit."""
    assert parse_text(body).choice_in(POLL.lexicon) == "RED"


@pytest.mark.parametrize(
    "body",
    [
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f red",
        "red 🏳️‍🌈",
        "red ❤\u200d\u200b",
        "🧑🏽\u200d🚀\u200b red",
    ],
)
def test_an_emoji_of_many_parts_is_trimmed_whole(body: str) -> None:
    """Joiners, tags and selectors are trimmed with it."""
    assert parse_text(body).choice_in(POLL.lexicon) == "RED"


@pytest.mark.parametrize(
    ("body", "choice"),
    [("for", "YEA"), ("vote for", "YEA"), ("I vote for!", "YEA"), ("vote for for", "YEA"), ("vote for against", "NAY")],
)  # fmt: skip
def test_a_choice_may_be_called_for(body: str, choice: str) -> None:
    """A choice may be named "For", as in "for or against"."""
    poll = a_poll(choices=(Choice(key="YEA", label="For"), Choice(key="NAY", label="Against")))

    assert parse_text(body).choice_in(poll.lexicon) == choice


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_words_of_the_carriers_are_reserved_in_any_dress(word: str) -> None:
    """STOP and similar words are never votes, whatever is around them."""
    assert parse_text(f" {word.upper()}! ").is_reserved
    assert not parse_text(f"{word} it").is_reserved


@given(
    st.text(max_size=200)
    | st.text("r1 !❤\u200b\u200d\u200e\ufe0f\ufe0e\u20e3\u0301\U000e0067", max_size=9)
)
def test_no_text_breaks_the_reader(text: str) -> None:
    """Every text can be normalised, and normalising twice changes nothing."""
    parse_text(text).choice_in(POLL.lexicon)
    assert parse_text(text).is_reserved in {True, False}

    assert normalise(normalise(text)) == normalise(text)


def test_a_long_message_is_read_and_names_none() -> None:
    """Twilio joins up to 1,600 characters."""
    assert parse_text("red " * 400).choice_in(POLL.lexicon) is None


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
    """It selects the poll; the rest names the choice."""
    found = parse_text(text).after_keyword("finale")

    assert (found and found.candidates[0]) == rest
