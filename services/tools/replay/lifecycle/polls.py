"""The directory of polls of a scenario, and webhooks that read it late."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from services.adapters.poll_store import PollStore
from services.polls.entry import DirectoryEntry
from services.voting.directory import Directory
from services.voting.errors import PollChangedError
from services.voting.poll import Round
from services.voting.timing import REDELIVERED_MS


@dataclass(slots=True, kw_only=True)
class SimulatedPolls(PollStore):
    """The `PollStore` in memory, with the conditions of the real one."""

    clock: Callable[[], int]
    held: dict[str, DirectoryEntry] = field(default_factory=dict)
    past: dict[tuple[str, int], Round] = field(default_factory=dict)

    def entries(self) -> list[DirectoryEntry]:
        """Every poll."""
        return list(self.held.values())

    def unreadable(self) -> tuple[str, ...]:
        """Every row can be read."""
        return ()

    def past_rounds(self, poll_id: str) -> list[Round]:
        """The rounds of a poll that were reset, oldest first."""
        return [ended for (name, _), ended in sorted(self.past.items()) if name == poll_id]

    def write(self, entry: DirectoryEntry, *, ended: Round | None = None) -> DirectoryEntry:
        """Store an entry that nobody else has changed."""
        poll_id = entry.round.poll.id
        if entry.revision != (self.held[poll_id].revision if poll_id in self.held else 0):
            raise PollChangedError(poll_id)
        stored = self.stamped(entry)
        stored = replace(
            stored, round=replace(stored.round, previous=None), revision=entry.revision + 1
        )
        self.held[poll_id] = stored
        if ended:
            self.past[poll_id, ended.number] = ended
        return stored

    def store_expiry(self, ended: Round, expires_from_ms: int) -> None:
        """Store the earliest expiry of a round that was reset."""
        key = (ended.poll.id, ended.number)
        known = self.past[key].expires_from_ms if key in self.past else 0
        if known is not None and known < expires_from_ms:
            raise PollChangedError(ended.poll.id)
        self.past[key] = replace(self.past[key], expires_from_ms=expires_from_ms)

    def make_final(self, round: Round, certified_at_ms: int, *, current: bool) -> bool:
        """Store that a round is certified, if it is still as it is given here."""
        poll_id, number = round.poll.id, round.number
        held = self.held[poll_id].round if current else self.past[poll_id, number]
        same = (held.number, held.state, held.changed_at_ms, held.certified_at_ms) == (
            number, round.state, round.changed_at_ms, None,
        )  # fmt: skip
        if not same:
            return False
        final = replace(held, certified_at_ms=certified_at_ms)
        if current:
            entry = self.held[poll_id]
            self.held[poll_id] = replace(entry, round=final, revision=entry.revision + 1)
        else:
            self.past[poll_id, number] = final
        return True

    def load(self) -> Directory:
        """What a webhook reads."""
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
    """The `DirectorySource` of one webhook: what it read up to so many milliseconds ago."""

    polls: SimulatedPolls
    age_ms: int
    _read: tuple[int, Directory] | None = None

    async def current(self) -> Directory:
        """The directory, at most `age_ms` old."""
        now_ms = self.polls.clock()
        if self._read is None or now_ms - self._read[0] >= self.age_ms:
            self._read = (now_ms, self.polls.load())
        return self._read[1]

    def restart(self) -> None:
        """Forget what was read, as a new process has read nothing."""
        self._read = None
