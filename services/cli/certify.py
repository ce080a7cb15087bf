"""`voteapp certify`: writes the official, final result of a round."""

from typing import Annotated

from services.adapters.clock import now_ms
from services.cli.deployment import Deployment, Local, Stage, find
from services.cli.interaction import Interaction, Terminal
from services.cli.output import Json, Yes, emit, exit_on_error
from services.cli.poll_files import PollId
from services.cli.poll_tables import render_document
from services.cli.reconcile import compare_with_log
from services.cli.rounds import RoundNumber, Settle, create_auditor, find_round
from services.voting.certificate import Certificate, LogComparison, NotCertifiableError
from services.voting.poll import Round


def certify(
    poll: Annotated[str, PollId],
    *,
    round_number: Annotated[int | None, RoundNumber] = None,
    settle: Annotated[float, Settle] = 10,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Recount a closed round and write its certified result, which the dashboard shows.

    Refuses, with the reason, while texts may still arrive, if the stream is not drained, if
    ballots have expired or cannot be read, and if the board differs from the recount. Asks first:
    a certified round is final, accepts no more texts, and a sealed poll becomes visible. The
    digest is a SHA-256 over all sorted ballots; an export with keys is enough to recompute it.
    Refuses also while texts wait in the fallback's queue, and while a reconciliation writes. With
    TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN in the environment, the round is reconciled with
    Twilio's log first.
    Certifying again gives the same result or fails.
    """
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        round, current = find_round(deployment, poll, round_number)
        certificate, new = certify_round(
            deployment, round, Terminal(yes=yes), current=current, settle_seconds=settle
        )
    log = certificate.compared
    document = {
        "poll": certificate.poll,
        "round": certificate.round,
        "votes": dict(sorted(certificate.picks.items())),
        "ballots": certificate.ballots,
        "voters": certificate.voters,
        "certified_at": certificate.certified_at_ms,
        "digest": certificate.digest,
        "reconciled": log is not None,
        "texts_in_twilios_log": log.texts if log else None,
        "texts_unknown_to_twilio": log.unknown if log else None,
        "new": new,
    }
    emit(
        document,
        f"{render_document(document)}\n{describe_certificate(certificate, new=new)}",
        as_json=as_json,
        stack=deployment.name,
    )


def certify_round(
    deployment: Deployment,
    round: Round,
    interaction: Interaction,
    *,
    current: bool,
    settle_seconds: float,
    is_confirmed: bool = False,
) -> tuple[Certificate, bool]:
    """Reconcile, recount and certify a round; return its certificate, and True if it is new.

    `current` is whether it is the poll's current round. The operator is asked before texts that
    are missing are counted and, unless `is_confirmed`, before the certificate is written.

    Raises:
        NotCertifiableError, DigestMismatchError, PollChangedError: see `Auditor.certify`.
    """
    compared = compare_with_log(deployment, round, interaction)
    begun = _reconciliations_begun(deployment, round)
    auditor = create_auditor(deployment, settle_seconds=settle_seconds)
    with interaction.progress(f"Recounting {round.poll.id}, round {round.number}") as advance:
        found = auditor.audit(round, advance, digest=True)
    if auditor.certificate(found)[1] and not is_confirmed:
        interaction.confirm(_question(deployment, round))
    return auditor.certify(found, current=current, compared=compared, begun=begun)


def describe_certificate(certificate: Certificate, *, new: bool) -> str:
    """Say whether a certificate is new, and what Twilio's log says of it."""
    status = "certified" if new else "certified before, and nothing has changed since"
    return f"{status}, {_comparison(certificate.compared)}"


def _reconciliations_begun(deployment: Deployment, round: Round) -> int:
    """How many reconciliations have begun to write to a round.

    Raises:
        NotCertifiableError: one is running, or was interrupted and may have a write in flight.
    """
    found = deployment.ongoing_reconciliations.find(round)
    if round.certified_at_ms is None and (wait_ms := found.until_ms - now_ms()) > 0:
        seconds = wait_ms // 1000 + 1
        reason = (
            f"a reconciliation is running: let it end (if it was interrupted, wait {seconds} s)"
        )
        raise NotCertifiableError("certify", (reason,))
    return found.begun


def _comparison(log: LogComparison | None) -> str:
    if log is None:
        return "not reconciled with Twilio's log"
    return (
        f"reconciled with Twilio's log: ballots hold {log.texts:,} of its texts, and "
        f"{log.unknown:,} that Twilio never received"
    )


def _question(deployment: Deployment, round: Round) -> str:
    reveals = (
        ", and shows its sealed result to everybody" if round.poll.visibility == "sealed" else ""
    )
    return (
        f"That is final{reveals}: the round takes no text any more and cannot be opened again.\n"
        f"Certify round {round.number} of {round.poll.id} on {deployment.name}?"
    )
