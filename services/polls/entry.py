"""A poll in the directory: its current round, and what operators have made of it."""

from dataclasses import dataclass

from services.voting.poll import Round


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """The current round of a poll, and the phone number that the screen shows.

    `revision` counts the writes of the entry. `gone` is true where the poll was archived because
    its file was removed: it is restored if the file returns. A poll that an operator archived
    stays archived.
    """

    round: Round
    number: str | None = None
    revision: int = 0
    gone: bool = False
