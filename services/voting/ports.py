"""What the rules need from the outside world. Adapters implement these, tests fake them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from services.voting.ballot import Ballot
from services.voting.certificate import Certificate
from services.voting.directory import Directory
from services.voting.poll import Round
from services.voting.recount import BallotRow, Difference, Recount
from services.voting.tally import Delta, TallyRow, Totals

Clock = Callable[[], int]
"""The time, in epoch milliseconds."""

Progress = Callable[[int], None]
"""Called with the number of ballots read since the last call, from any thread."""


class Ballots(Protocol):
    """The ballots of all rounds. Every method may raise StoreUnavailableError."""

    async def create(self, ballot: Ballot, round: Round) -> bool:
        """Store a ballot that does not exist yet; False if one does, and nothing changed."""

    async def find(self, pk: str, sk: str, round: Round) -> Ballot | None:
        """The ballot as last written (a strongly consistent read)."""

    async def replace(self, ballot: Ballot, round: Round, *, expected: int) -> bool:
        """Rewrite a ballot that was written `expected` times; False if it was written since."""


class DirectorySource(Protocol):
    """Where the polls are read from. May raise StoreUnavailableError."""

    async def current(self) -> Directory:
        """The directory, at most a moment old."""


class PhoneLists(Protocol):
    """The phones that may vote where a poll names them. May raise StoreUnavailableError."""

    async def holds(self, poll_id: str, mark: str) -> bool:
        """Whether a phone, by its `mark_of`, is on the list of a poll."""


class Tallies(Protocol):
    """The tally rows of all boards."""

    def apply(self, row: TallyRow, delta: Delta) -> str | None:
        """Add a delta to a row and move its watermark to `delta.last`, in one write.

        Only where the watermark is below `delta.first`: otherwise nothing is written and
        the stored watermark is returned. Any other failure raises, and whether the write
        landed is then unknown: offering the same changes again is safe.
        """

    def totals(self, board: str, round_number: int) -> Totals:
        """Sums over the rows of a round (a strongly consistent read)."""


class AuditedTallies(Tallies, Protocol):
    """The tally rows, as an audit reads them."""

    def watermarks(self, board: str, round_number: int) -> Mapping[tuple[str, str], str]:
        """How far each stream shard is folded, by (stream label, stream shard)."""


class Recounts(Protocol):
    """All ballots of a round."""

    def ballots(self, round: Round) -> Iterator[Ballot]:
        """Every ballot of the round, in no particular order."""


class AuditedBallots(Protocol):
    """All ballots of a round, as an audit reads them (strongly consistent reads)."""

    def has_ballots(self, round: Round) -> bool:
        """Whether the round has a single item, readable or not."""

    def sums(self, round: Round, told: Progress) -> Recount:
        """The recount of a round."""

    def slips(self, round: Round, unreadable: Callable[[str], None]) -> Iterator[BallotRow]:
        """Every ballot in the order of the keys. `unreadable` gets the keys of the others."""


class Certificates(Protocol):
    """The certified results, one a round at most."""

    def find(self, poll: str, round_number: int) -> Certificate | None:
        """The certificate of a round (a strongly consistent read)."""

    def write(self, certificate: Certificate, round: Round, *, current: bool) -> bool:
        """Store it and make its round final, in one write; False if the round has one already.

        Raises:
            PollChangedError: the round is no longer as it is given here.
        """


class Corrections(Protocol):
    """The correction rows that repairs write."""

    def count(self, board: str, round_number: int) -> int:
        """How often the board was corrected (a strongly consistent read)."""

    def apply(self, off: Difference, round_number: int, *, expected: int, at_ms: int) -> bool:
        """Add a difference in one write; False if the board was corrected meanwhile."""
