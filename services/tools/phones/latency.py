"""From a vote's answer to its being counted, without marking any vote."""

from collections.abc import Sequence
from statistics import quantiles


def vote_to_count_ms(
    written_at: Sequence[float], samples: Sequence[tuple[float, int]]
) -> dict[str, int]:
    """The median and the 99th percentile of the time from a write to its count.

    `written_at` are the moments at which the webhook said that a ballot was written, in
    seconds; `samples` are moments and the number of records folded by then, in order. The
    count has the k-th write at the first sample that shows k or more. Which vote was the
    k-th to be folded is not known and need not be: as many have been written before it. A
    count can be seen before the answer to its text; that is no time, not a negative one.
    Writes never counted are left out; what is not counted shows elsewhere.
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
