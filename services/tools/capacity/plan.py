"""Answers what a vote needs: shards, partitions, units a second, and the way to read."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final, Literal

from services.tools.capacity import limits
from services.tools.capacity.board import BoardSize
from services.tools.capacity.partitions import WriteRates, write_rates
from services.voting.sharding import DEFAULT_SHARDS, MAX_SHARDS

ReadPath = Literal["direct", "large"]

SHARDS: Final = (DEFAULT_SHARDS, 16, 32, 64, 128, 256)
"""The numbers that are tried, the smallest first; for higher peaks `MAX_SHARDS`."""
SPARE: Final = 1.5
MOST_SPARE: Final = 4
"""Partitions may be so many times those of an even placement, where more shards are not enough."""
THROTTLED: Final = 0.01
"""The share of the writes of the busiest second that a plan lets throttle at first."""
EDGE_LOCATIONS: Final = 750
"""More than CloudFront has; each asks the reader about once a second, if it has a viewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is expected: `texts_per_second` in the busiest second, and `viewers` at a time.

    Both are of all polls together, spread evenly. `days` is how long the polls are open.
    """

    texts_per_second: int
    viewers: int
    days: float
    polls: int = 1

    @property
    def write_units(self) -> int:
        """Write units of the busiest second."""
        return limits.write_units(self.texts_per_second)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPlan:
    """The answer; `shards` is for each poll, `rates` are in write units."""

    demand: Demand
    shards: int
    partitions: int
    rates: WriteRates
    board: BoardSize

    @property
    def warm_writes_per_second(self) -> int | None:
        """What the option of this name must be; None if a new table takes the peak."""
        writes = self.partitions * limits.PARTITION_WRITES
        return writes if writes > limits.NEW_TABLE_WRITES else None

    @property
    def read_path(self) -> ReadPath:
        """Read the table directly while one partition can serve all viewers."""
        return "direct" if self.demand.viewers <= self.board.viewers else "large"

    @property
    def reads_per_second(self) -> int:
        """Queries of boards; for large audiences at most one for each edge location and poll."""
        if self.read_path == "direct":
            return self.demand.viewers
        most = min(EDGE_LOCATIONS * self.demand.polls, self.board.viewers)
        return min(self.demand.viewers, most)

    @property
    def read_units(self) -> float:
        """Read units a second of all queries."""
        return self.reads_per_second * self.board.read_units


def plan_for(demand: Demand) -> CapacityPlan:
    """Return the fewest partitions that the placement allows, and for them the fewest shards.

    Partitions are tried first as the peak needs them if placed evenly: more are charged once.
    """
    least = limits.partitions_for(demand.write_units)
    tried = [
        *((shards, least) for shards in SHARDS),
        *((shards, round(least * SPARE)) for shards in SHARDS),
        (MAX_SHARDS, least * MOST_SPARE),
    ]
    enough = ((shards, most) for shards, most in tried if _takes(demand, shards, most))
    shards, most = next(enough, tried[-1])
    choices = range(least, most + 1)
    place = bisect_left(choices, x=True, key=lambda one: _takes(demand, shards, one))
    partitions = choices[min(place, len(choices) - 1)]
    return CapacityPlan(
        demand=demand,
        shards=shards,
        partitions=partitions,
        rates=_rates(demand, shards, partitions),
        board=BoardSize(partitions=partitions, days=demand.days),
    )


def _takes(demand: Demand, shards: int, partitions: int) -> bool:
    return _rates(demand, shards, partitions).nearly_always >= demand.write_units


def _rates(demand: Demand, shards: int, partitions: int) -> WriteRates:
    return write_rates(
        shards=shards, partitions=partitions, polls=demand.polls, throttled=THROTTLED
    )
