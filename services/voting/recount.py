"""The sums of all ballots of a round, and how they differ from the boards.

Boards and recount must be equal if the stream is drained and no ballot has expired. The recount
uses the ballots only, neither the stream nor watermarks.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from services.voting.tally import Totals

MAX_UNREADABLE_KEYS: Final = 10
"""Maximum number of unreadable items whose keys are kept."""


class BallotRow(NamedTuple):
    """The attributes of a ballot that a recount needs. `key` begins with the voter.

    `picks` is empty if the ballot was forgotten or has no vote for another reason.
    """

    key: str
    board: str
    picks: Mapping[str, int]
    changed_at_ms: int
    writes: int


@dataclass(slots=True)
class Recount:
    """Sums of ballots by board: `picks`, `ballots` with a vote, and `writes` of all ballots.

    `newest_ms` is the time of the newest vote. `unreadable` counts the items that cannot be
    parsed as ballots; `unreadable_keys` has the keys of the first of them.
    """

    picks: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    ballots: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    newest_ms: int = 0
    unreadable: int = 0
    unreadable_keys: list[str] = field(default_factory=list)

    def add(self, rows: Iterable[BallotRow]) -> None:
        """Add ballots."""
        for _, board, picks, changed_at_ms, writes in rows:
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
        """Count an item that cannot be parsed as a ballot. `key` is its partition and sort key."""
        self.unreadable += 1
        if len(self.unreadable_keys) < MAX_UNREADABLE_KEYS:
            self.unreadable_keys.append(key)

    def merge(self, other: "Recount") -> None:
        """Add the sums of another shard."""
        for board, counts in other.picks.items():
            self.picks[board].update(counts)
        self.ballots.update(other.ballots)
        self.writes.update(other.writes)
        self.newest_ms = max(self.newest_ms, other.newest_ms)
        self.unreadable += other.unreadable
        self.unreadable_keys = sorted([*self.unreadable_keys, *other.unreadable_keys])[
            :MAX_UNREADABLE_KEYS
        ]

    @property
    def votes(self) -> Counter[str]:
        """Votes by choice, over all boards."""
        return sum(self.picks.values(), Counter())

    @property
    def voters(self) -> int:
        """Ballots with a vote: one for each phone, or for each text under `Policy.UNLIMITED`."""
        return self.ballots.total()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What must be added to a board to match the recount: votes by choice, and voters.

    `missing` is the number of records that a lost stream will never deliver; `removed` and `bad`
    offset the board's counts of deleted items and unreadable records. With these three, the
    stream counts as drained again.
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
    """The boards that do not match the recount. A board counts ballots as voters."""
    found = []
    for board in sorted({*boards, *recount.picks}):
        shown = boards.get(board, Totals(picks={}))
        counted: Mapping[str, int] = recount.picks.get(board, {})
        moved = {
            choice: missing
            for choice in sorted({*shown.picks, *counted})
            if (missing := counted.get(choice, 0) - shown.picks.get(choice, 0))
        }
        voters = recount.ballots[board] - shown.voters
        found.append(Difference(board=board, picks=moved, voters=voters))
    return [difference for difference in found if difference]


def write_offs(recount: Recount, boards: Mapping[str, Totals]) -> list[Difference]:
    """The differences, including the records that a lost stream will never deliver."""
    by_board = {difference.board: difference for difference in differences(recount, boards)}
    found = []
    for board in sorted({*boards, *recount.writes}):
        shown = boards.get(board, Totals(picks={}))
        moved = by_board.get(board, Difference(board=board, picks={}, voters=0))
        missing = recount.writes[board] - shown.folded
        found.append(replace(moved, missing=missing, removed=-shown.removed, bad=-shown.bad))
    return [difference for difference in found if difference]
