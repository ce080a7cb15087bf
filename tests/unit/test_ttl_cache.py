"""What is loaded once for all who wait, and again when it has grown old."""

import asyncio

import pytest

from services.adapters.ttl_cache import Cached, CachedAwaitable


@pytest.mark.parametrize("blocking", [True, False])
async def test_a_value_is_loaded_once_until_it_is_old(blocking: bool) -> None:  # noqa: FBT001
    """In a thread or awaited; younger than usual on request."""
    now, loads = [0.0], []

    def load() -> int:
        loads.append(now[0])
        return len(loads)

    async def load_awaited() -> int:
        return load()

    cached: CachedAwaitable[int] = (
        Cached(load, seconds=60, monotonic=lambda: now[0])
        if blocking
        else CachedAwaitable(load_awaited, seconds=60, monotonic=lambda: now[0])
    )
    first = await asyncio.gather(*(cached.current() for _ in range(5)))
    now[0] = 10.0
    values = [await cached.current(), await cached.current(max_age_seconds=5)]
    now[0] = 70.0
    values.append(await cached.current())

    assert first == [1] * 5
    assert values == [1, 2, 3]
    assert loads == [0.0, 10.0, 70.0]


async def test_a_failed_load_is_tried_again_by_the_next_call() -> None:
    """Nothing of it is held."""
    calls: list[None] = []

    def load() -> int:
        calls.append(None)
        if len(calls) == 1:
            raise ValueError("out of reach")
        return 7

    cached = Cached(load, seconds=60)

    with pytest.raises(ValueError, match="out of reach"):
        await cached.current()
    assert await cached.current() == 7
