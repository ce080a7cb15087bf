"""The length of a text in septets."""

import pytest

from services.voting.gsm import count_septets, truncate, unsupported_characters


@pytest.mark.parametrize(
    ("text", "length"),
    [("", 0), ("abc", 3), ("Grüße à Ørsted", 14), ("10 €", 5), ("[a]", 5), ("Ω\n", 2)],
)
def test_a_text_takes_a_septet_a_character_and_two_for_the_extended_ones(
    text: str, length: int
) -> None:
    """3GPP TS 23.038, the default alphabet and its extension table."""
    assert count_septets(text) == length


@pytest.mark.parametrize(
    ("text", "odd"), [("naïve", "ï"), ("“hi”", "“”"), ("ok 👍", "👍"), ("RЕD", "Е"), ("ça", "ç"), ("a`b", "`")]
)  # fmt: skip
def test_what_leaves_the_alphabet_is_named(text: str, odd: str) -> None:
    """A small c with a cedilla is not in it, a capital one is; nor is a curly quote."""
    assert unsupported_characters(text) == odd
    with pytest.raises(ValueError, match=odd):
        count_septets(text)


def test_a_cut_text_fits_and_ends_in_dots() -> None:
    """It has at most 160 septets, also with extended characters."""
    assert truncate("a" * 160) == "a" * 160
    assert truncate("a" * 161) == "a" * 157 + "..."
    assert count_septets(truncate("[" * 100)) <= 160
