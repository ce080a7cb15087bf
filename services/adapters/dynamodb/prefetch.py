"""Fetches the next page of a query while the current one is processed."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

T = TypeVar("T")


def prefetch(pages: Iterator[T], pool: Executor) -> Iterator[T]:
    """Return the same pages, fetched at most one ahead by a thread of the pool.

    The first page is requested immediately.
    """
    next_page: Future[T | None] = pool.submit(next, pages, None)

    def read() -> Iterator[T]:
        nonlocal next_page
        while (page := next_page.result()) is not None:
            next_page = pool.submit(next, pages, None)
            yield page

    return read()
