"""Poll files into the directory: what applying them would do, what forbids it, doing it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.adapters.dynamodb.directory_items import Entry
from services.polls.changes import check_change, check_extension, check_final, not_quiet
from services.polls.definition import located, refuse_clashes
from services.voting.errors import PollFileError, Problem
from services.voting.lifecycle import archived, is_quiet, why_final
from services.voting.poll import Poll, Round, State

if TYPE_CHECKING:
    from services.adapters.poll_store import PollStore

Begun = Callable[[Round], bool]
"""Whether a round has begun, see `services.voting.begun`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What becomes of one poll: its entry before and after, and what that is called."""

    before: Entry | None
    after: Entry
    verdict: str

    @property
    def poll(self) -> Poll:
        """The poll as it is to be."""
        return self.after.round.poll


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What applying definitions did, as poll ids."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()


def plan(
    held: Sequence[Entry], polls: Sequence[Poll], *, default_number: str | None, now_ms: int
) -> list[Step]:
    """What makes the directory hold exactly these polls; those that are gone are archived."""
    left = {entry.round.poll.id: entry for entry in held}
    steps = []
    for poll in polls:
        before = left.pop(poll.id, None)
        after = _defined(poll, before, default_number, now_ms)
        steps.append(Step(before=before, after=after, verdict=_verdict(before, after)))
    for entry in left.values():
        if entry.round.state is not State.ARCHIVED:
            after = replace(entry, round=archived(entry.round, now_ms), gone=True)
            steps.append(Step(before=entry, after=after, verdict="archived"))
    return steps


def carry_out(store: "PollStore", steps: Sequence[Step], begun: Begun) -> Applied:
    """Write what a plan changes.

    Raises:
        PollFileError: two polls clash, a poll changes what the ballots of a round depend on, or
            a final round. Nothing is written then.
        PollChangedError: somebody else changed a poll meanwhile.
    """
    refuse_clashes([step.poll for step in steps if step.verdict != "archived"])
    now_ms, unreadable = store.clock(), store.unreadable()
    allowed = [_allowed(step, begun, unreadable, now_ms) for step in steps]
    for step in allowed:
        if step.verdict != "unchanged":
            store.write(_heard(step, now_ms))
    ids = {
        name: tuple(step.poll.id for step in steps if step.verdict == name)
        for name in ("created", "changed", "unchanged", "archived")
    }
    return Applied(**ids)


def _heard(step: Step, now_ms: int) -> Entry:
    """The entry with when its round was last open under its old definition."""
    if step.before is None:
        return step.after
    heard_ms = step.before.round.last_open_ms(now_ms)
    return replace(step.after, round=replace(step.after.round, heard_until_ms=heard_ms))


def _verdict(before: Entry | None, after: Entry) -> str:
    if before is None:
        return "created"
    same = before == after and before.round.poll.definition == after.round.poll.definition
    return "unchanged" if same else "changed"


def _allowed(step: Step, begun: Begun, unreadable: Sequence[str], now_ms: int) -> Step:
    """The step as it may be carried out. Raises: PollFileError."""
    poll, before = step.poll, step.before
    if before is None and poll.id in unreadable:
        remedy = "its row in the directory cannot be read: mend or delete that row first"
        _refuse(poll, [Problem(key="poll", value=poll.id, remedy=remedy)])
    if before is None or step.verdict != "changed":
        return step
    standing = before.round
    _refuse(poll, check_final(standing, poll, why_final(standing, now_ms)))
    problems = [
        *check_change(standing.poll, poll, standing.number),
        *check_extension(poll, standing.expires_from_ms),
    ]
    if not problems and poll.closes_at_ms == standing.poll.closes_at_ms:
        return step
    # Once ballots may have expired, nothing that is left tells that there was none.
    if standing.is_final_at(now_ms) or begun(standing):
        _refuse(poll, problems)
        return step
    if not is_quiet(standing, now_ms):
        _refuse(poll, map(not_quiet, problems))
        return step
    # No ballot carries an expiry yet, and none can before this is stored.
    fresh = replace(step.after, round=replace(step.after.round, expires_from_ms=None))
    return replace(step, after=fresh)


def _refuse(poll: Poll, problems: Iterable[Problem]) -> None:
    if where := [located(problem, poll.definition) for problem in problems]:
        raise PollFileError(f"polls/{poll.id}.toml", where)


def _defined(poll: Poll, before: Entry | None, default_number: str | None, now_ms: int) -> Entry:
    number = poll.numbers[0] if poll.numbers else default_number
    if before is None:
        return Entry(round=Round(poll=poll), number=number)
    standing = replace(before.round, poll=poll)
    if before.gone:
        standing = replace(standing, state=State.AUTO, state_at_ms=now_ms)
    return replace(before, round=standing, number=number or before.number, gone=False)
