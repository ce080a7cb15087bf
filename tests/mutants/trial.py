"""Tries changes: applies one in a copy of the checkout, and asks its tests."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import Final, Protocol, TypeVar

from tests.mutants.change_list import Change, ListError, check_texts

TIMEOUT_SECONDS: Final = 120
"""Of the tests of a change: one that hangs is noticed."""
GREEN_SECONDS: Final = 1_800
"""Of all tests of an area."""

PASSED: Final = 0
NOTICED: Final = {1, 2}
"""A test failed, or could not be imported."""

Task = TypeVar("Task")
Done = TypeVar("Done")


class SuiteRunner(Protocol):
    """Runs tests in a copy of the checkout, see `runner.Runner`."""

    @property
    def root(self) -> Path:
        """The copy."""

    def run(self, tests: Sequence[str], timeout_seconds: float) -> int:
        """The exit code of pytest or Node."""

    def last_lines(self) -> str:
        """How the output of the last run ends."""

    def stop(self) -> None:
        """End every process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one change."""

    change: Change
    noticed: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Tries changes, one at a time with each runner. `on_start` is told what is under way."""

    runners: Sequence[SuiteRunner]
    on_start: Callable[[str], None]

    def run(self, changes: Sequence[Change]) -> Iterator[Result]:
        """The result of each change, in order.

        Raises:
            ListError: a change does not fit the code, or its tests fail or are missing without it.
        """
        check_texts(changes, self.runners[0].root)
        areas: dict[str, list[Change]] = {}
        for change in changes:
            areas.setdefault(change.area, []).append(change)
        for _ in self._each(self._require_green, list(areas.values())):
            pass
        yield from self._each(self._judge, changes)

    def _require_green(self, changes: Sequence[Change], runner: SuiteRunner) -> None:
        """Run all tests of an area without any change. Raises: ListError."""
        area = changes[0].area
        self.on_start(f"{area}: without a change")
        names = sorted({name for change in changes for name in change.noticed_by})
        if runner.run(names, GREEN_SECONDS) != PASSED:
            raise ListError(f"{area}: tests fail without any change:\n{runner.last_lines()}")

    def _judge(self, change: Change, runner: SuiteRunner) -> Result:
        """Whether the tests fail with a change. Raises: ListError where none ran."""
        self.on_start(f"{change.area}: {change.name}")
        began = monotonic()
        before = change.apply(runner.root)
        try:
            code = runner.run(change.noticed_by, TIMEOUT_SECONDS)
        finally:
            (runner.root / change.file).write_text(before, encoding="utf-8")
        if code != PASSED and code not in NOTICED:
            raise ListError(f"{change.area}: {change.name!r}: {change.noticed_by} ran no test")
        return Result(change=change, noticed=code != PASSED, seconds=monotonic() - began)

    def _each(
        self, work: Callable[[Task, SuiteRunner], Done], tasks: Sequence[Task]
    ) -> Iterator[Done]:
        """What comes of each task. Where it is interrupted, what is under way is stopped."""
        free: SimpleQueue[SuiteRunner] = SimpleQueue()
        for runner in self.runners:
            free.put(runner)

        def one(task: Task) -> Done:
            runner = free.get()
            try:
                return work(task, runner)
            finally:
                free.put(runner)

        with ThreadPoolExecutor(len(self.runners)) as pool:
            try:
                yield from pool.map(one, tasks)
            except BaseException:
                for runner in self.runners:
                    runner.stop()
                raise
