"""What an audit of a round found, and what speaks against repairing or certifying it. Pure.

The stream is proven to be drained, not guessed: every write of a ballot adds one to the
ballot's `writes` and leaves one stream record, and the boards count the records they hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.voting.certificate import Certificate
from services.voting.lifecycle import has_settled
from services.voting.poll import Phase, Round
from services.voting.recount import Difference, Recount, differences
from services.voting.tally import Totals
from services.voting.timing import LANDING_SECONDS

Boards = Mapping[str, Totals]
Watermarks = Mapping[str, Mapping[tuple[str, str], str]]
"""By board, then by (stream label, stream shard)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The board, a recount of the ballots made after it was read, and what is off.

    `corrections` are how often each board was corrected when the audit began, `complaints` what
    is wrong with the event source mapping.
    """

    round: Round
    recount: Recount
    boards: Boards
    watermarks: Watermarks
    complaints: tuple[str, ...]
    iterator_age_ms: int | None
    corrections: Mapping[str, int]
    digest: str
    at_ms: int

    @property
    def off(self) -> list[Difference]:
        """What would have to be added to the boards; empty where all is right."""
        return differences(self.recount, self.boards)

    @property
    def writes(self) -> int:
        """How often the ballots of the round were written."""
        return self.recount.writes.total()

    @property
    def folded(self) -> int:
        """How many stream records of the round the boards hold."""
        return sum(board.folded for board in self.boards.values())

    @property
    def removed(self) -> int:
        """How many items of the round were deleted, as the boards know."""
        return sum(board.removed for board in self.boards.values())

    @property
    def bad(self) -> int:
        """How many stream records of the round could not be read, as the boards know."""
        return sum(board.bad for board in self.boards.values())

    @property
    def not_drained(self) -> tuple[str, ...]:
        """Why the stream is not proven to be drained; empty if it is.

        Every write of a ballot adds one to the ballot's `writes` and leaves one stream record.
        The boards were read first: where writes and folded records are equal, every write was
        folded by then, and none has come since.
        """
        names = {*self.boards, *self.recount.writes}
        none = Totals(picks={})
        odd = self.removed or self.bad
        if not odd and all(
            self.boards.get(name, none).folded == self.recount.writes[name] for name in names
        ):
            return ()
        return (*self._why_not_equal(), *self.complaints)

    def _why_not_equal(self) -> list[str]:
        found = []
        if self.removed:
            found.append(f"{self.removed} items were deleted from the table of ballots")
        if self.bad:
            found.append(f"{self.bad} stream records could not be read")
        writes, folded = self.writes, self.folded
        if folded < writes:
            found.append(f"{writes - folded:,} of {writes:,} writes are not folded yet: wait")
        if found:
            return found
        return [f"{writes:,} writes, {folded:,} records folded: were ballots edited by hand?"]

    @property
    def impaired(self) -> tuple[str, ...]:
        """Why the ballots may not be all that were cast, or cannot all be read."""
        found = []
        if self.round.is_expiring_at(self.at_ms):
            found.append("ballots of this round have begun to expire: some may be gone")
        if count := self.recount.unreadable:
            keys = ", ".join(self.recount.unreadable_keys)
            found.append(f"{count} items cannot be read as ballots ({keys}): mend or delete them")
        return tuple(found)

    @property
    def not_settled(self) -> tuple[str, ...]:
        """Why texts may still become ballots of the round; empty if none can."""
        phase = self.round.phase_at(self.at_ms)
        if phase not in {Phase.CLOSED, Phase.ARCHIVED}:
            return (f"the poll is {phase}: close it first",)
        if not has_settled(self.round, self.at_ms):
            return (f"texts may still be on their way to it: wait {LANDING_SECONDS} seconds",)
        return ()

    @property
    def certificate(self) -> Certificate:
        """What a certificate of this round would say now."""
        return Certificate(
            poll=self.round.poll.id,
            round=self.round.number,
            picks={choice.key: 0 for choice in self.round.poll.choices} | dict(self.recount.votes),
            ballots=self.recount.ballots.total(),
            voters=self.recount.voters,
            certified_at_ms=self.at_ms,
            digest=self.digest,
        )
