"""What the demo's count must come to, from the texts and their answers alone.

Between two looks at the directory the poll may have been closed, opened or reset, and a
webhook may obey the directory as it was some seconds before. Nobody knows then into which
round a text went. So the crowd waits until the round is the same everywhere, and the phones
whose texts were answered in between vote again first: their latest text is what counts.
"""

import threading
from collections import Counter
from typing import Final, Protocol

from services.tools.phones.crowd import Crowd
from services.tools.phones.sms import SimulatedText
from services.voting.poll import Phase, Round

SETTLE_SECONDS: Final = 5.0
"""A webhook may obey a directory that is 3 s old, and a text takes a moment."""


class Answered(Protocol):
    """A text and its answer; times by `time.time()`, in seconds."""

    @property
    def text(self) -> SimulatedText:
        """What was texted."""

    @property
    def accepted(self) -> bool:
        """Whether the webhook took it, whatever it then made of it."""

    @property
    def answered_at(self) -> float:
        """When the answer was there."""


class Expectation:
    """The votes of a crowd's phones in the current round of a poll where the latest text counts.

    `follow` and `tally` may be called from any thread; the crowd is touched only by `may_text`,
    which belongs, as `note`, to the thread that texts.
    """

    def __init__(self, crowd: Crowd) -> None:
        self.votes: dict[str, str] = {}
        """What each phone has voted for, by the answers so far."""
        self.is_waiting = False
        """Whether the crowd must not text now."""
        self._crowd = crowd
        self._crowd_round: int | None = None
        self._seen: Round | None = None
        self._open_since: float | None = None
        self._taken: set[str] = set()
        self._unsure: list[Answered] = []
        self._lock = threading.Lock()

    def follow(self, round: Round, looked_at: float) -> None:
        """Take note of the poll's round as it stood in the directory at a moment.

        The first is taken to be known everywhere.
        """
        with self._lock:
            before, self._seen = self._seen or round, round
            is_open = round.phase_at(int(looked_at * 1000)) is Phase.OPEN
            if self._crowd_round is None:
                self._crowd_round = round.number
            if round.number != before.number:
                self.votes.clear()
                self._taken.clear()
            if round != before or not is_open:
                self.is_waiting, self._open_since = True, None
            if self.is_waiting:
                self._open_since = (self._open_since or looked_at) if is_open else None
            else:
                self._unsure = [one for one in self._unsure if one.answered_at >= looked_at]

    def may_text(self, now: float, *, in_flight: int) -> bool:
        """Whether the crowd may text; after a wait, first those whose votes are not known."""
        with self._lock:
            if not self.is_waiting:
                return True
            if self._open_since is None or now < self._open_since + SETTLE_SECONDS or in_flight:
                return False
            self.is_waiting = False
            self._tell_crowd()
            return True

    def _tell_crowd(self) -> None:
        assert self._seen  # noqa: S101 - it waits because of what was seen
        if self._seen.number == self._crowd_round:
            self._crowd.change_poll(self._seen.poll)
        else:
            self._crowd.begin_round(self._seen.poll)
        self._crowd_round = self._seen.number
        self._crowd.text_again([one.text for one in self._unsure])
        self._unsure.clear()

    def note(self, answer: Answered) -> None:
        """Take note of an answered text."""
        text = answer.text
        with self._lock:
            if not answer.accepted or not text.choice or text.sid in self._taken:
                return
            self._unsure.append(answer)
            if not self.is_waiting:
                self._taken.add(text.sid)
                self.votes[text.sender] = text.choice

    def tally(self) -> Counter[str]:
        """Votes by choice as they must be counted once everything has arrived."""
        with self._lock:
            return Counter(self.votes.values())
