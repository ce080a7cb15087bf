"""`voteapp poll …`: checks and applies poll files, shows polls, and changes their state."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from services.adapters.clock import now_ms
from services.adapters.dynamodb.directory import DynamoDirectory
from services.cli import poll_files
from services.cli.deployment import Deployment, Local, Stage, find
from services.cli.output import FAILED, Json, Yes, confirm, emit, errors, exit_on_error
from services.cli.poll_check import find_poll_files
from services.cli.poll_details import render_poll
from services.cli.poll_files import PollFiles, PollId
from services.cli.poll_tables import poll_row, render_document, render_poll_list
from services.polls.doubts import find_doubts
from services.polls.plan import AppliedPolls, PollChange
from services.polls.preview import preview
from services.voting.identity import Pseudonyms


def apply(
    folder: Annotated[Path, typer.Argument(help="Folder of all poll files.")] = poll_files.FOLDER,
    *,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Apply poll files, and the phone lists beside them, without a deploy.

    Shows first what changes, setting by setting, and asks before it changes or archives a poll, or
    if a setting is doubtful. Applying twice changes nothing.
    """
    found = poll_files.read(find_poll_files(folder))
    if not found.is_usable:
        emit(found.document, found.text, as_json=as_json)
        raise typer.Exit(FAILED)
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        directory = deployment.directory
        number = _default_number(directory)
        plan = directory.plan(found.polls, default_number=number)
        doubts = [*found.warnings, *find_doubts(found.polls, now_ms())]
        if _preview(plan, doubts):
            confirm(f"Apply {folder}/ to {deployment.name}?", yes=yes)
        applied = directory.apply(found.polls, default_number=number, begun=deployment.has_begun)
        lists = _apply_lists(deployment, found)
    ids: dict[str, Any] = {name: list(getattr(applied, name)) for name in AppliedPolls.__slots__}
    document = ids | {"lists": lists}
    text = render_document(document)  # the warnings have been printed before the question
    emit(document | {"warnings": doubts}, text, as_json=as_json, stack=deployment.name)


def _preview(plan: Sequence[PollChange], doubts: Sequence[str]) -> bool:
    """Show what a plan changes and what is doubtful; return whether to ask before it."""
    for line in (*preview(plan), *(f"warning: {doubt}" for doubt in doubts)):
        errors.print(line)
    verdicts = {change.verdict for change in plan}
    return bool(verdicts & {"changed", "archived"} or (doubts and "created" in verdicts))


def _default_number(directory: DynamoDirectory) -> str | None:
    """The number that polls without numbers of their own display, as the deploy set it."""
    shared = (e.number for e in directory.entries() if not e.round.poll.numbers and e.number)
    return next(shared, None)


def _apply_lists(deployment: Deployment, found: PollFiles) -> dict[str, dict[str, int]]:
    """Store the phone lists as keyed hashes; empty the list of a poll without one."""
    store, pepper, lists = deployment.phone_lists, b"", {}
    for poll in found.polls:
        phones = found.phones.get(poll.id, ())
        if phones and not pepper:
            pepper = deployment.secrets().voter_pepper
        allow_list_ids = {Pseudonyms(pepper).allow_list_id(poll.id, phone) for phone in phones}
        added, removed = store.replace(poll.id, allow_list_ids)
        if added or removed:
            deployment.directory.log_list_change(poll.id, added=added, removed=removed)
        if allow_list_ids or removed:
            lists[poll.id] = {"phones": len(allow_list_ids), "added": added, "removed": removed}
    return lists


def list_polls(
    *,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """List all polls: phase, round, number, votes and voters.

    Exits with 1 if a row of the directory cannot be read.
    """
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        rows = [poll_row(entry, deployment, now_ms()) for entry in deployment.directory.entries()]
        unreadable = list(deployment.directory.unreadable())
    document = {"polls": rows, "unreadable": unreadable}
    emit(document, render_poll_list(rows), as_json=as_json, stack=deployment.name)
    for name in unreadable:
        remedy = "its row in the directory cannot be read: repair or delete that row"
        errors.print(f"{name}: {remedy}", markup=False)
    if unreadable:
        raise typer.Exit(FAILED)


def show(
    poll: Annotated[str, PollId],
    *,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Show one poll: its state, choices, rounds, and the address of its screen."""
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        rounds = deployment.directory.rounds(poll)
        entry = deployment.directory.entry(poll)
        row = poll_row(entry, deployment, now_ms(), rounds=rounds)
    emit(row, render_poll(row, entry.round.poll), as_json=as_json, stack=deployment.name)
