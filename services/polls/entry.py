"""The entry of a poll in the directory."""

from dataclasses import dataclass

from services.voting.poll import Round


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """The current round of a poll, and the phone number that the screen shows.

    `revision` counts the writes of the entry. `file_removed` means that the poll was archived
    because its file was removed: it is restored if the file returns. A poll that an operator
    archived stays archived.
    """

    round: Round
    number: str | None = None
    revision: int = 0
    file_removed: bool = False
