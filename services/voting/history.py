"""Which rounds there were at an earlier time, from the rows of the operator's log."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.voting.directory import Directory
from services.voting.operators_log import LoggedChange
from services.voting.poll import Round


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundChange:
    """A change of a poll: from `at_ms` (epoch milliseconds) on, `round` was its current round."""

    at_ms: int
    round: Round


class History:
    """The rounds of some polls as they were at any time since the first logged change."""

    def __init__(self, changes: Iterable[RoundChange]) -> None:
        """Take the changes of each poll in the order in which they were made."""
        self._changes: defaultdict[str, list[RoundChange]] = defaultdict(list)
        self._newest: dict[tuple[str, int], Round] = {}
        for change in changes:
            round = change.round
            logged = self._changes[round.poll.id]
            self._newest[round.id] = round
            # A round that is certified or expires after its reset is not current again.
            if not logged or round.number >= logged[-1].round.number:
                logged.append(change)
        self._moments = sorted(set(self._all_moments()))

    def directory_at(self, at_ms: int) -> Directory:
        """The directory as it was at a time. A poll is in it from its first logged change on."""
        found = (_current(changes, at_ms) for changes in self._changes.values())
        return Directory(tuple(round for round in found if round is not None))

    def newest(self, round: Round) -> Round:
        """The round as its last logged change left it."""
        return self._newest.get(round.id, round)

    def began_before_log(self, number: str, at_ms: int) -> bool:
        """Whether a poll on the number existed at a time that is before its first logged change."""
        firsts = (changes[0] for changes in self._changes.values())
        return any(
            first.round.began_at_ms <= at_ms < first.at_ms and first.round.poll.is_on(number)
            for first in firsts
        )

    def moments_between(self, after_ms: int, until_ms: int) -> list[int]:
        """When any round may have changed its phase or file in `(after_ms, until_ms]`, sorted."""
        first, last = (bisect_right(self._moments, at_ms) for at_ms in (after_ms, until_ms))
        return self._moments[first:last]

    def _all_moments(self) -> Iterator[int]:
        for changes in self._changes.values():
            for change in changes:
                round = change.round
                yield change.at_ms
                clock = (round.poll.opens_at_ms, round.poll.closes_at_ms, round.expires_from_ms)
                yield from (at_ms for at_ms in clock if at_ms is not None)


def _current(changes: list[RoundChange], at_ms: int) -> Round | None:
    place = bisect_right(changes, at_ms, key=lambda change: change.at_ms)
    return changes[place - 1].round if place else None


def history_of(log: Iterable[LoggedChange], *, since_ms: int | None = None) -> History:
    """The history by the rows of the operator's log, in their order.

    With `since_ms`, every poll is taken to have been since that time what its first row says: for
    a deployment that replaces a lost one.
    """
    changes = [RoundChange(at_ms=change.at_ms, round=change.round) for change in log]
    if since_ms is not None:
        firsts: dict[str, RoundChange] = {}
        for change in changes:
            firsts.setdefault(change.round.poll.id, change)
        earlier = [one.round for one in firsts.values() if since_ms < one.at_ms]
        changes = [*(RoundChange(at_ms=since_ms, round=round) for round in earlier), *changes]
    return History(changes)
