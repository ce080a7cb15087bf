"""What operators and deploys do to the polls, over any store of them.

A store reads the entries and writes one on condition that nobody else has changed it; the
rules of changing are here, so that a simulator in memory runs the same ones.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from services.polls.entry import DirectoryEntry
from services.voting.errors import (
    PollChangedError,
    PollUnknownError,
    PollUnreadableError,
    RoundUnknownError,
)
from services.voting.lifecycle import expiry_after_end, next_round, with_expiry
from services.voting.lifecycle import opened as open_round
from services.voting.poll import Poll, Round, State

if TYPE_CHECKING:
    from services.polls.plan import AppliedPolls, PollChange

ATTEMPTS = 5
"""Operators at two desks are few; a deploy beside them makes three."""


def never_begun(_: Round) -> bool:
    """For stores that hold no ballots: no round has begun."""
    return False


class PollStore(ABC):
    """The polls of a deployment. `clock` tells the epoch milliseconds at which they change."""

    __slots__ = ()
    clock: Callable[[], int]

    @abstractmethod
    def entries(self) -> list[DirectoryEntry]:
        """Every poll that can be read, archived ones too."""

    @abstractmethod
    def unreadable(self) -> tuple[str, ...]:
        """What cannot be read: ids of polls, and past rounds as "colors, round 1"."""

    @abstractmethod
    def past_rounds(self, poll_id: str) -> list[Round]:
        """The rounds of a poll that were reset, oldest first, each as it was when it ended.

        One that cannot be read is left out.
        """

    @abstractmethod
    def write(self, entry: DirectoryEntry, *, ended: Round | None = None) -> DirectoryEntry:
        """Store an entry as it was stamped, and the round that has ended; what was stored.

        Raises:
            PollChangedError: somebody else changed the entry meanwhile.
        """

    @abstractmethod
    def store_expiry(self, ended: Round, expires_from_ms: int) -> None:
        """Store the earliest expiry of a round that was reset; an earlier one stays.

        Raises:
            PollChangedError: there is no such round, or it has an earlier one.
        """

    def entry(self, poll_id: str) -> DirectoryEntry:
        """One poll. Raises: PollUnknownError, PollUnreadableError."""
        entries = self.entries()
        for entry in entries:
            if entry.round.poll.id == poll_id:
                return entry
        if poll_id in self.unreadable():
            raise PollUnreadableError(poll_id)
        raise PollUnknownError(poll_id, [entry.round.poll.id for entry in entries])

    def rounds(self, poll_id: str) -> list[Round]:
        """All rounds of a poll, the current one last. Raises: PollUnknownError."""
        return [*self.past_rounds(poll_id), self.entry(poll_id).round]

    def apply(
        self,
        polls: Sequence[Poll],
        *,
        default_number: str | None = None,
        begun: Callable[[Round], bool] = never_begun,
    ) -> "AppliedPolls":
        """Make the directory hold exactly these polls; those that are gone are archived.

        Applying the same polls again changes nothing. A round, its state and its ballots
        are never touched. `begun` says whether a round has begun (`has_begun`).

        Raises:
            PollFileError: two polls clash, a poll changes what the ballots of a round depend
                on, or a final round. Nothing is applied then.
            PollChangedError: somebody else changed a poll meanwhile; polls before it are applied.
        """
        from services.polls.plan import applied, entries_to_write  # not in the webhook's cold start

        changes = self.plan(polls, default_number=default_number)
        for entry in entries_to_write(
            changes, begun=begun, unreadable=self.unreadable(), now_ms=self.clock()
        ):
            self.write(entry)
        return applied(changes)

    def plan(
        self, polls: Sequence[Poll], *, default_number: str | None = None
    ) -> "list[PollChange]":
        """What `apply` would do."""
        from services.polls.plan import plan  # not in the webhook's cold start

        now_ms = self.clock()
        return plan(self.entries(), polls, default_number=default_number, now_ms=now_ms)

    def change(
        self, poll_id: str, decide: Callable[[Round], Round]
    ) -> tuple[DirectoryEntry, DirectoryEntry]:
        """Put a poll's round into another state; the entry before and after.

        Read, decided and written again where somebody else was faster. A new round leaves
        the old one remembered. What stays as it is is not written.

        Raises:
            PollUnknownError: there is no such poll.
            PollChangedError: somebody else kept changing it.
        """
        for _ in range(ATTEMPTS):
            before = self.entry(poll_id)
            round = decide(before.round)
            if round == before.round:
                return before, before
            # Archived with its file, it comes back with it, unless an operator opens it before.
            file_removed = before.file_removed and round.state is State.ARCHIVED
            try:
                after = self.write(
                    replace(before, round=round, file_removed=file_removed), ended=round.previous
                )
            except PollChangedError:
                continue
            return before, after
        raise PollChangedError(poll_id)

    def reset(
        self, poll_id: str, number: int, *, begun: Callable[[Round], bool], opened: bool = False
    ) -> tuple[DirectoryEntry, DirectoryEntry]:
        """Start the round after `number`; the entry before and after.

        A round that has not begun and can take texts is not reset, nor one that somebody else
        has reset already. `opened` opens the round that there is then.

        Raises:
            PollUnknownError, PollChangedError: as `change`.
        """
        now_ms = self.clock()

        def decide(round: Round) -> Round:
            # Somebody else may have reset it meanwhile: their round is the new one.
            if round.number == number and (round.is_final_at(now_ms) or begun(round)):
                round = next_round(round, now_ms)
            return open_round(round, now_ms) if opened else round

        return self.change(poll_id, decide)

    def promise_expiry(self, poll_id: str, number: int) -> int:
        """Store in an ended round when its ballots may expire, before one carries it. Epoch ms.

        Raises:
            PollUnknownError, RoundUnknownError: there is none.
            RoundNotEndedError: texts may still become ballots of the round.
            PollChangedError: somebody else keeps changing the poll.
        """
        *past, current = self.rounds(poll_id)
        for ended in past:
            if ended.number == number:
                at_ms = expiry_after_end(ended, self.clock())
                self.store_expiry(ended, at_ms)
                return at_ms
        if current.number != number:
            raise RoundUnknownError(poll_id, number, current.number)

        def promised(round: Round) -> Round:
            # Opened again meanwhile, the round raises.
            return replace(round, expires_from_ms=expiry_after_end(round, self.clock()))

        _, after = self.change(poll_id, promised)
        return after.round.expires_from_ms or 0

    def stamped(self, entry: DirectoryEntry) -> DirectoryEntry:
        """The entry as it is to be stored: changed now, with the earliest expiry it may bring."""
        now_ms, round = self.clock(), entry.round
        began_at_ms = round.began_at_ms or (0 if entry.revision else now_ms)
        changed = replace(round, changed_at_ms=now_ms, began_at_ms=began_at_ms)
        return replace(entry, round=with_expiry(changed, now_ms))
