"""One page ahead: the next query runs while the last one's answer is worked on."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def ahead(pages: Iterator[T]) -> Iterator[Iterator[T]]:
    """The same pages; of those that were not asked for yet, one is held at most.

    The first one is fetched at once. A thread of its own does it, and ends with the context.
    """
    with ThreadPoolExecutor(1) as pool:
        following: Future[T | None] = pool.submit(next, pages, None)

        def read() -> Iterator[T]:
            nonlocal following
            while (page := following.result()) is not None:
                following = pool.submit(next, pages, None)
                yield page

        yield read()
