"""How old a held value may be, and that many who wait load it once."""

import asyncio
import threading

import pytest

from services.adapters.ttl_cache import Cached, CachedAwaitable


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


async def test_a_value_is_as_old_as_its_load_was_long() -> None:
    """What was asked for at 0 s and arrived at 3 s is 3 s old: it may be as old as the asking."""
    clock, loads = Clock(), []

    async def load() -> int:
        loads.append(clock.now)
        clock.now += 3
        return len(loads)

    cached = CachedAwaitable(load, seconds=5, monotonic=clock)
    first = await cached.current()
    clock.now = 4.9
    still = await cached.current()
    clock.now = 5.0
    after = await cached.current()

    assert (first, still, after) == (1, 1, 2)
    assert loads == [0.0, 5.0]


@pytest.mark.parametrize("waiting", [2, 50])
async def test_all_who_wait_for_one_load_are_given_what_it_gave(waiting: int) -> None:
    """The load takes until all of them wait; nobody loads it again after that."""
    gate = asyncio.Event()
    loads: list[None] = []

    async def load() -> int:
        loads.append(None)
        await gate.wait()
        return len(loads)

    cached = CachedAwaitable(load, seconds=60)
    callers = [asyncio.ensure_future(cached.current()) for _ in range(waiting)]
    await asyncio.sleep(0)
    gate.set()
    values = await asyncio.gather(*callers)

    assert values == [1] * waiting
    assert len(loads) == 1


async def test_who_wants_a_younger_value_is_given_one_that_somebody_else_has_just_loaded() -> None:
    """Forged texts at once have the secrets read anew once."""
    clock, loads = Clock(), []

    async def load() -> int:
        loads.append(clock.now)
        await asyncio.sleep(0)
        return len(loads)

    cached = CachedAwaitable(load, seconds=60, monotonic=clock)
    await cached.current()
    clock.now = 10
    values = await asyncio.gather(*(cached.current(max_age_seconds=5) for _ in range(20)))

    assert values == [2] * 20
    assert loads == [0, 10]


async def test_at_most_no_seconds_always_loads() -> None:
    """Zero is an age, and not the absence of one."""
    loads: list[None] = []

    async def load() -> int:
        loads.append(None)
        return len(loads)

    cached = CachedAwaitable(load, seconds=60, monotonic=Clock())

    assert [await cached.current(max_age_seconds=0) for _ in range(3)] == [1, 2, 3]


async def test_a_value_that_failed_to_load_anew_is_not_replaced_by_the_old_one() -> None:
    """Unless the cache was given an age up to which it may."""
    clock, fails = Clock(), [False]

    async def load() -> str:
        if fails[0]:
            raise ConnectionError
        return "held"

    cached = CachedAwaitable(load, seconds=2, monotonic=clock)
    await cached.current()
    clock.now, fails[0] = 2, True

    with pytest.raises(ConnectionError):
        await cached.current()
    fails[0] = False
    assert await cached.current() == "held"


async def test_those_who_waited_for_a_failed_load_share_its_error() -> None:
    """Twenty texts at once do not ask a failing store twenty times; the next one asks again."""
    loads: list[None] = []

    async def load() -> int:
        loads.append(None)
        await asyncio.sleep(0)
        if len(loads) == 1:
            raise ConnectionError
        return len(loads)

    cached = CachedAwaitable(load, seconds=60)
    values = await asyncio.gather(*(cached.current() for _ in range(5)), return_exceptions=True)

    assert [type(value) for value in values] == [ConnectionError] * 5
    assert await cached.current() == 2


async def test_a_load_that_blocks_runs_in_another_thread() -> None:
    """The event loop goes on answering while boto3 waits."""
    here = threading.get_ident()

    assert await Cached(threading.get_ident, seconds=60).current() != here


async def test_a_value_that_is_nothing_is_held_like_any_other() -> None:
    """An empty directory is not read for every text."""
    loads: list[None] = []

    async def load() -> tuple[()]:
        loads.append(None)
        return ()

    cached = CachedAwaitable(load, seconds=60, monotonic=Clock())

    assert [await cached.current() for _ in range(3)] == [(), (), ()]
    assert len(loads) == 1
