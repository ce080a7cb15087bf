"""Computes the demo's expected count from the texts and the webhook's replies alone.

The poll may be closed, opened or reset between two reads of the directory, and webhooks cache
the directory for some seconds. It is then unknown in which round a text counted. So the crowd
pauses until all webhooks use the new round, and the phones of those texts vote again first:
only the latest text of a phone counts.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final

from services.tools.phones.crowd import Crowd
from services.tools.phones.delivery import WebhookReply
from services.voting.poll import Phase, Round

SETTLE_SECONDS: Final = 5.0
"""Webhooks cache the directory for up to 3 s, and a text takes some time."""


class Expectation:
    """The expected votes of a crowd in the current round of a poll where the latest text counts.

    `update_round` and `tally` may be called from any thread; `may_text`, which changes the crowd,
    and `add_reply` only from the thread that texts.
    """

    def __init__(self, crowd: Crowd) -> None:
        self.votes: dict[str, str] = {}
        """The choice of each phone, by the replies so far."""
        self.handset_votes: Mapping[str, str] = {}
        """Votes that people sent from the phone page."""
        self.is_waiting = False
        """Whether the crowd pauses."""
        self._crowd = crowd
        self._crowd_round: int | None = None
        self._round: Round | None = None
        self._open_since: float | None = None
        self._counted_sids: set[str] = set()
        self._uncertain: list[WebhookReply] = []
        self._lock = threading.Lock()

    def update_round(self, round: Round, read_at: float) -> None:
        """Set the poll's round as it was read from the directory at a time.

        The first round is assumed to be known to all webhooks.
        """
        with self._lock:
            before, self._round = self._round or round, round
            is_open = round.phase_at(int(read_at * 1000)) is Phase.OPEN
            if self._crowd_round is None:
                self._crowd_round = round.number
            if round.number != before.number:
                self.votes.clear()
                self._counted_sids.clear()
            if round != before or not is_open:
                self.is_waiting, self._open_since = True, None
            if self.is_waiting:
                self._open_since = (self._open_since or read_at) if is_open else None
            else:
                self._uncertain = [one for one in self._uncertain if one.answered_at >= read_at]

    def may_text(self, now: float, *, in_flight: int) -> bool:
        """Return whether the crowd may text; after a pause, uncertain phones text first."""
        with self._lock:
            if not self.is_waiting:
                return True
            if self._open_since is None or now < self._open_since + SETTLE_SECONDS or in_flight:
                return False
            self.is_waiting = False
            self._update_crowd()
            return True

    def _update_crowd(self) -> None:
        assert self._round  # noqa: S101 - only an update starts a pause
        if self._round.number == self._crowd_round:
            self._crowd.change_poll(self._round.poll)
        else:
            self._crowd.begin_round(self._round.poll)
        self._crowd_round = self._round.number
        self._crowd.text_again([one.text for one in self._uncertain])
        self._uncertain.clear()

    def add_reply(self, reply: WebhookReply) -> None:
        """Add a reply; an accepted text changes the expected vote of its phone."""
        text = reply.text
        with self._lock:
            if not reply.accepted or not text.choice or text.sid in self._counted_sids:
                return
            self._uncertain.append(reply)
            if not self.is_waiting:
                self._counted_sids.add(text.sid)
                self.votes[text.sender] = text.choice

    def tally(self) -> Counter[str]:
        """Return the expected votes by choice once every text is counted."""
        with self._lock:
            return Counter(self.votes.values()) + Counter(self.handset_votes.values())
