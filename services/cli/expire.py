"""`voteapp poll expire`: sets the expiry of the ballots of ended rounds."""

from datetime import UTC, datetime
from typing import Annotated, Any

from services.adapters.clock import now_ms
from services.cli.deployment import Deployment, Local, Stage, find
from services.cli.output import Json, Yes, confirm, emit, exit_on_error
from services.cli.poll_files import PollId
from services.cli.rounds import RoundNumber, find_round, show_progress
from services.voting.amounts import amount
from services.voting.lifecycle import has_settled
from services.voting.poll import Round


def expire(
    poll: Annotated[str, PollId],
    *,
    round_number: Annotated[int | None, RoundNumber] = None,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Set the expiry of the ballots of ended rounds: retention_days after the round ended.

    While a round without a closing time is open, its ballots have no expiry, as a voter whose
    ballot was deleted could vote again. Certify and export first: both need all ballots. May be
    interrupted and run again; ballots that have an expiry keep it.
    """
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        rounds = _ended(deployment, poll, round_number)
        open_ones = [one.number for one in rounds if one.certified_at_ms is None]
        if open_ones:
            numbers = ", ".join(map(str, open_ones))
            question = (
                f"Not certified: round {numbers} of {poll} on {deployment.name}. Let it expire?"
            )
            confirm(question, yes=yes)
        done = [_expire(deployment, one) for one in rounds]
    document = {"poll": poll, "rounds": done}
    emit(document, _text(poll, done), as_json=as_json, stack=deployment.name)


def _ended(deployment: Deployment, poll: str, number: int | None) -> list[Round]:
    """The round with this number, else all rounds that have ended."""
    if number is not None:
        return [find_round(deployment, poll, number)[0]]
    return [one for one in deployment.directory.rounds(poll) if has_settled(one, now_ms())]


def _expire(deployment: Deployment, ended: Round) -> dict[str, Any]:
    expires_from = deployment.directory.promise_expiry(ended.poll.id, ended.number)
    with show_progress(f"Setting the expiry of {ended.poll.id}, round {ended.number}") as advance:
        ballots = deployment.ballot_expiry.set_expiry(ended, expires_from, advance)
    return {"round": ended.number, "expires_from": expires_from, "ballots": ballots}


def _text(poll: str, done: list[dict[str, Any]]) -> str:
    if not done:
        return f"{poll}: no round has ended; close the poll, wait a few seconds, and try again"
    return "\n".join(
        f"{poll}, round {one['round']}: expires from "
        f"{datetime.fromtimestamp(one['expires_from'] / 1000, UTC):%Y-%m-%d %H:%M} UTC on; "
        f"expiry set on {amount(one['ballots'], 'ballot')}"
        for one in done
    )
