"""The ports of the domain: adapters implement them, and tests use in-memory versions."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from services.voting.ballot import Ballot
from services.voting.certificate import Certificate
from services.voting.directory import Directory
from services.voting.operators_log import LoggedChange
from services.voting.poll import Round
from services.voting.recount import BallotRow, Difference, Recount
from services.voting.tally import Delta, TallyRow, Totals

Clock = Callable[[], int]
"""The time, in epoch milliseconds."""

Progress = Callable[[int], None]
"""Called with the number of ballots read since the last call, from any thread."""


class Ballots(Protocol):
    """The ballots of all rounds. Every method may raise StoreUnavailableError."""

    async def create(self, ballot: Ballot) -> bool:
        """Store a new ballot; return False if the voter has one already, which is kept."""

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """The ballot as last written (a strongly consistent read)."""

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Replace a ballot if its `writes` equals `expected`; return whether it was replaced."""


class DirectorySource(Protocol):
    """The source of the directory. May raise StoreUnavailableError."""

    async def current(self) -> Directory:
        """The directory, at most `DIRECTORY_SECONDS` old.

        While reading it fails, at most `DIRECTORY_STALE_SECONDS`.
        """


class AllowLists(Protocol):
    """The allow lists of polls. May raise StoreUnavailableError."""

    async def holds(self, poll_id: str, phone_id: str) -> bool:
        """Whether a phone, identified by its `allow_list_id`, is on the list of a poll."""

    async def was_listed(self, poll_id: str, phone_id: str, at_ms: int) -> bool:
        """Whether the phone was on the list at that time."""


class OperatorsLog(Protocol):
    """The log of the changes of polls."""

    def changes(self, poll_id: str | None = None) -> list[LoggedChange]:
        """The readable rows of a poll, or of all polls, oldest first."""


class Tallies(Protocol):
    """The tally rows of all boards."""

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Add a delta to a row and set its watermark to `delta.last`, in one write.

        If the watermark is not below `delta.first`, nothing is written and the stored watermark
        is returned. Any other failure raises; the write may then have succeeded, and applying
        the same changes again is safe.
        """

    def totals(self, board: str, round_number: int) -> Totals:
        """The sums of the rows of a round (a strongly consistent read)."""


class AuditedTallies(Tallies, Protocol):
    """The tally rows with their watermarks, for audits."""

    def watermarks(self, board: str, round_number: int) -> Mapping[tuple[str, str], str]:
        """The watermark of each row, by (stream label, stream shard)."""


class Recounts(Protocol):
    """All ballots of a round."""

    def ballots(self, round: Round) -> Iterator[Ballot]:
        """Every ballot of the round, in no particular order."""


class AuditedBallots(Protocol):
    """All ballots of a round, for audits (strongly consistent reads)."""

    def has_ballots(self, round: Round) -> bool:
        """Whether the round has any item, readable or not."""

    def sums(self, round: Round, on_progress: Progress) -> Recount:
        """The recount of a round."""

    def rows(self, round: Round, unreadable: Callable[[str], None]) -> Iterator[BallotRow]:
        """Every ballot in key order. `unreadable` is called with the keys of the other items."""


class Certificates(Protocol):
    """The certified results, at most one for each round."""

    def find(self, poll: str, round_number: int) -> Certificate | None:
        """The certificate of a round (a strongly consistent read)."""

    def write(
        self, certificate: Certificate, round: Round, *, current: bool, begun: int = 0
    ) -> bool:
        """Store a certificate and make its round final, in one write.

        Returns False if the round has a certificate already.

        Raises:
            PollChangedError: the round has changed since it was read.
        """


class Corrections(Protocol):
    """The correction rows that repairs write."""

    def count(self, board: str, round_number: int) -> int:
        """The number of corrections of the board (a strongly consistent read)."""

    def apply(
        self, difference: Difference, round_number: int, *, expected: int, at_ms: int
    ) -> bool:
        """Add a difference in one write if the board has `expected` corrections; return whether."""
