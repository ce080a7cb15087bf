"""How many error replies one phone gets, so that two auto-responders cannot feed each other.

Our "That is not one of the choices" is a text to whoever answers texts by machine, and its
answer is a text to us. Imports the standard library and the kinds of outcome.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable
from hashlib import blake2b

from services.voting.ballot import OutcomeKind

MOST_REPLIES = 5
"""Error replies that one phone gets from one process in `WINDOW_SECONDS`."""

WINDOW_SECONDS = 60

MOST_PHONES = 10_000
"""Phones that are remembered, about 5 MB: the one replied to longest ago goes first."""

_COUNTED = frozenset({OutcomeKind.ACCEPTED, OutcomeKind.CHANGED, OutcomeKind.SAME})


def is_error(kind: OutcomeKind) -> bool:
    """Whether a reply to this outcome is an error reply: the text was not counted."""
    return kind not in _COUNTED


class ErrorReplyLimit:
    """Remembers when each phone got an error reply, under a hash that only this process knows.

    `monotonic` is in seconds. For one event loop; not for several threads.
    """

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, most_phones: int = MOST_PHONES
    ) -> None:
        self._monotonic = monotonic
        self._most_phones = most_phones
        self._key = secrets.token_bytes(32)
        self._replies: dict[bytes, deque[float]] = {}
        """Times of the latest replies by phone, the phone replied to longest ago first."""

    def __len__(self) -> int:
        return len(self._replies)

    def admit(self, phone: str) -> bool:
        """Whether one more error reply may go to a phone; if so, it is counted as sent."""
        now = self._monotonic()
        self._forget_older_than(now - WINDOW_SECONDS)
        phone_hash = blake2b(phone.encode(), key=self._key, digest_size=16).digest()
        times = self._replies.get(phone_hash) or deque(maxlen=MOST_REPLIES)
        if len(times) == MOST_REPLIES and times[0] > now - WINDOW_SECONDS:
            return False
        times.append(now)
        self._replies.pop(phone_hash, None)
        self._replies[phone_hash] = times
        if len(self._replies) > self._most_phones:
            del self._replies[next(iter(self._replies))]
        return True

    def _forget_older_than(self, moment: float) -> None:
        while self._replies:
            phone_hash, times = next(iter(self._replies.items()))
            if times[-1] > moment:
                return
            del self._replies[phone_hash]
