"""Limits of the tables and of the APIs. The tables are on demand.

A ballot is under 1 KB, so a text is one write unit, or two if it changes a vote. On-demand capacity
costs nothing while nobody votes; provisioned capacity for a rush would be charged around the clock,
because scaling policies raise a table only minutes after a rush has begun. What a rate and an
audience need is calculated by `services/tools/capacity`, whose figures check the options. AWS:
"Understanding DynamoDB warm throughput", "Throttle requests to your HTTP APIs for better throughput
in API Gateway".
"""

from dataclasses import dataclass
from typing import Final, Self

from infra.options import Options

_REQUESTS_PER_TEXT: Final = 2
"""Room for attempts that Twilio repeats, and for a rate that was guessed too low."""
_BURST_SECONDS: Final = 2
_MOST_BURST: Final = 5_000
"""API Gateway's default quota of an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLimits:
    """Optional ceilings of an on-demand table, and the rate that it takes without scaling up."""

    max_reads_per_second: int | None = None
    max_writes_per_second: int | None = None
    warm_writes_per_second: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Limits of each table. Polls are read every two seconds a webhook: never limited."""

    votes: TableLimits
    aggregates: TableLimits
    polls: TableLimits = TableLimits()

    @classmethod
    def of(cls, options: Options) -> Self:
        """Return the limits that the options ask for."""
        return cls(
            votes=TableLimits(
                max_writes_per_second=options.max_writes_per_second,
                warm_writes_per_second=options.warm_writes_per_second,
            ),
            aggregates=TableLimits(max_reads_per_second=options.max_reads_per_second),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimit:
    """The token bucket of an API: what it admits per second, and at most at once."""

    per_second: int
    burst: int

    @classmethod
    def of(cls, options: Options) -> Self:
        """Calculate the limit from the expected rate of texts."""
        per_second = options.expected_texts_per_second * _REQUESTS_PER_TEXT
        return cls(per_second=per_second, burst=min(per_second * _BURST_SECONDS, _MOST_BURST))
