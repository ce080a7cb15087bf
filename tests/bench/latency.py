"""How long texts wait for their replies while the webhook's core is busy for 70 % of the time.

Texts arrive at random (a Poisson process), whether or not earlier ones were answered. A text's
time counts from when it was due, so that a slow reply is not hidden by those that wait for it.
"""

import asyncio
import random
from collections.abc import Sequence
from statistics import quantiles

from tests.bench.load import (
    WARM_UP,
    cpu_seconds,
    post,
    post_all,
    signed_requests,
    stub_store,
    webhook,
)

LOAD = 0.7
TEXTS = 20_000
CONNECTIONS = 64


def p99_ms(texts: int = TEXTS) -> float:
    """The time in milliseconds that 99 % of the texts take at most."""
    requests = signed_requests(2 * WARM_UP + texts)
    with stub_store() as store, webhook("tests.bench.ours:app", store) as (pid, port):
        asyncio.run(post_all(port, requests[:WARM_UP]))
        before = cpu_seconds(pid)
        asyncio.run(post_all(port, requests[WARM_UP : 2 * WARM_UP]))
        seconds_each = (cpu_seconds(pid) - before) / WARM_UP
        waits = asyncio.run(_arrive(port, requests[2 * WARM_UP :], LOAD / seconds_each))
    return quantiles(waits, n=100)[98] * 1000


async def _arrive(port: int, requests: Sequence[bytes], rate: float) -> list[float]:
    """Send texts at so many a second on average; return the seconds that each took."""
    loop, draw = asyncio.get_running_loop(), random.Random(7)  # noqa: S311 - a repeatable load
    queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    waits: list[float] = []

    async def serve() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while len(waits) < len(requests):
            due, request = await queue.get()
            await post(reader, writer, request)
            waits.append(loop.time() - due)

    servers = [asyncio.ensure_future(serve()) for _ in range(CONNECTIONS)]
    due = loop.time() + 0.1
    for request in requests:
        due += draw.expovariate(rate)
        if (pause := due - loop.time()) > 0:
            await asyncio.sleep(pause)
        queue.put_nowait((due, request))
    while len(waits) < len(requests):
        await asyncio.wait(servers, timeout=0.05, return_when=asyncio.FIRST_EXCEPTION)
    for server in servers:
        server.cancel()
    return waits


if __name__ == "__main__":
    print(f"{p99_ms():.1f} ms")
