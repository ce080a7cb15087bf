"""`voteapp forget`: everything that a phone has voted, taken out."""

import re
from collections.abc import Sequence
from typing import Annotated

import typer

from services.adapters.forgetting import Forgotten
from services.cli.deployment import DeploymentError, Local, Stage, find
from services.cli.output import Json, Yes, be_sure, emit, told


def forget(
    phone: Annotated[str, typer.Argument(help="The phone (E.164), as +15550100199.")],
    *,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Remove a phone's ballots, in every round of every poll; the count goes down by them.

    The phone is found by its keyed hash: its number is stored nowhere. Forgetting it again
    finds nothing. A certified result stays as it was certified.
    """
    if not re.fullmatch(r"\+[1-9]\d{6,14}", phone):
        raise typer.BadParameter("write it as +15550100199", param_hint="PHONE")
    with told():
        there = find(local=local, stage=stage)
        pepper = there.secrets().voter_pepper
        if not pepper:
            raise DeploymentError("the secret holds no pepper", "see docs/operating.md")
        polls = [entry.round.poll.id for entry in there.directory.entries()]
        rounds = [one for poll in polls for one in there.directory.rounds(poll)]
        found = [ballot for ballot, _, _ in there.forgetting.find(rounds, phone, pepper)]
        if found:
            be_sure(f"Remove {len(found)} ballots?\n{_told(found)}\n", yes=yes)
        removed = there.forgetting.remove(rounds, phone, pepper)
    document = {
        "removed": [{"poll": f.poll, "round": f.round, "picks": {**f.picks}} for f in removed],
        "rounds_searched": len(rounds),
    }
    nothing = f"nothing: no ballot of this phone in {len(rounds)} rounds"
    emit(document, f"removed:\n{_told(removed)}" if removed else nothing, as_json=as_json)


def _told(ballots: Sequence[Forgotten]) -> str:
    return "\n".join(
        f"  {ballot.poll}, round {ballot.round}: "
        + ", ".join(f"{choice} {count}" for choice, count in ballot.picks.items())
        for ballot in ballots
    )
