"""Whether the webhook's memory grows with the texts that it has answered."""

import asyncio

import psutil

from tests.bench.load import post_all, signed_requests, stub_store, webhook

BATCH = 10_000
SETTLED = 50_000
VOTES = 200_000


def grown_mb(votes: int = VOTES, settled: int = SETTLED) -> float:
    """Megabytes that the process takes more after so many votes than after the first of them."""
    with stub_store() as store, webhook("tests.bench.ours:app", store) as (pid, port):
        sizes = {}
        for done in range(BATCH, votes + 1, BATCH):
            asyncio.run(post_all(port, signed_requests(BATCH, first_phone=done)))
            sizes[done] = psutil.Process(pid).memory_info().rss
    return (sizes[votes] - sizes[settled]) / 1e6


if __name__ == "__main__":
    print(f"{grown_mb():.2f} MB")
