"""Exactly once in effect: apply the changes of a batch to the tallies.

Lambda delivers a batch at least once, perhaps again with other bounds, perhaps after its
write landed. Counts and watermark of a row move in one conditional write, so a delta is
either in the row together with its last sequence number, or not at all; what the row
already holds is dropped by its watermark. It is exact as long as one stream shard is
delivered in order, which the stack sets and a test asserts. Standard library only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.voting.tally import Change, Delta, TallyRow, after_watermark, group, total

if TYPE_CHECKING:
    from services.voting.ports import Tallies


MOST_CHOICES = 100
"""Of one write: an update expression holds 300 operators (DynamoDB, "Expression size limits")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What became of a batch: records folded now, dropped as known, unreadable."""

    folded: int
    duplicates: int
    bad: int


def fold(
    changes: Iterable[Change], tallies: "Tallies", *, stream_label: str, stream_shard: str
) -> Folded:
    """Fold the changes of one stream shard, given in any order and with any repeats.

    Raises whatever `tallies` raises. Boards before the failing one are then folded and stay
    so: fold the whole batch again and they drop it.
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
                run = run[delta.folded :]  # noqa: PLW2901 - what is left of it
                continue
            fresh = after_watermark(run, watermark)
            duplicates += len(run) - len(fresh)
            run = fresh  # noqa: PLW2901 - what is left of it
    return Folded(folded=folded, duplicates=duplicates, bad=bad)


def _as_much_as_fits(run: Sequence[Change]) -> Delta:
    """The sum of the changes, or of the first of them where too many choices move at once."""
    delta = total(run)
    while len(delta.picks) > MOST_CHOICES and len(run) > 1:
        run = run[: len(run) // 2]
        delta = total(run)
    return delta
