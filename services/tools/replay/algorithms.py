"""Two simpler algorithms that count the stream, beside the real aggregator.

The 2015 VoteApp kept a running counter for each choice and suffix, and added the counter in
`NewImage` to the total on every stream record. Adding `NewImage - OldImage` is right until a
batch is delivered twice.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lambdas.aggregator.batch import FOLDED
from lambdas.aggregator.records import changes_of
from services.tools.replay.event_source import Event
from services.tools.replay.stream import Record
from services.voting.ports import Tallies
from services.voting.tally import Change, Delta, TallyRow, Totals, group, total

SUFFIXES: Final = 10
"""Suffixes of a choice in the 2015 table: `RED.0` to `RED.9`."""

SUCCESS: Final = FOLDED


@dataclass(slots=True)
class UncheckedTallies:
    """The `Tallies` port without a watermark: it adds every delta."""

    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Add the delta."""
        self.counts[row.board].update(delta.picks)
        return None

    def totals(self, board: str, round_number: int) -> Totals:  # noqa: ARG002 - one round is replayed
        """Return the sums of a board."""
        return Totals(picks=dict(self.counts[board]))


def add_differences(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """Add `NewImage - OldImage` of every record, also of redelivered ones."""
    changes, _ = changes_of(event["Records"])
    apply_unchecked(changes, tallies)
    return SUCCESS


def apply_unchecked(changes: list[Change], tallies: Tallies) -> None:
    """Apply the changes of a batch with one write for each board, without a watermark."""
    for (board, round_number), run in group(changes).items():
        row = TallyRow(board=board, round=round_number, stream_label="", stream_shard="")
        tallies.apply(row, total(run))


class RunningCounters:
    """The algorithm of 2015, with its own table of counters.

    Call `add_record` with every record when it is written. Then call the instance, as a Lambda
    function, with any of these records, in any order and any number of times.
    """

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._table: Counter[str] = Counter()
        self._images: dict[str, tuple[str, int, str, int]] = {}

    def add_record(self, record: Record) -> None:
        """Increment the counter of the choice that the record's text voted for."""
        (change, *_), _ = changes_of([record]) if record["eventName"] != "REMOVE" else ([None], 0)
        if change is None or change.bad:
            return
        new = record["dynamodb"]["NewImage"]["picks"]["M"]
        if not new:
            return
        choice = next((key for key, moved in change.picks.items() if moved > 0), next(iter(new)))
        item = f"{change.board}|{choice}.{self._draw.randrange(SUFFIXES)}"
        self._table[item] += 1
        image = (change.board, change.round, choice, self._table[item])
        self._images[record["eventID"]] = image

    def __call__(self, event: Event, tallies: Tallies) -> Mapping[str, Any]:
        """Add the counter in every new image to the total."""
        changes = [
            Change(board, round_number, record["eventID"], {choice: counter}, 0, 0, 0)
            for record in event["Records"]
            if record["eventID"] in self._images
            for board, round_number, choice, counter in [self._images[record["eventID"]]]
        ]
        apply_unchecked(changes, tallies)
        return SUCCESS
