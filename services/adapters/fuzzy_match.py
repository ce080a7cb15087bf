"""Which words are one edit away from a text: a letter more, less, other, or two swapped."""

from collections.abc import Collection


def one_edit_away(said: str, words: Collection[str]) -> list[str]:
    """As `services.voting.message.Nearest`; the distance is Damerau's, of adjacent letters."""
    from rapidfuzz.distance import OSA  # 0.1 s, and most texts need none of it

    return [word for word in words if OSA.distance(said, word, score_cutoff=1) == 1]
