"""Limits the error replies to one phone, so that two auto-responders cannot loop.

An auto-responder answers "That is not one of the choices" with a text, which would get another
error reply.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable
from hashlib import blake2b

from services.voting.ballot import OutcomeKind

MOST_REPLIES = 5
"""Maximum number of error replies from one process to one phone in `WINDOW_SECONDS`."""

WINDOW_SECONDS = 60

MOST_PHONES = 10_000
"""Maximum number of phones to remember (about 5 MB); the least recent is dropped first."""

_COUNTED = frozenset({OutcomeKind.ACCEPTED, OutcomeKind.CHANGED, OutcomeKind.SAME})


def is_error(kind: OutcomeKind) -> bool:
    """Return True if the text was not counted, so that its reply is an error reply."""
    return kind not in _COUNTED


class ErrorReplyLimit:
    """Remembers when each phone got an error reply, by a hash with a key of this process.

    `monotonic` returns seconds. Not thread-safe.
    """

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, most_phones: int = MOST_PHONES
    ) -> None:
        self._monotonic = monotonic
        self._most_phones = most_phones
        self._key = secrets.token_bytes(32)
        self._replies: dict[bytes, deque[float]] = {}
        """Times of the latest replies by phone hash, least recent phone first."""

    def __len__(self) -> int:
        return len(self._replies)

    def admit(self, phone: str) -> bool:
        """Return True and count the reply if one more error reply may go to this phone."""
        now = self._monotonic()
        self._drop_older_than(now - WINDOW_SECONDS)
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

    def _drop_older_than(self, moment: float) -> None:
        while self._replies:
            phone_hash, times = next(iter(self._replies.items()))
            if times[-1] > moment:
                return
            del self._replies[phone_hash]
