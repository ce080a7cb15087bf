"""The sum of all ballots of a round, and how it differs from the board. Standard library only.

Exact whenever the stream is drained and no ballot has expired: it needs no stream, no
watermark and no memory of what was counted before.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from services.voting.ballot import SECONDS_PER_DAY
from services.voting.poll import Round
from services.voting.tally import Totals


class Slip(NamedTuple):
    """What a recount needs of a ballot. `key` begins with the voter."""

    key: str
    board: str
    picks: Mapping[str, int]
    changed_at_ms: int
    expires_at_s: int

    @property
    def voter(self) -> str:
        """Whose ballot it is; where every text is one, the key goes on with a MessageSid."""
        return self.key.partition("#")[0]


@dataclass(slots=True)
class Recount:
    """Sums of slips: `picks` and ballots by board, voters, the newest vote, the first expiry."""

    picks: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    ballots: Counter[str] = field(default_factory=Counter)
    voters: int = 0
    newest_ms: int = 0
    expires_at_s: int | None = None
    _last_voter: str | None = None

    def add(self, slips: Iterable[Slip]) -> None:
        """Take slips in; those of one voter must come one after the other."""
        last = self._last_voter
        for slip in slips:
            counts = self.picks[slip.board]
            for choice, count in slip.picks.items():
                counts[choice] += count
            self.ballots[slip.board] += 1
            if (voter := slip.voter) != last:
                last = voter
                self.voters += 1
            if slip.changed_at_ms > self.newest_ms:  # noqa: PLR1730 - twice as fast as max()
                self.newest_ms = slip.changed_at_ms
            if self.expires_at_s is None or slip.expires_at_s < self.expires_at_s:
                self.expires_at_s = slip.expires_at_s
        self._last_voter = last

    def merge(self, other: "Recount") -> None:
        """Take another shard's sums in."""
        for board, counts in other.picks.items():
            self.picks[board].update(counts)
        self.ballots.update(other.ballots)
        self.voters += other.voters
        self.newest_ms = max(self.newest_ms, other.newest_ms)
        ends = [end for end in (self.expires_at_s, other.expires_at_s) if end is not None]
        self.expires_at_s = min(ends, default=None)

    @property
    def votes(self) -> Counter[str]:
        """Votes by choice, over all boards."""
        return sum(self.picks.values(), Counter())

    def may_lack_expired(self, standing_in: Round, now_ms: int) -> bool:
        """Whether TTL may have removed ballots of this round, which the board still counts."""
        if self.expires_at_s is not None and self.expires_at_s * 1000 <= now_ms:
            return True
        began_ms = standing_in.began_at_ms or standing_in.poll.opens_at_ms
        retention_ms = standing_in.poll.retention_days * SECONDS_PER_DAY * 1000
        return bool(began_ms and began_ms + retention_ms <= now_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What must be added to a board to make it the recount: by choice, and to its voters."""

    board: str
    picks: Mapping[str, int]
    voters: int

    def __bool__(self) -> bool:
        return bool(self.picks) or bool(self.voters)


def differences(recount: Recount, boards: Mapping[str, Totals]) -> list[Difference]:
    """What is off, by board; empty where nothing is. A board counts ballots as voters."""
    found = []
    for board in sorted({*boards, *recount.picks}):
        shown = boards.get(board, Totals(picks={}))
        counted: Mapping[str, int] = recount.picks.get(board, {})
        moved = {
            choice: off
            for choice in sorted({*shown.picks, *counted})
            if (off := counted.get(choice, 0) - shown.picks.get(choice, 0))
        }
        voters = recount.ballots[board] - shown.voters
        found.append(Difference(board=board, picks=moved, voters=voters))
    return [difference for difference in found if difference]
