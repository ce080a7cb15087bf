"""Shows the progress of a long set-up, on a console or not at all."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.markup import escape


class Progress(Protocol):
    """Shows the progress of the set-up."""

    def step(self, title: str) -> AbstractContextManager[Callable[[str], None]]:
        """Show a step while it runs; yield a function that shows a detail beside its title."""


class SilentProgress:
    """Implements `Progress` and shows nothing."""

    def step(self, title: str) -> AbstractContextManager[Callable[[str], None]]:
        """Show nothing."""
        del title
        return nullcontext(lambda _: None)


@dataclass(frozen=True, slots=True)
class ConsoleProgress:
    """Prints a line for each step, with a spinner while it runs and its seconds afterwards."""

    console: Console

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show a step while it runs."""
        started = time.monotonic()
        with self.console.status(f"{title} …") as status:
            yield lambda detail: status.update(f"{title} … {escape(detail)}")
        seconds = time.monotonic() - started
        self.console.print(f"  [green]✓[/] {title:<34} [dim]{seconds:5.1f} s[/]")
