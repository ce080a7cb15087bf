"""What the console shows and does, as a port: `services.cli.console_desk` works on a deployment."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

Action = Literal["open", "close", "extend", "reset", "certify"]
ACTIONS: Final[tuple[Action, ...]] = ("open", "close", "extend", "reset", "certify")


class DeskError(Exception):
    """Something was refused or could not be read; the text is for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackLabel:
    """Which stack the console works on, as the page always shows it.

    `stage` is `local` for a demo. `operator` is who acts, as the log names them.
    """

    name: str
    stage: str
    region: str
    operator: str
    dashboard_url: str | None

    @property
    def document(self) -> dict[str, str | bool | None]:
        """As JSON; production is shown in red."""
        return {
            "name": self.name,
            "stage": self.stage,
            "is_production": self.stage.startswith("prod"),
            "region": self.region,
            "operator": self.operator,
            "dashboard_url": self.dashboard_url,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReadings:
    """All polls as they are now, as JSON, and the revision of each."""

    polls: Sequence[Mapping[str, Any]]
    revisions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the operator asks for, with the revision of the poll that they saw.

    `minutes` belongs to `extend`; `confirmed_id` is what they typed to confirm reset and certify.
    """

    action: Action
    poll: str
    round: int
    revision: int
    minutes: int = 0
    confirmed_id: str = ""


class Dialogue(Protocol):
    """Asks the operator during an action, and shows its progress."""

    def confirm(self, question: str) -> None:
        """Ask before a change. Raises: DeskError if the answer is no."""

    def progress(
        self, title: str, *, unit: str = "ballots"
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Show the number of units read; the function that is yielded adds to it."""


class Desk(Protocol):
    """The deployment that the console shows. Every method may raise `DeskError`."""

    @property
    def stack(self) -> StackLabel:
        """Which stack it is."""

    def read_polls(self) -> PollReadings:
        """Read all polls and their counts, sealed ones too."""

    def read_log(self, poll: str) -> Sequence[Mapping[str, Any]]:
        """Read the operator's log of a poll, oldest first, as JSON."""

    def check_health(self) -> Sequence[Mapping[str, str]]:
        """Check the way of a text; takes seconds."""

    def act(self, request: Request, dialogue: Dialogue) -> str:
        """Do what the operator asks for, and return a sentence that says what was done."""
