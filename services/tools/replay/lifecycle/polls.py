"""A directory of polls in memory, and webhooks that cache it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from services.adapters.poll_store import PollStore
from services.polls.entry import DirectoryEntry
from services.voting.directory import Directory
from services.voting.errors import PollChangedError, StoreUnavailableError
from services.voting.history import history_of
from services.voting.operators_log import LoggedChange, What
from services.voting.placement import LatePlacements
from services.voting.poll import Round
from services.voting.timing import DIRECTORY_STALE_MS, REDELIVERED_MS


@dataclass(slots=True, kw_only=True)
class SimulatedPolls(PollStore):
    """The `PollStore` in memory, with the same conditions on writes as in DynamoDB."""

    clock: Callable[[], int]
    by: Callable[[], str] = field(default=lambda: "local")
    held: dict[str, DirectoryEntry] = field(default_factory=dict)
    log: list[LoggedChange] = field(default_factory=list)
    past: dict[tuple[str, int], Round] = field(default_factory=dict)
    _placements: LatePlacements | None = None

    def entries(self) -> list[DirectoryEntry]:
        """Return every poll."""
        return list(self.held.values())

    def unreadable(self) -> tuple[str, ...]:
        """Return no rows: all of them can be read."""
        return ()

    def past_rounds(self, poll_id: str) -> list[Round]:
        """Return the ended rounds of a poll, oldest first."""
        return [ended for (name, _), ended in sorted(self.past.items()) if name == poll_id]

    def changes(self, poll_id: str | None = None) -> list[LoggedChange]:
        """Return the log of a poll, or of all polls, oldest first."""
        return [one for one in self.log if poll_id in (None, one.round.poll.id)]

    def log_event(self, change: LoggedChange, *, revision: int) -> None:  # noqa: ARG002
        """Add a row to the log."""
        self._placements = None
        self.log.append(change)

    def write(
        self,
        entry: DirectoryEntry,
        *,
        ended: Round | None = None,
        what: What | None = None,
        detail: str = "",
    ) -> DirectoryEntry:
        """Store an entry and its log row, unless its revision is outdated."""
        poll_id = entry.round.poll.id
        if entry.revision != (self.held[poll_id].revision if poll_id in self.held else 0):
            raise PollChangedError(poll_id)
        stored = self.stamped(entry)
        self.log_event(self.logged(stored, what, detail), revision=entry.revision + 1)
        stored = replace(
            stored, round=replace(stored.round, previous=None), revision=entry.revision + 1
        )
        self.held[poll_id] = stored
        if ended:
            self.past[poll_id, ended.number] = ended
        return stored

    def find_round(self, round: Round) -> Round:
        """Return a round as it is now."""
        current = self.held[round.poll.id].round
        return current if current.number == round.number else self.past[round.poll.id, round.number]

    def store_expiry(self, ended: Round, expires_from_ms: int, *, revision: int) -> None:
        """Store the earliest expiry of an ended round."""
        key = ended.id
        before = self.past[key].expires_from_ms if key in self.past else 0
        if before is not None and before < expires_from_ms:
            raise PollChangedError(ended.poll.id)
        self.past[key] = replace(self.past[key], expires_from_ms=expires_from_ms)
        self.log_event(self.logged_past(self.past[key], "expiry"), revision=revision)

    def make_final(self, round: Round, certified_at_ms: int, *, current: bool) -> bool:
        """Store that a round is certified, if it has not changed."""
        poll_id, number = round.poll.id, round.number
        stored = self.held[poll_id].round if current else self.past[poll_id, number]
        same = (stored.number, stored.state, stored.changed_at_ms, stored.certified_at_ms) == (
            number, round.state, round.changed_at_ms, None,
        )  # fmt: skip
        if not same:
            return False
        final = replace(stored, certified_at_ms=certified_at_ms)
        self.log_event(self.logged_past(final, "certified"), revision=self.held[poll_id].revision)
        if current:
            entry = self.held[poll_id]
            self.held[poll_id] = replace(entry, round=final, revision=entry.revision + 1)
        else:
            self.past[poll_id, number] = final
        return True

    def placements(self) -> LatePlacements:
        """Return the placements of late texts by the operator's log as it is now."""
        if self._placements is None:
            self._placements = LatePlacements(history_of(self.log))
        return self._placements

    def load(self) -> Directory:
        """Return the directory as a webhook reads it."""
        since_ms = self.clock() - REDELIVERED_MS
        rounds = (self._with_previous(entry.round, since_ms) for entry in self.held.values())
        return Directory(tuple(one for one in rounds if one.was_active_after(since_ms)))

    def _with_previous(self, round: Round, since_ms: int) -> Round:
        if round.number == 1 or round.began_at_ms <= since_ms:
            return round
        before = self._with_previous(self.past[round.poll.id, round.number - 1], since_ms)
        return replace(round, previous=before)


@dataclass(slots=True)
class LateDirectory:
    """The `DirectorySource` of one webhook: a cached directory, at most `age_ms` old.

    While it cannot be read, the cached one is used until it is `stale_ms` old.
    """

    polls: SimulatedPolls
    age_ms: int
    stale_ms: int = DIRECTORY_STALE_MS
    is_down: Callable[[], bool] = lambda: False
    _cached: tuple[int, Directory] | None = None

    async def current(self) -> Directory:
        """Return the directory."""
        now_ms = self.polls.clock()
        if self.is_down():
            if self._cached is None or now_ms - self._cached[0] > self.stale_ms:
                raise StoreUnavailableError("Query")
            return self._cached[1]
        if self._cached is None or now_ms - self._cached[0] >= self.age_ms:
            self._cached = (now_ms, self.polls.load())
        return self._cached[1]

    def restart(self) -> None:
        """Clear the cache, as a new process does."""
        self._cached = None
