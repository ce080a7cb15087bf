"""Labels that the stage would cut: an estimate of their width in the font of the page, Inter.

On a screen of 1280x720 and more, a row has the word to text and the label on up to three lines.
`tests/browser/test_labels.py` holds these widths and this room against the page.
"""

from collections.abc import Iterator, Sequence
from typing import Final
from unicodedata import east_asian_width

from services.voting.poll import Choice

_NARROW: Final = frozenset(" .,:;!|'\"()[]-fijlrtI")
_WIDE: Final = frozenset("mwMW@%&")
_FEW_CHOICES: Final = 8
_ROOM_EM: Final = {True: 42.0, False: 37.0}
"""Room for word and label, with few choices and with more."""
_WORD_EM: Final = 7.0
"""Room for a word: all of them stand beside the question, too."""


def find_cut_labels(choices: Sequence[Choice]) -> Iterator[tuple[int, str]]:
    """Place and text of each label or word that may not be shown whole beside the other."""
    room = _ROOM_EM[len(choices) <= _FEW_CHOICES]
    for place, choice in enumerate(choices):
        word = "" if choice.word.lower() == choice.label.lower() else choice.word
        if width_em(word) > _WORD_EM:
            yield place, word
        elif width_em(choice.label) + width_em(word) > room:
            yield place, choice.label


def width_em(text: str) -> float:
    """About the width of a bold text, in units of its size."""
    return sum(map(_char_em, text))


def _char_em(char: str) -> float:
    if char in _NARROW:
        return 0.37
    if char in _WIDE or east_asian_width(char) in "WF":
        return 1.05
    return 0.7 if char.isupper() else 0.62
