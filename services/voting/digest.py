"""A digest of all ballots of a round, which anybody with the export can recompute.

SHA-256 over one line a ballot, sorted by the ballot's key: the key, then every choice with
its votes in alphabetical order, as `<key> BLUE=1 RED=2`, and a line feed. For an export with
keys: `sort | sha256sum`.
"""

from collections.abc import Mapping
from hashlib import sha256


def line_of(key: str, picks: Mapping[str, int]) -> str:
    """The line of one ballot, without the line feed. `key` is the voter's pseudonym."""
    votes = (f" {choice}={count}" for choice, count in sorted(picks.items()) if count)
    return key + "".join(votes)


class Digest:
    """The digest of ballots that are added in the order of their keys."""

    def __init__(self) -> None:
        self._hash = sha256()
        self._last = ""

    def add(self, key: str, picks: Mapping[str, int]) -> None:
        """Add the next ballot. Raises: ValueError if its key is not above the last one."""
        if key <= self._last:
            raise ValueError(f"{key}: after {self._last}: add ballots in the order of their keys")
        self._last = key
        self._hash.update(f"{line_of(key, picks)}\n".encode())

    def hexdigest(self) -> str:
        """The digest of the ballots added so far."""
        return self._hash.hexdigest()
