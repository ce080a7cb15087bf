"""Finds words that are one edit away from a text."""

from collections.abc import Collection


def one_edit_away(said: str, words: Collection[str]) -> list[str]:
    """Return the words at distance 1: one letter added, removed, changed, or two swapped.

    Implements `services.voting.message.Nearest` by the optimal string alignment distance.
    """
    from rapidfuzz.distance import OSA  # takes 0.1 s, and most texts do not need it

    return [word for word in words if OSA.distance(said, word, score_cutoff=1) == 1]
