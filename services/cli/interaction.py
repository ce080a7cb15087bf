"""How a long command asks and reports: on the terminal here, in a page for `voteapp console`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from services.cli.output import confirm
from services.cli.rounds import show_progress


class Interaction(Protocol):
    """Asks the operator, and shows progress."""

    def confirm(self, question: str) -> None:
        """Ask before a change; raises if the answer is no."""

    def progress(
        self, title: str, *, unit: str = "ballots"
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Show the number of units read; the function that is yielded adds to it."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Asks on the terminal, unless `yes`; exits with 1 if the answer is no."""

    yes: bool

    def confirm(self, question: str) -> None:
        """Ask before a change."""
        confirm(question, yes=self.yes)

    def progress(
        self, title: str, *, unit: str = "ballots"
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Show a line with the number of units read."""
        return show_progress(title, unit=unit)
