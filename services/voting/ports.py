"""What the rules need from the outside world. Adapters implement these, tests fake them."""

from collections.abc import Callable, Iterator
from typing import Protocol

from services.voting.ballot import Ballot
from services.voting.directory import Directory
from services.voting.poll import Round
from services.voting.tally import Delta, TallyRow, Totals

Clock = Callable[[], int]
"""The time, in epoch milliseconds."""


class Ballots(Protocol):
    """The ballots of all rounds. Every method may raise StoreUnavailableError."""

    async def create(self, ballot: Ballot, standing_in: Round) -> bool:
        """Store a ballot that does not exist yet; False if one does, and nothing changed."""

    async def find(self, pk: str, sk: str, standing_in: Round) -> Ballot | None:
        """The ballot as last written (a strongly consistent read)."""

    async def replace(self, ballot: Ballot, standing_in: Round, *, expected: int) -> bool:
        """Rewrite a ballot that holds `expected` texts; False if it holds others by now."""


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
        the standing watermark is returned. Any other failure raises, and whether the write
        landed is then unknown: offering the same changes again is safe.
        """

    def totals(self, board: str, round_number: int) -> Totals:
        """Sums over the rows of a round (a strongly consistent read)."""


class Recounts(Protocol):
    """All ballots of a round, for a recount."""

    def ballots(self, standing_in: Round) -> Iterator[Ballot]:
        """Every ballot of the round, in no particular order."""
