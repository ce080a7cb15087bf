"""The changes that applying poll files makes in the directory, and checks that they are allowed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from services.polls.changes import check_change, check_extension, check_final, with_wait_remedy
from services.polls.definition import refuse_clashes, with_line
from services.polls.entry import DirectoryEntry
from services.voting.errors import PollFileError, Problem
from services.voting.lifecycle import archived, is_quiet, why_final, with_former_numbers
from services.voting.operators_log import What
from services.voting.poll import Poll, Round, State
from services.voting.probe_names import is_lab, is_probe

HasBegun = Callable[[Round], bool]
"""Returns whether a round has begun; see `services.voting.begun`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollChange:
    """The change of one poll: its entry before and after, and `created`, `changed` and so on."""

    before: DirectoryEntry | None
    after: DirectoryEntry
    verdict: str

    @property
    def poll(self) -> Poll:
        """The poll after the change."""
        return self.after.round.poll

    @property
    def what(self) -> What:
        """The name of the change in the operator's log."""
        names: dict[str, What] = {"created": "created", "archived": "archived"}
        return names.get(self.verdict, "applied")

    @property
    def detail(self) -> str:
        """What the log says beside the name: a file that was removed, or has returned."""
        if self.verdict == "archived":
            return "its file was removed"
        was_removed = self.before is not None and self.before.file_removed
        return "its file has returned" if was_removed and not self.after.file_removed else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedPolls:
    """Ids of polls by what applying the files did to them."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()


def plan(
    entries: Sequence[DirectoryEntry],
    polls: Sequence[Poll],
    *,
    default_number: str | None,
    now_ms: int,
) -> list[PollChange]:
    """Plan the changes after which the directory has exactly these polls; others are archived.

    Polls of checks and of the lab have no file, and are removed by whoever made them.
    """
    remaining = {entry.round.poll.id: entry for entry in entries}
    changes = []
    for poll in polls:
        before = remaining.pop(poll.id, None)
        after = _apply_definition(poll, before, default_number, now_ms)
        changes.append(PollChange(before=before, after=after, verdict=_verdict(before, after)))
    for entry in remaining.values():
        if entry.round.state is not State.ARCHIVED and not _needs_no_file(entry.round.poll):
            after = replace(entry, round=archived(entry.round, now_ms), file_removed=True)
            changes.append(PollChange(before=entry, after=after, verdict="archived"))
    return changes


def _needs_no_file(poll: Poll) -> bool:
    return is_probe(poll.id) or is_lab(poll.id, poll.numbers)


def changes_to_write(
    changes: Sequence[PollChange], *, begun: HasBegun, unreadable: Sequence[str], now_ms: int
) -> list[PollChange]:
    """The changes of a plan to write. `unreadable`: ids of polls whose rows cannot be parsed.

    Raises:
        PollFileError: the names of two polls conflict, or a poll changes settings that ballots
            depend on, or a final round.
    """
    refuse_clashes([change.poll for change in changes if change.verdict != "archived"])
    allowed = [_check_change(change, begun, unreadable, now_ms) for change in changes]
    return [_with_past(change, now_ms) for change in allowed if change.verdict != "unchanged"]


def applied(changes: Sequence[PollChange]) -> AppliedPolls:
    """The summary of a plan, after its entries were written."""
    ids = {
        name: tuple(change.poll.id for change in changes if change.verdict == name)
        for name in ("created", "changed", "unchanged", "archived")
    }
    return AppliedPolls(**ids)


def _with_past(change: PollChange, now_ms: int) -> PollChange:
    """The change with what is to be known of the old definition: when it was open, and where."""
    if change.before is None:
        return change
    before = change.before.round
    round = replace(change.after.round, was_open_until_ms=before.last_open_ms(now_ms))
    round = with_former_numbers(round, before, now_ms)
    return replace(change, after=replace(change.after, round=round))


def _verdict(before: DirectoryEntry | None, after: DirectoryEntry) -> str:
    if before is None:
        return "created"
    same = before == after and before.round.poll.definition == after.round.poll.definition
    return "unchanged" if same else "changed"


def _check_change(
    change: PollChange, begun: HasBegun, unreadable: Sequence[str], now_ms: int
) -> PollChange:
    """Check and complete one change. Raises: PollFileError."""
    poll, before = change.poll, change.before
    if before is None and poll.id in unreadable:
        remedy = "its row in the directory cannot be read: mend or delete that row first"
        _refuse(poll, [Problem(key="poll", value=poll.id, remedy=remedy)])
    if before is None or change.verdict != "changed":
        return change
    round = before.round
    _refuse(poll, check_final(round, poll, why_final(round, now_ms)))
    problems = [
        *check_change(round.poll, poll, round.number),
        *check_extension(poll, round.expires_from_ms),
    ]
    if not problems and poll.closes_at_ms == round.poll.closes_at_ms:
        return change
    # Once ballots may have expired, a round without ballots is no proof that there were none.
    if round.is_final_at(now_ms) or begun(round):
        _refuse(poll, problems)
        return change
    if not is_quiet(round, now_ms):
        _refuse(poll, map(with_wait_remedy, problems))
        return change
    # No ballot has an expiry yet, and none gets one before this entry is stored.
    fresh = replace(change.after, round=replace(change.after.round, expires_from_ms=None))
    return replace(change, after=fresh)


def _refuse(poll: Poll, problems: Iterable[Problem]) -> None:
    if found := [with_line(problem, poll.definition) for problem in problems]:
        raise PollFileError(f"polls/{poll.id}.toml", found)


def _apply_definition(
    poll: Poll, before: DirectoryEntry | None, default_number: str | None, now_ms: int
) -> DirectoryEntry:
    number = poll.numbers[0] if poll.numbers else default_number
    if before is None:
        return DirectoryEntry(round=Round(poll=poll), number=number)
    round = replace(before.round, poll=poll)
    if before.file_removed:
        round = replace(round, state=State.AUTO, state_at_ms=now_ms)
    return replace(before, round=round, number=number or before.number, file_removed=False)
