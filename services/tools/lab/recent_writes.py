"""Keeps a letter for each of the last writes, for readers that poll."""

import threading
from collections import deque
from typing import Final

MAX_LETTERS: Final = 300


class RecentWrites:
    """The letters of the last writes. Safe for several threads."""

    def __init__(self) -> None:
        self._letters: deque[str] = deque(maxlen=MAX_LETTERS)
        self._written = 0
        self._lock = threading.Lock()

    def add(self, letter: str) -> None:
        """Add the letter of a write; drop the oldest one beyond `MAX_LETTERS`."""
        with self._lock:
            self._letters.append(letter)
            self._written += 1

    def since(self, after: int) -> tuple[int, str]:
        """Return the number of writes so far, and the letters after write number `after`.

        At most `MAX_LETTERS` letters. If `after` is above the number of writes, the reader's number
        is from an earlier run: it gets all letters.
        """
        with self._lock:
            new = self._written - after if after <= self._written else MAX_LETTERS
            letters = "".join(self._letters)
            return self._written, letters[max(0, len(letters) - new) :]
