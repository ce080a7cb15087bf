"""The tape of the last writes, for whoever looks at it now and then."""

import threading
from collections import deque
from typing import Final

LENGTH: Final = 300


class Tape:
    """One letter a write. May be written and read from several threads."""

    def __init__(self) -> None:
        self._letters: deque[str] = deque(maxlen=LENGTH)
        self._written = 0
        self._lock = threading.Lock()

    def write(self, letter: str) -> None:
        """Add the next write; beyond `LENGTH` the oldest is forgotten."""
        with self._lock:
            self._letters.append(letter)
            self._written += 1

    def since(self, after: int) -> tuple[int, str]:
        """How many were ever written, and the letters of those that followed the first `after`.

        Not more than `LENGTH` letters. Who has seen more than were written has seen another
        tape: they get all there is.
        """
        with self._lock:
            new = self._written - after if after <= self._written else LENGTH
            letters = "".join(self._letters)
            return self._written, letters[max(0, len(letters) - new) :]
