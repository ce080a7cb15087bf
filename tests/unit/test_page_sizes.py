"""How much of a table is asked for at once, and by how many threads."""

from typing import Any

import pytest

from services.adapters.dynamodb.recounts import DynamoRecounts
from tests.support.polls import a_round


class Pages:
    """A client whose tables are empty; it keeps what each paginator was asked."""

    def __init__(self) -> None:
        self.configurations: list[dict[str, Any]] = []

    def get_paginator(self, _: str) -> "Pages":
        """As boto3."""
        return self

    def paginate(self, PaginationConfig: dict[str, Any], **_: Any) -> Any:  # noqa: N803 - AWS's name
        """No items."""
        self.configurations.append(PaginationConfig)
        yield {"Items": []}


def test_a_sum_takes_whole_pages() -> None:
    """Of 1 MB, as DynamoDB cuts them: nothing else has to be held."""
    pages: Any = Pages()
    DynamoRecounts(pages, "Votes").sums(a_round(shards=3))

    assert pages.configurations == [{}, {}, {}]


@pytest.mark.parametrize(("shards", "items"), [(1, 10_000), (10, 1_000), (1_000, 20)])
def test_a_merge_of_more_shards_takes_smaller_pages(shards: int, items: int) -> None:
    """Two pages of each are held, 20,000 ballots in all, and never fewer than 20 a page."""
    pages: Any = Pages()
    list(DynamoRecounts(pages, "Votes").rows(a_round(shards=shards), pytest.fail))

    assert pages.configurations == [{"PageSize": items}] * shards
