"""`voteapp poll open | close | extend | archive | reset`: changes the state of a poll."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from services.adapters.clock import now_ms
from services.cli.deployment import Deployment, Local, Stage, find
from services.cli.output import Json, Yes, confirm, emit, exit_on_error
from services.cli.poll_files import PollId
from services.polls.entry import DirectoryEntry
from services.polls.extension import MOST_MINUTES, line_of_file
from services.polls.moments import format_time
from services.voting import lifecycle
from services.voting.poll import Phase, Round

Minutes = typer.Option("--minutes", min=1, max=MOST_MINUTES, help="How much later it closes.")


def open_poll(
    poll: Annotated[str, PollId],
    *,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Open a poll now; it takes effect everywhere within 3 seconds.

    A closing time in the future still closes it. Opens an archived poll, too. A round that is
    certified, or whose ballots have begun to expire, is final: reset the poll first.
    """
    with exit_on_error():
        _change_poll(find(local=local, stage=stage), poll, lifecycle.opened, as_json=as_json)


def close(
    poll: Annotated[str, PollId],
    *,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Close a poll now, everywhere within 3 seconds. Later texts get the "closed" reply."""
    with exit_on_error():
        _change_poll(find(local=local, stage=stage), poll, lifecycle.closed, as_json=as_json)


def extend(
    poll: Annotated[str, PollId],
    *,
    minutes: Annotated[int, Minutes],
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Move the closing time of a poll; it takes effect everywhere within 3 seconds.

    A poll that has closed at its time opens again, until so many minutes from now. One that was
    closed by command, is certified, or has no closing time is refused. The poll file stays as it
    is: write the new time into it, or the next apply or deploy puts the old one back.
    """
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        before, after = deployment.directory.extend(poll, minutes)
        _print_change(deployment.name, before, after, as_json=as_json)


def archive(
    poll: Annotated[str, PollId],
    *,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Archive a poll: it accepts no more texts. None of its data is deleted."""
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        deployment.directory.entry(poll)
        confirm(f"No text will reach it any more. Archive {poll} on {deployment.name}?", yes=yes)
        _change_poll(deployment, poll, lifecycle.archived, as_json=as_json)


def reset(
    poll: Annotated[str, PollId],
    *,
    opened: Annotated[
        bool,
        typer.Option("--open", help="Open the new round at once, even if the old one was closed."),
    ] = False,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Start a new round: the screen goes to zero at once, and everybody may vote again.

    The ballots and totals of the old round stay readable. A round without ballots is not reset,
    so a second reset changes nothing. A closed poll stays closed.
    """
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        number = deployment.directory.entry(poll).round.number
        question = f"Start round {number + 1} of {poll} on {deployment.name}?"
        confirm(f"The screen goes to zero. {question}", yes=yes)

        before, after = reset_poll(deployment, poll, number, opened=opened)
        _print_change(deployment.name, before, after, as_json=as_json)


def _change_poll(
    deployment: Deployment, poll: str, change: Callable[[Round, int], Round], *, as_json: bool
) -> None:
    before, after = change_poll(deployment, poll, change)
    _print_change(deployment.name, before, after, as_json=as_json)


def change_poll(
    deployment: Deployment,
    poll: str,
    change: Callable[[Round, int], Round],
    *,
    revision: int | None = None,
) -> tuple[DirectoryEntry, DirectoryEntry]:
    """Open, close or archive a poll; return its entry before and after.

    `revision` is the one that the operator saw: see `PollStore.change`, also for what it raises.
    """
    at_ms = now_ms()
    return deployment.directory.change(poll, lambda round: change(round, at_ms), revision=revision)


def reset_poll(
    deployment: Deployment,
    poll: str,
    number: int,
    *,
    opened: bool = False,
    revision: int | None = None,
) -> tuple[DirectoryEntry, DirectoryEntry]:
    """Start the round after `number`; see `PollStore.reset`, also for what it raises."""
    return deployment.directory.reset(
        poll, number, begun=deployment.has_begun, opened=opened, revision=revision
    )


def _print_change(
    stack: str, before: DirectoryEntry, after: DirectoryEntry, *, as_json: bool
) -> None:
    at_ms, poll = now_ms(), after.round.poll.id
    document: dict[str, Any] = {
        "poll": poll,
        "changed": before != after,
        "round": after.round.number,
        "phase": after.round.phase_at(at_ms).value,
        "was": before.round.phase_at(at_ms).value,
    }
    if _is_extended(before, after):
        document["closes_at"] = after.round.known_close_ms
    done = "" if document["changed"] else " (as it was)"
    text = f"{poll}: round {document['round']}, {document['phase']}{done}{_hint(before, after)}"
    emit(document, text, as_json=as_json, stack=stack)


def _hint(before: DirectoryEntry, after: DirectoryEntry) -> str:
    """What the change means for the expiry of ballots; empty if nothing."""
    poll, now = after.round.poll.id, now_ms()
    if _is_extended(before, after):
        return _extension_hint(after.round)
    expires, closes = after.round.expires_from_ms, after.round.known_close_ms
    if after.round.phase_at(now) is Phase.OPEN and expires is not None and closes is None:
        day = f"{datetime.fromtimestamp(expires / 1000, UTC):%Y-%m-%d %H:%M} UTC"
        return f"\nit closes by itself on {day}, when its first ballots expire"
    was_reset = before.round.number != after.round.number
    ended = before.round if was_reset else after.round
    has_ended = was_reset or ended.phase_at(now) in {Phase.CLOSED, Phase.ARCHIVED}
    if before == after or not has_ended or ended.expires_from_ms is not None:
        return ""
    return f"\nonce it is certified, let its ballots expire: voteapp poll expire {poll}"


def _is_extended(before: DirectoryEntry, after: DirectoryEntry) -> bool:
    return before.round.poll.closes_at_ms != after.round.poll.closes_at_ms


def _extension_hint(round: Round) -> str:
    poll = round.poll
    closes = format_time(poll.closes_at_ms or 0, poll.closes_utc_offset_minutes)
    return (
        f", closes {closes}\nwrite it into the poll file, or the next apply or deploy puts the old "
        f"time back: {line_of_file(poll)}"
    )
