"""An old value is kept while it cannot be loaded again, up to an age."""

import asyncio
from dataclasses import dataclass, field

import pytest

from services.adapters.ttl_cache import CachedAwaitable
from tests.support.loop_clock import stop_loop_clock


@dataclass
class Source:
    """What is loaded: numbered values, fresh for 2 s and kept for 60 s."""

    now: float = 0.0
    error: Exception | None = None
    gate: asyncio.Event | None = None
    loads: list[float] = field(default_factory=list)
    reported: list[tuple[str, float]] = field(default_factory=list)
    """The type of each error reported, and the age of the value that was kept."""

    async def load(self) -> int:
        """The number of this load; it hangs while there is a closed gate."""
        self.loads.append(self.now)
        number = len(self.loads)
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error
        return number

    def cache(self) -> CachedAwaitable[int]:
        """A cache over this source."""
        return CachedAwaitable(
            self.load,
            seconds=2,
            stale_seconds=60,
            on_stale=lambda error, age: self.reported.append((type(error).__name__, age)),
            monotonic=lambda: self.now,
        )


async def settled() -> None:
    """Let what runs in the background go on."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_old_value_is_used_while_it_cannot_be_loaded() -> None:
    """The failure is reported, with the age of what is used in its place."""
    source = Source()
    cached = source.cache()
    await cached.current()
    source.now, source.error = 3.0, ConnectionError()
    value = await cached.current()

    assert value == 1
    assert source.reported == [("ConnectionError", 3.0)]


@pytest.mark.parametrize(("age", "kept"), [(59.9, True), (60.0, False)])
async def test_no_value_is_kept_longer_than_its_greatest_age(
    age: float,
    kept: bool,  # noqa: FBT001
) -> None:
    """Certificates wait for that age: an older directory could still open a closed poll."""
    source = Source()
    cached = source.cache()
    await cached.current()
    source.now, source.error = age, ConnectionError()
    answer = (await asyncio.gather(cached.current(), return_exceptions=True))[0]

    assert (answer == 1) is kept
    assert isinstance(answer, ConnectionError) is not kept
    assert bool(source.reported) is kept


async def test_a_failing_source_is_asked_once_in_the_time_of_a_fresh_value() -> None:
    """A hundred texts in two seconds cost it one request, and one line of the log."""
    source = Source()
    cached = source.cache()
    await cached.current()
    source.error = ConnectionError()
    for source.now in (3.0, 3.1, 4.9, 5.0, 5.1, 6.9, 7.0):
        assert await asyncio.gather(*(cached.current() for _ in range(20))) == [1] * 20
        await settled()

    assert source.loads == [0.0, 3.0, 5.0, 7.0]
    assert [age for _, age in source.reported] == [3.0, 5.0, 7.0]


async def test_a_first_load_that_fails_is_an_error() -> None:
    """There is nothing to use in its place, and nothing to report as old."""
    source = Source(error=ConnectionError())

    with pytest.raises(ConnectionError):
        await source.cache().current()
    assert source.reported == []


async def test_a_load_that_hangs_delays_one_text_by_a_second_and_the_next_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A text is answered within its budget of 3 s."""
    source = Source()
    cached = source.cache()
    await cached.current()
    clock, source.gate, source.now = stop_loop_clock(monkeypatch), asyncio.Event(), 3.0
    first = asyncio.ensure_future(cached.current())
    await settled()
    await clock.pass_by(0.9)
    early = first.done()
    await clock.pass_by(0.2)
    in_time = first.done()
    source.now = 6.0
    later = asyncio.ensure_future(cached.current())
    await settled()

    assert (early, in_time, later.done()) == (False, True, True)
    assert first.result() == later.result() == 1
    assert source.loads == [0.0, 3.0]
    assert source.reported == [("TimeoutError", 3.0)]


async def test_a_load_that_hung_and_ends_at_last_is_used() -> None:
    """Nobody waits for it any more; it is as old as its beginning."""
    source = Source()
    cached = source.cache()
    await cached.current()
    source.now, source.gate = 3.0, asyncio.Event()
    waiting = asyncio.ensure_future(cached.current())
    await settled()
    waiting.cancel()
    source.now = 4.0
    source.gate.set()
    await settled()

    assert [await cached.current(), len(source.loads)] == [2, 2]
    source.now = 5.0
    assert await cached.current() == 3


async def test_after_an_outage_the_new_value_is_used() -> None:
    """It is loaded in the background, and the text after it sees it."""
    source = Source()
    cached = source.cache()
    await cached.current()
    source.now, source.error = 3.0, ConnectionError()
    await cached.current()
    source.now, source.error = 5.0, None
    during = await cached.current()
    await settled()

    assert (during, await cached.current()) == (1, 3)


async def test_after_a_pause_without_texts_the_value_is_waited_for() -> None:
    """One failure a while ago is no outage: the directory may have changed since."""
    source = Source()
    cached = source.cache()
    await cached.current()
    source.now, source.error = 3.0, ConnectionError()
    await cached.current()
    source.now, source.error = 7.0, None

    assert await cached.current() == 3


async def test_who_wants_a_younger_value_never_gets_the_old_one() -> None:
    """A signature that does not fit the old token may fit the new one: Twilio sends it again."""
    source = Source()
    cached = source.cache()
    await cached.current()
    source.now, source.error = 6.0, ConnectionError()

    for _ in range(3):
        with pytest.raises(ConnectionError):
            await cached.current(max_age_seconds=5)
    assert source.loads == [0.0, 6.0]
    source.now, source.error = 11.0, None
    assert await cached.current(max_age_seconds=5) == 3
