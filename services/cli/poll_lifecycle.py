"""`voteapp poll open | close | archive | reset`: the operator's word on a poll."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from services.adapters.clock import now_ms
from services.cli.deployment import Deployment, Local, Stage, find
from services.cli.output import Json, Yes, confirm, emit, told
from services.cli.poll_files import PollId
from services.polls.entry import DirectoryEntry
from services.voting import lifecycle
from services.voting.poll import Phase, Round


def open_poll(
    poll: Annotated[str, PollId],
    *,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Open a poll now; in force everywhere within 3 seconds.

    A closing time that is yet to come still closes it. Opens an archived poll, too. A round that
    is certified, or whose ballots have begun to expire, is final: reset first.
    """
    with told():
        _say(find(local=local, stage=stage), poll, lifecycle.opened, as_json=as_json)


def close(
    poll: Annotated[str, PollId],
    *,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Close a poll now; in force everywhere within 3 seconds. Later texts are told so."""
    with told():
        _say(find(local=local, stage=stage), poll, lifecycle.closed, as_json=as_json)


def archive(
    poll: Annotated[str, PollId],
    *,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Archive a poll: no text reaches it any more. Nothing of it is deleted."""
    with told():
        there = find(local=local, stage=stage)
        there.directory.entry(poll)
        confirm(f"Archive {poll}? No text will reach it any more.", yes=yes)
        _say(there, poll, lifecycle.archived, as_json=as_json)


def reset(
    poll: Annotated[str, PollId],
    *,
    opened: Annotated[
        bool, typer.Option("--open", help="Open the new round at once, whatever the old was.")
    ] = False,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Start a new round: the screen goes to zero at once, everybody may vote again.

    The ballots and totals of the old round stay readable. A round that has not begun is not
    reset again, so that a second reset changes nothing. What was closed stays closed.
    """
    with told():
        there = find(local=local, stage=stage)
        number = there.directory.entry(poll).round.number
        confirm(f"Start round {number + 1} of {poll}? The screen goes to zero.", yes=yes)

        before, after = there.directory.reset(poll, number, begun=there.has_begun, opened=opened)
        _tell(before, after, as_json=as_json)


def _say(
    there: Deployment, poll: str, word: Callable[[Round, int], Round], *, as_json: bool
) -> None:
    """Put the operator's word into force and tell what became of it."""
    moment = now_ms()
    before, after = there.directory.change(poll, lambda round: word(round, moment))
    _tell(before, after, as_json=as_json)


def _tell(before: DirectoryEntry, after: DirectoryEntry, *, as_json: bool) -> None:
    moment, poll = now_ms(), after.round.poll.id
    document: dict[str, Any] = {
        "poll": poll,
        "changed": before != after,
        "round": after.round.number,
        "phase": after.round.phase_at(moment).value,
        "was": before.round.phase_at(moment).value,
    }
    done = "" if document["changed"] else " (as it was)"
    text = f"{poll}: round {document['round']}, {document['phase']}{done}{_hint(before, after)}"
    emit(document, text, as_json=as_json)


def _hint(before: DirectoryEntry, after: DirectoryEntry) -> str:
    """What an operator should know of the expiry of a round that was ended or opened."""
    poll, now = after.round.poll.id, now_ms()
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
