"""A fingerprint of all ballots of a round, which anybody with the export can recompute.

SHA-256 over one line a ballot, sorted by the ballot's key: the key, then every choice with
its votes in alphabetical order, as `<key> BLUE=1 RED=2`, each line ended by a line feed. With
an export that has keys: `sort | sha256sum`. Standard library only.
"""

from collections.abc import Mapping
from hashlib import sha256


def line_of(key: str, picks: Mapping[str, int]) -> str:
    """One ballot's line, without the line feed. `key` is the voter's pseudonym."""
    votes = (f" {choice}={count}" for choice, count in sorted(picks.items()) if count)
    return key + "".join(votes)


class Digest:
    """Takes ballots in the order of their keys.

    Raises:
        ValueError: a ballot comes out of order, or twice.
    """

    def __init__(self) -> None:
        self._hash = sha256()
        self._last = ""

    def add(self, key: str, picks: Mapping[str, int]) -> None:
        """The next ballot."""
        if key <= self._last:
            raise ValueError(f"{key}: after {self._last}: ballots go by their keys")
        self._last = key
        self._hash.update(f"{line_of(key, picks)}\n".encode())

    def hexdigest(self) -> str:
        """Of the ballots so far."""
        return self._hash.hexdigest()
