"""`voteapp reconcile`: compares Twilio's message log with the ballots of a round."""

import os
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from services.adapters.clock import now_ms
from services.adapters.twilio.client import ACCOUNT, TOKEN
from services.adapters.twilio.numbers import TwilioNumbers
from services.cli.deployment import Deployment, Local, Stage, find
from services.cli.interaction import Interaction, Terminal
from services.cli.output import FAILED, Json, Yes, emit, exit_on_error
from services.cli.poll_files import PollId
from services.cli.rounds import RoundNumber, find_round
from services.late.report import Report
from services.late.run import Reconciliations
from services.voting.amounts import amount
from services.voting.certificate import LogComparison, NotCertifiableError
from services.voting.lifecycle import DAY_MS, ended_at_ms
from services.voting.poll import Round
from services.voting.timing import REACHED_MS

LOG_DAYS: Final = 400
"""How long Twilio keeps messages (Twilio, "Messages resource": data retention)."""


def reconcile(
    poll: Annotated[str, PollId],
    *,
    round_number: Annotated[int | None, RoundNumber] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what is missing, and change nothing.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S%z"],
            help="For a stack that replaces a lost one: take its polls to have been since this "
            "time (2026-11-20T19:00:00Z) what they were when they were first applied.",
        ),
    ] = None,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Find texts in Twilio's message log that no ballot holds, and count them.

    Every text that Twilio received is counted once or refused for a stated reason: the report adds
    up, or the command fails. A text is decided by the poll as it was when Twilio received it. Texts
    of the last 88 seconds may still be on their way and are left out. A certified round is only
    reported. Running it again, or twice at once, changes nothing more. TWILIO_ACCOUNT_SID and
    TWILIO_AUTH_TOKEN are read from the environment. Exits with 1 if ballots hold texts that Twilio
    never received.
    """
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        round, _ = find_round(deployment, poll, round_number)
        since_ms = int(since.timestamp() * 1000) if since else None
        terminal = Terminal(yes=False)
        report = run(deployment, round, terminal, writes=yes and not dry_run, since_ms=since_ms)
        if report.recovered and not (dry_run or yes):
            terminal.confirm(_question(deployment, report))
            report = run(deployment, round, terminal, writes=True, since_ms=since_ms)
    emit(
        {"dry_run": dry_run, **report.document()},
        _text(deployment, round, report, dry_run=dry_run),
        as_json=as_json,
        stack=deployment.name,
    )
    if report.unknown:
        raise typer.Exit(FAILED)


def run(
    deployment: Deployment,
    round: Round,
    interaction: Interaction,
    *,
    writes: bool,
    since_ms: int | None = None,
) -> Report:
    """Reconcile a round with the log of the account in the environment.

    See `services.late.run.Reconciliations.run`, also for what it raises.
    """
    reconciliations = Reconciliations(
        numbers=TwilioNumbers.from_env(os.environ),
        client=deployment.client("dynamodb"),
        votes_table=deployment.votes_table,
        polls_table=deployment.polls_table,
        voter_pepper=deployment.secrets().voter_pepper,
    )
    title = f"Reading Twilio's log for {round.poll.id}"
    with interaction.progress(title, unit="texts") as advance:
        return reconciliations.run(round, writes=writes, since_ms=since_ms, on_texts=advance)


def compare_with_log(
    deployment: Deployment, round: Round, interaction: Interaction
) -> LogComparison | None:
    """Reconcile a round that is to be certified; None without Twilio's credentials.

    Raises:
        NotCertifiableError: texts wait in the fallback's queue, or may still be on their way.
    """
    if round.certified_at_ms is not None:
        return None
    if waiting := deployment.count_fallback_texts():
        texts = amount(waiting, "text waits", "texts wait")
        reason = f"{texts} in the fallback's queue: see docs/fallback.md"
        raise NotCertifiableError("certify", (reason,))
    ended_ms = ended_at_ms(round, now_ms())
    if ended_ms is None or not (os.environ.get(ACCOUNT) and os.environ.get(TOKEN)):
        return None
    if (wait_ms := ended_ms + REACHED_MS - now_ms()) > 0:
        reason = f"texts may still be on their way: wait {wait_ms // 1000 + 1} s"
        raise NotCertifiableError("certify", (reason,))
    report = run(deployment, round, interaction, writes=False)
    if report.recovered:
        interaction.confirm(_question(deployment, report))
        report = run(deployment, round, interaction, writes=True)
    return LogComparison(texts=report.counted + report.recovered, unknown=report.unknown)


def _question(deployment: Deployment, report: Report) -> str:
    count = amount(report.recovered, "missing text")
    return f"Count {count} in round {report.round} of {report.poll} on {deployment.name}?"


def _text(deployment: Deployment, round: Round, report: Report, *, dry_run: bool) -> str:
    recovered = "would be counted now" if dry_run else "recovered: counted now"
    refused = ", ".join(f"{reason} {count:,}" for reason, count in sorted(report.refused.items()))
    rows = [
        (report.listed, "texts that Twilio received"),
        (report.counted, "counted"),
        (report.elsewhere, "counted in, or meant for, another round"),
        (report.refused.total(), f"refused: {refused}" if refused else "refused"),
        (report.recovered, recovered),
    ]
    title = f"{report.poll}, round {report.round} on {deployment.name}"
    lines = [
        f"{title}, until {_moment(report.until_ms)}",
        *(f"  {count:>9,}  {what}" for count, what in rows),
        "Every text is counted once or refused for a reason.",
    ]
    if report.after_close:
        lines.append(
            f"{report.after_close:,} of the recovered texts were received before the close and "
            f"delivered after it: their senders may have been told that voting is closed."
        )
    lines += [
        f"{amount(count, 'text is', 'texts are')} missing in {name}: reconcile that round as well."
        for name, count in sorted(report.missing_elsewhere.items())
    ]
    if report.under_way:
        lines.append(f"Left out, as still under way: {amount(report.under_way, 'text')}.")
    if round.began_at_ms < now_ms() - LOG_DAYS * DAY_MS:
        lines.append(f"Twilio keeps texts for {LOG_DAYS} days: earlier ones cannot be checked.")
    if report.unknown:
        lines.append(
            f"{amount(report.unknown, 'text in ballots is', 'texts in ballots are')} not in "
            f"Twilio's log: somebody else was the sender, or the log was shortened"
            + (
                f" (its oldest text is of {_moment(report.oldest_ms)})."
                if report.oldest_ms
                else "."
            )
        )
    return "\n".join(lines)


def _moment(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
