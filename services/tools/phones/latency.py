"""Measures the time from a vote's reply to its count, without marking votes."""

from collections.abc import Sequence
from statistics import quantiles


def vote_to_count_ms(
    written_at: Sequence[float], samples: Sequence[tuple[float, int]]
) -> dict[str, int]:
    """Return the median and the 99th percentile of the time from a write to its count, in ms.

    `written_at` are the times of the webhook's replies, in seconds; `samples` are times and
    the number of records folded by then, in order. The k-th write counts as folded at the first
    sample with k or more records; it does not matter which vote was the k-th. A write that was
    folded before its reply arrived took 0 ms. Writes that were never folded are left out.
    """
    delays_ms = []
    rest = iter(samples)
    sample = next(rest, None)
    for place, moment in enumerate(sorted(written_at), start=1):
        while sample is not None and sample[1] < place:
            sample = next(rest, None)
        if sample is None:
            break
        delays_ms.append(max(0.0, sample[0] - moment) * 1000)
    if len(delays_ms) < 2:  # noqa: PLR2004 - quantiles need two
        return {}
    percentiles = quantiles(delays_ms, n=100, method="inclusive")
    return {"p50": round(percentiles[49]), "p99": round(percentiles[98])}
