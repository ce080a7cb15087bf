"""One page ahead: the next query runs while the last one's answer is worked on."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

T = TypeVar("T")


def ahead(pages: Iterator[T], pool: Executor) -> Iterator[T]:
    """The same pages; of those that were not asked for yet, one is held at most.

    The first one is fetched at once, by a thread of the pool, which many may share.
    """
    following: Future[T | None] = pool.submit(next, pages, None)

    def read() -> Iterator[T]:
        nonlocal following
        while (page := following.result()) is not None:
            following = pool.submit(next, pages, None)
            yield page

    return read()
