"""Phone lists: the lines of a file, and a poll without one."""

from services.adapters.dynamodb.allow_lists import read_phones
from services.adapters.memory import MemoryAllowLists


def test_lines_are_numbered_as_in_an_editor() -> None:
    """Comments and blank lines count as lines."""
    text = "+15550100101\n\n# guests\n  +15550100102  # chair\n"

    assert list(read_phones(text)) == [(1, "+15550100101"), (4, "+15550100102")]


async def test_nobody_is_on_the_list_of_a_poll_that_has_none() -> None:
    """In memory as on DynamoDB."""
    lists = MemoryAllowLists({"award": {"a"}})

    assert await lists.holds("award", "a") is True
    assert await lists.holds("colors", "a") is False
