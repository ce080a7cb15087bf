"""Poll files into the directory: what applying them would do, what forbids it, doing it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.adapters.entries import Entry
from services.voting.definition import located, refuse_clashes
from services.voting.errors import PollFileError
from services.voting.poll import Poll, Round, State
from services.voting.sense import check_change

if TYPE_CHECKING:
    from services.adapters.directory import DynamoDirectory


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
            ended = replace(entry.round, state=State.ARCHIVED, state_at_ms=now_ms)
            after = replace(entry, round=ended, gone=True)
            steps.append(Step(before=entry, after=after, verdict="archived"))
    return steps


def carry_out(
    directory: "DynamoDirectory", steps: Sequence[Step], begun: Callable[[Round], bool]
) -> Applied:
    """Write what a plan changes.

    Raises:
        PollFileError: two polls clash, or a poll changes what a round with ballots depends
            on. Nothing is written then.
    """
    refuse_clashes([step.poll for step in steps if step.verdict != "archived"])
    _refuse_changes(steps, begun)
    for step in steps:
        if step.verdict != "unchanged":
            directory.write(step.after)
    ids = {
        name: tuple(step.poll.id for step in steps if step.verdict == name)
        for name in ("created", "changed", "unchanged", "archived")
    }
    return Applied(**ids)


def _verdict(before: Entry | None, after: Entry) -> str:
    if before is None:
        return "created"
    same = before == after and before.round.poll.definition == after.round.poll.definition
    return "unchanged" if same else "changed"


def _refuse_changes(steps: Sequence[Step], begun: Callable[[Round], bool]) -> None:
    for step in steps:
        if step.before is None or step.verdict != "changed":
            continue
        standing = step.before.round
        problems = list(check_change(standing.poll, step.poll, standing.number))
        if problems and begun(standing):
            where = [located(problem, step.poll.definition) for problem in problems]
            raise PollFileError(f"polls/{step.poll.id}.toml", where)


def _defined(poll: Poll, before: Entry | None, default_number: str | None, now_ms: int) -> Entry:
    number = poll.numbers[0] if poll.numbers else default_number
    if before is None:
        return Entry(round=Round(poll=poll), number=number)
    standing = replace(before.round, poll=poll)
    if before.gone:
        standing = replace(standing, state=State.AUTO, state_at_ms=now_ms)
    return replace(before, round=standing, number=number or before.number, gone=False)
