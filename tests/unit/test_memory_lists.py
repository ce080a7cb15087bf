"""Allow lists in memory: listed since ever, or from when until when."""

import pytest

from services.adapters.memory import MemoryAllowLists


@pytest.mark.parametrize(("at_ms", "listed"), [(9, False), (10, True), (19, True), (20, False)])
async def test_a_phone_was_listed_in_its_spans(at_ms: int, listed: bool) -> None:  # noqa: FBT001
    """The end is not part of a span; the last one may have none."""
    lists = MemoryAllowLists({"colors": {"a", "b"}}, {("colors", "a"): [(10, 20), (30, None)]})

    assert await lists.was_listed("colors", "a", at_ms) is listed
    assert await lists.was_listed("colors", "a", at_ms + 100)


async def test_a_phone_without_spans_is_listed_since_ever_or_not_at_all() -> None:
    """By the list as it is."""
    lists = MemoryAllowLists({"colors": {"b"}})

    assert await lists.was_listed("colors", "b", 0)
    assert not await lists.was_listed("colors", "c", 0)
    assert not await lists.was_listed("other", "b", 0)
