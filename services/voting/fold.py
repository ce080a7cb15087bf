"""Apply the changes of a batch to the tallies, each exactly once in effect.

Lambda delivers a batch at least once, possibly with other batch boundaries, possibly after its
write succeeded. One conditional write updates the counts and the watermark of a row, so a delta
is in the row together with its last sequence number, or not at all; changes up to the watermark
are dropped. The counts are exact as long as each stream shard is delivered in order, which the
stack configures and a test asserts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.voting.tally import Change, Delta, TallyRow, after_watermark, group, total

if TYPE_CHECKING:
    from services.voting.ports import Tallies


MOST_CHOICES = 100
"""Per write: an update expression has 300 operators (DynamoDB, "Expression size limits")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Numbers of records of a batch: folded now, dropped as duplicates, unreadable."""

    folded: int
    duplicates: int
    bad: int


def fold(
    changes: Iterable[Change], tallies: "Tallies", *, stream_label: str, stream_shard: str
) -> Folded:
    """Fold the changes of one stream shard, in any order and with any repeats.

    Raises what `tallies` raises. Boards before the failing one are then folded already: fold the
    whole batch again, and they drop it as duplicates.
    """
    folded = duplicates = bad = 0
    for (board, round_number), run in group(changes).items():
        row = TallyRow(
            board=board, round=round_number, stream_label=stream_label, stream_shard=stream_shard
        )
        while run:
            delta = _as_much_as_fits(run)
            watermark = tallies.apply(row, delta)
            if watermark is None:
                folded += delta.folded
                bad += delta.bad
                run = run[delta.folded :]  # noqa: PLW2901 - the rest of the run
                continue
            fresh = after_watermark(run, watermark)
            duplicates += len(run) - len(fresh)
            run = fresh  # noqa: PLW2901 - the rest of the run
    return Folded(folded=folded, duplicates=duplicates, bad=bad)


def _as_much_as_fits(run: Sequence[Change]) -> Delta:
    """The sum of as many of the changes as one write can hold."""
    delta = total(run)
    while len(delta.picks) > MOST_CHOICES and len(run) > 1:
        run = run[: len(run) // 2]
        delta = total(run)
    return delta
