"""The changes that operators and deploys make to polls, on top of any store.

A store reads all entries and writes one entry by optimistic locking. The rules are here, so that
a simulator with a store in memory runs the same ones.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from services.polls.entry import DirectoryEntry
from services.voting.errors import (
    PollChangedError,
    PollStaleError,
    PollUnknownError,
    PollUnreadableError,
    RoundUnknownError,
)
from services.voting.lifecycle import expiry_after_end, next_round, numbers_known, with_expiry
from services.voting.lifecycle import opened as open_round
from services.voting.operators_log import UNKNOWN, LoggedChange, What, name_change
from services.voting.poll import Poll, Round, State

if TYPE_CHECKING:
    from services.polls.plan import AppliedPolls, PollChange

ATTEMPTS = 5
"""Attempts of an optimistic write; there are few operators and one deploy at a time."""


def never_begun(_: Round) -> bool:
    """Return False: for stores without ballots, where no round can have begun."""
    return False


def no_detail(_before: Round, _after: Round) -> str:
    """Return no detail for the row of a change in the log."""
    return ""


def unknown_operator() -> str:
    """Return that it is unknown who makes the changes."""
    return UNKNOWN


class PollStore(ABC):
    """The polls of a deployment, with the operator's log of their changes.

    `clock` returns the time of changes in epoch milliseconds, `by` who makes them.
    """

    __slots__ = ()
    clock: Callable[[], int]
    by: Callable[[], str]

    @abstractmethod
    def entries(self) -> list[DirectoryEntry]:
        """Return every readable poll, also archived ones."""

    @abstractmethod
    def unreadable(self) -> tuple[str, ...]:
        """Return what cannot be read: ids of polls, and past rounds as "colors, round 1"."""

    @abstractmethod
    def past_rounds(self, poll_id: str) -> list[Round]:
        """Return the past rounds of a poll, oldest first, each as it was when it was reset.

        Unreadable rounds are left out.
        """

    @abstractmethod
    def write(
        self,
        entry: DirectoryEntry,
        *,
        ended: Round | None = None,
        what: What | None = None,
        detail: str = "",
    ) -> DirectoryEntry:
        """Stamp and store an entry, its log row, and the round that was reset.

        Returns the stored entry. `what` and `detail` are for the log; by default the entry was
        created or applied.

        Raises:
            PollChangedError: somebody else changed the entry meanwhile.
        """

    @abstractmethod
    def store_expiry(self, ended: Round, expires_from_ms: int, *, revision: int) -> None:
        """Store the earliest expiry of a round that was reset; an earlier one stays.

        `revision` is that of the poll's entry.

        Raises:
            PollChangedError: there is no such round, or it has an earlier one.
        """

    @abstractmethod
    def log_event(self, change: LoggedChange, *, revision: int) -> None:
        """Store a row of the log for an event that does not change the entry."""

    def entry(self, poll_id: str) -> DirectoryEntry:
        """Return the entry of one poll. Raises: PollUnknownError, PollUnreadableError."""
        entries = self.entries()
        for entry in entries:
            if entry.round.poll.id == poll_id:
                return entry
        if poll_id in self.unreadable():
            raise PollUnreadableError(poll_id)
        raise PollUnknownError(poll_id, [entry.round.poll.id for entry in entries])

    def rounds(self, poll_id: str) -> list[Round]:
        """Return all rounds of a poll, the current one last. Raises: PollUnknownError."""
        return [*self.past_rounds(poll_id), self.entry(poll_id).round]

    def apply(
        self,
        polls: Sequence[Poll],
        *,
        default_number: str | None = None,
        begun: Callable[[Round], bool] = never_begun,
    ) -> "AppliedPolls":
        """Make the directory hold exactly these polls; polls without a file are archived.

        Idempotent. Rounds, their states and their ballots do not change. `begun` returns whether
        a round has begun (`has_begun`).

        Raises:
            PollFileError: two polls clash, or a poll changes a setting that the ballots of its
                round depend on, or a final round; then nothing is applied.
            PollChangedError: somebody else changed a poll meanwhile; polls before it are applied.
        """
        from services.polls.plan import applied, changes_to_write  # not in the webhook's cold start

        changes = self.plan(polls, default_number=default_number)
        for change in changes_to_write(
            changes, begun=begun, unreadable=self.unreadable(), now_ms=self.clock()
        ):
            self.write(change.after, what=change.what, detail=change.detail)
        return applied(changes)

    def plan(
        self, polls: Sequence[Poll], *, default_number: str | None = None
    ) -> "list[PollChange]":
        """Return the changes that `apply` would make."""
        from services.polls.plan import plan  # not in the webhook's cold start

        now_ms = self.clock()
        return plan(self.entries(), polls, default_number=default_number, now_ms=now_ms)

    def change(
        self,
        poll_id: str,
        decide: Callable[[Round], Round],
        *,
        revision: int | None = None,
        describe: Callable[[Round, Round], str] = no_detail,
    ) -> tuple[DirectoryEntry, DirectoryEntry]:
        """Change a poll's round by `decide`; return the entry before and after.

        If somebody else changes the poll meanwhile, it is read and decided again; with `revision`,
        the one that the operator saw, nothing is changed then. A new round also stores the
        previous one. An unchanged round is not written. `describe` makes the detail of the log
        row from the round before and after.

        Raises:
            PollUnknownError: there is no such poll.
            PollStaleError: the poll no longer has that revision.
            PollChangedError: somebody else changed the poll at every attempt.
        """
        for _ in range(ATTEMPTS):
            before = self.entry(poll_id)
            if revision not in {None, before.revision}:
                raise PollStaleError(poll_id)
            round = decide(before.round)
            if round == before.round:
                return before, before
            # Archived because its file was removed; restored if the file returns.
            file_removed = before.file_removed and round.state is State.ARCHIVED
            try:
                after = self.write(
                    replace(before, round=round, file_removed=file_removed),
                    ended=round.previous,
                    what=name_change(before.round, round),
                    detail=describe(before.round, round),
                )
            except PollChangedError:
                continue
            return before, after
        raise PollChangedError(poll_id)

    def extend(
        self, poll_id: str, minutes: int, *, revision: int | None = None
    ) -> tuple[DirectoryEntry, DirectoryEntry]:
        """Move a poll's closing time; return the entry before and after.

        Raises:
            RoundFinalError, RoundNotExtendableError: see `services.polls.extension`.
            PollFileError: it would then be open together with a poll that has the same words.
            PollUnknownError, PollStaleError, PollChangedError: see `change`.
        """
        from services.polls import extension  # not in the webhook's cold start

        rounds = [entry.round for entry in self.entries()]
        others = [r.poll for r in rounds if r.poll.id != poll_id and r.state is not State.ARCHIVED]
        now_ms = self.clock()

        def decide(round: Round) -> Round:
            after = extension.extended(round, minutes, now_ms)
            extension.refuse_new_clashes(round.poll, after.poll, others)
            return after

        describe = extension.describe_extension
        return self.change(poll_id, decide, revision=revision, describe=describe)

    def reset(
        self,
        poll_id: str,
        number: int,
        *,
        begun: Callable[[Round], bool],
        opened: bool = False,
        revision: int | None = None,
    ) -> tuple[DirectoryEntry, DirectoryEntry]:
        """Start the round after `number`; return the entry before and after.

        A round is not reset if it has not begun and can still accept texts, or if somebody else
        has reset it already. `opened` also opens the resulting round.

        Raises:
            PollUnknownError, PollStaleError, PollChangedError: see `change`.
        """
        now_ms = self.clock()

        def decide(round: Round) -> Round:
            # If somebody else has reset it meanwhile, their round is the new one.
            if round.number == number and (round.is_final_at(now_ms) or begun(round)):
                round = next_round(round, now_ms)
            return open_round(round, now_ms) if opened else round

        return self.change(poll_id, decide, revision=revision)

    def promise_expiry(self, poll_id: str, number: int) -> int:
        """Store the earliest expiry of an ended round, and return it in epoch milliseconds.

        It must be stored before any ballot of the round gets an expiry.

        Raises:
            PollUnknownError, RoundUnknownError: there is no such poll or round.
            RoundNotEndedError: texts may still become ballots of the round.
            PollChangedError: somebody else changed the poll at every attempt.
        """
        entry = self.entry(poll_id)
        for ended in self.past_rounds(poll_id):
            if ended.number == number:
                at_ms = expiry_after_end(ended, self.clock())
                if at_ms != ended.expires_from_ms:
                    self.store_expiry(ended, at_ms, revision=entry.revision)
                return at_ms
        if entry.round.number != number:
            raise RoundUnknownError(poll_id, number, entry.round.number)

        def promised(round: Round) -> Round:
            # Raises if the round was opened again meanwhile.
            return replace(round, expires_from_ms=expiry_after_end(round, self.clock()))

        _, after = self.change(poll_id, promised)
        return after.round.expires_from_ms or 0

    def log_list_change(self, poll_id: str, *, added: int, removed: int) -> None:
        """Log that phones were added to the allow list of a poll, or removed from it.

        Raises:
            PollUnknownError: there is no such poll.
        """
        entry = self.entry(poll_id)
        detail = f"{added} added, {removed} removed"
        change = self.logged_past(entry.round, "list", detail)
        self.log_event(change, revision=entry.revision)

    def stamped(self, entry: DirectoryEntry) -> DirectoryEntry:
        """Return the entry with the time of this change and the round's earliest expiry.

        The time of changes never goes back, even if an operator's clock does.
        """
        now_ms, round = self.clock(), entry.round
        at_ms = _not_before(now_ms, round)
        began_at_ms = round.began_at_ms or (0 if entry.revision else at_ms)
        changed = replace(
            numbers_known(round, now_ms), changed_at_ms=at_ms, began_at_ms=began_at_ms
        )
        return replace(entry, round=with_expiry(changed, at_ms))

    def logged(self, stored: DirectoryEntry, what: What | None, detail: str) -> LoggedChange:
        """Return the log row of a change of an entry, stamped, with the revision it had before."""
        what = what or ("applied" if stored.revision else "created")
        round = replace(stored.round, previous=None)
        at_ms = round.changed_at_ms
        return LoggedChange(at_ms=at_ms, what=what, by=self.by(), round=round, detail=detail)

    def logged_past(self, round: Round, what: What, detail: str = "") -> LoggedChange:
        """Return the log row of an event now that does not change the entry."""
        at_ms = _not_before(self.clock(), round)
        return LoggedChange(at_ms=at_ms, what=what, by=self.by(), round=round, detail=detail)


def _not_before(now_ms: int, round: Round) -> int:
    return max(now_ms, round.changed_at_ms, round.certified_at_ms or 0)
