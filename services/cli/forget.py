"""`voteapp forget`: empties all ballots of a phone."""

from collections.abc import Sequence
from typing import Annotated

import typer

from services.adapters.dynamodb.erasure import ErasedBallot
from services.cli.aws_session import DeploymentError
from services.cli.deployment import Local, Stage, find
from services.cli.output import FAILED, Json, Yes, confirm, emit, errors, exit_on_error
from services.voting.addresses import is_sender, without_channel
from services.voting.amounts import amount
from services.voting.identity import Pseudonyms


def forget(
    phone: Annotated[str, typer.Argument(help="The phone, as +15550100199, or a short code.")],
    *,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Empty a phone's ballots in every round of every poll; their votes leave the count.

    Ballots are found by the phone's keyed hash, as no phone number is stored. One number is one
    phone for SMS, WhatsApp and RCS. Forgetting it again finds nothing. A certified result stays
    as it is, and votes whose ballots have expired stay counted. Exits with 1 if a poll or a round
    cannot be read, as its ballots were not searched.
    """
    if not is_sender(phone):
        raise typer.BadParameter(
            "write a number as +15550100199, or a short code or sender id as Twilio shows it",
            param_hint="PHONE",
        )
    phone = without_channel(phone)
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        pepper = deployment.secrets().voter_pepper
        if not pepper:
            raise DeploymentError("the secret holds no pepper", "see docs/operating.md")
        pseudonyms = Pseudonyms(pepper)
        polls = [entry.round.poll.id for entry in deployment.directory.entries()]
        rounds = [one for poll in polls for one in deployment.directory.rounds(poll)]
        found = [ballot for ballot, _, _ in deployment.erasure.find(rounds, phone, pseudonyms)]
        if found:
            question = f"Empty {amount(len(found), 'ballot')} on {deployment.name}?"
            confirm(f"{_list_ballots(found)}\n{question}", yes=yes)
        removed = deployment.erasure.remove(rounds, phone, pseudonyms)
        unreadable = list(deployment.directory.unreadable())
    document = {
        "removed": [{"poll": f.poll, "round": f.round, "picks": {**f.picks}} for f in removed],
        "rounds_searched": len(rounds),
        "unreadable": unreadable,
    }
    nothing = f"nothing: no ballot of this phone in {amount(len(rounds), 'round')}"
    text = f"removed:\n{_list_ballots(removed)}" if removed else nothing
    emit(document, text, as_json=as_json, stack=deployment.name)
    for name in unreadable:
        remedy = "its row in the directory cannot be read: repair that row, then run forget again"
        errors.print(f"not searched: {name}: {remedy}", markup=False)
    if unreadable:
        raise typer.Exit(FAILED)


def _list_ballots(ballots: Sequence[ErasedBallot]) -> str:
    return "\n".join(
        f"  {ballot.poll}, round {ballot.round}: "
        + ", ".join(f"{choice} {count}" for choice, count in ballot.picks.items())
        for ballot in ballots
    )
