"""The sum of all ballots of a round, and how it differs from the board. Standard library only.

Exact whenever the stream is drained and no ballot has expired: it needs no stream, no
watermark and no memory of what was counted before.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from services.voting.tally import Totals

NAMED: Final = 10
"""Of ballots that cannot be read, so many are named."""


class BallotRow(NamedTuple):
    """What a recount needs of a ballot. `key` begins with the voter.

    `picks` is empty where the ballot was forgotten, or holds no vote for another reason.
    """

    key: str
    board: str
    picks: Mapping[str, int]
    changed_at_ms: int
    writes: int


@dataclass(slots=True)
class Recount:
    """Sums of slips, by board: `picks`, ballots that hold a vote, and writes of all ballots.

    `newest_ms` is when the newest vote was cast. `unreadable` counts the items that are no
    ballots; `unreadable_keys` names the first of them.
    """

    picks: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    ballots: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    newest_ms: int = 0
    unreadable: int = 0
    unreadable_keys: list[str] = field(default_factory=list)

    def add(self, slips: Iterable[BallotRow]) -> None:
        """Take slips in."""
        for _, board, picks, changed_at_ms, writes in slips:
            self.writes[board] += writes
            if not picks:
                continue
            counts = self.picks[board]
            for choice, count in picks.items():
                counts[choice] += count
            self.ballots[board] += 1
            if changed_at_ms > self.newest_ms:  # noqa: PLR1730 - twice as fast as max()
                self.newest_ms = changed_at_ms

    def add_unreadable(self, key: str) -> None:
        """Count an item that cannot be read as a ballot. `key` is both of its keys."""
        self.unreadable += 1
        if len(self.unreadable_keys) < NAMED:
            self.unreadable_keys.append(key)

    def merge(self, other: "Recount") -> None:
        """Take another shard's sums in."""
        for board, counts in other.picks.items():
            self.picks[board].update(counts)
        self.ballots.update(other.ballots)
        self.writes.update(other.writes)
        self.newest_ms = max(self.newest_ms, other.newest_ms)
        self.unreadable += other.unreadable
        self.unreadable_keys = sorted([*self.unreadable_keys, *other.unreadable_keys])[:NAMED]

    @property
    def votes(self) -> Counter[str]:
        """Votes by choice, over all boards."""
        return sum(self.picks.values(), Counter())

    @property
    def voters(self) -> int:
        """Ballots that hold a vote: one a phone, or one a text where every text is a ballot."""
        return self.ballots.total()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What must be added to a board to make it the recount: by choice, and to its voters.

    `missing` are the records that a lost stream will never deliver; `removed` and `bad` take
    back what the board says of deleted items and unreadable records. With them the board is
    drained again.
    """

    board: str
    picks: Mapping[str, int]
    voters: int
    missing: int = 0
    removed: int = 0
    bad: int = 0

    def __bool__(self) -> bool:
        return any((self.picks, self.voters, self.missing, self.removed, self.bad))


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


def write_offs(recount: Recount, boards: Mapping[str, Totals]) -> list[Difference]:
    """What is off, with the records that a lost stream will never deliver."""
    off = {difference.board: difference for difference in differences(recount, boards)}
    found = []
    for board in sorted({*boards, *recount.writes}):
        shown = boards.get(board, Totals(picks={}))
        moved = off.get(board, Difference(board=board, picks={}, voters=0))
        missing = recount.writes[board] - shown.folded
        found.append(replace(moved, missing=missing, removed=-shown.removed, bad=-shown.bad))
    return [difference for difference in found if difference]
