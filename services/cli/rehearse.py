"""`voteapp rehearse`: texts at a given rate to a poll of its own, and nothing left of them."""

import math
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.adapters.clock import now_ms
from services.cli.aws_session import DeploymentError
from services.cli.deployment import Deployment, Local, Stage, find
from services.cli.output import FAILED, Json, Yes, confirm, emit, errors, exit_on_error
from services.cli.rounds import create_auditor
from services.tools.cost.bill import bill_for
from services.tools.cost.prices import Prices
from services.tools.cost.usage import Event
from services.tools.phones.crowd import WEIGHTS
from services.tools.phones.delivery import WebhookEndpoint
from services.tools.phones.sms import TextKind
from services.tools.rehearsal.load import send_texts
from services.tools.rehearsal.poll import MOST_SECONDS, RehearsalPoll, RehearsalUnderWayError
from services.tools.rehearsal.report import RehearsalReport
from services.tools.rehearsal.texts import texts_for
from services.voting.amounts import amount
from services.voting.audit import Audit

LOCAL_STAGE: Final = "local"
CACHE_SECONDS: Final = 2.5
"""Webhooks cache the polls for two seconds; before that they do not know the new one."""
SETTLE_SECONDS: Final = 60
"""Maximum time from the last text until it is counted."""
LATE_MS: Final = 100
"""If a text in a hundred is sent later than this, this machine is too slow for the rate."""


def rehearse(
    *,
    rate: Annotated[float, typer.Option(min=0.1, max=5_000, help="Texts a second.")] = 50,
    seconds: Annotated[
        float, typer.Option(min=1, max=MOST_SECONDS, help="How long to send texts.")
    ] = 30,
    yes: Annotated[bool, Yes] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Send signed texts at a given rate from this machine, and audit the count.

    The texts come from fictional phones and go to a poll of their own, on a fictional number,
    with words that count for no other poll; no screen shows it. A text is sent when it is due,
    whether or not the ones before it are answered, and its latency counts from that moment. At
    the end the audit says whether every accepted text was counted; then the poll, its ballots
    and its log are removed, also after Ctrl-C. Twilio takes no part, so no text is paid for:
    what it costs on AWS is said before it starts.

    Rehearse on the stage that will run the evening, at the rate you expect at its busiest, some
    days before. Refusals with 429 mean that the rate is above the API's limit. Exits with 1 if
    the count is not exact, or a text was refused.
    """
    is_local = local or stage == LOCAL_STAGE
    count = max(1, round(rate * seconds))
    with exit_on_error():
        deployment = find(local=is_local, stage=stage)
        confirm(_question(deployment, count, rate, seconds, is_local=is_local), yes=yes)
        report, audit = _run(deployment, rate=rate, count=count)
    document = {"poll": audit.round.poll.id if audit else None, **report.document(audit)}
    emit(document, _text(document), as_json=as_json, stack=deployment.name)
    if not document["exact"] or document["refused"]:
        raise typer.Exit(FAILED)


def _question(
    deployment: Deployment, count: int, rate: float, seconds: float, *, is_local: bool
) -> str:
    what = (
        f"Send {amount(count, 'text')} to {deployment.name}, {rate:g} a second for {seconds:g} s?"
    )
    if is_local:
        return f"It costs nothing: {deployment.name} runs on this machine.\n{what}"
    usd = estimate_usd(count, seconds, in_container="WebhookFunction" not in deployment.outputs)
    return f"It costs about ${usd:,.2f} on AWS at list prices, and nothing at Twilio.\n{what}"


def estimate_usd(count: int, seconds: float, *, in_container: bool) -> float:
    """Estimate the cost of a rehearsal on AWS; Twilio sends none of the texts.

    Each ballot is deleted at the end: two writes and two records more.
    """
    prices = Prices.load()
    voters = math.ceil(count * WEIGHTS[TextKind.NEW] / 100)
    event = Event(
        voters=voters,
        minutes=seconds / 60,
        viewers=0,
        webhook="container" if in_container else "lambda",
        texts_per_voter=count / voters,
        replies=False,
    )
    removal = 2 * voters * prices.usd_of("write_unit")
    return bill_for(event, prices).without("Twilio") + removal


def _run(
    deployment: Deployment, *, rate: float, count: int
) -> tuple[RehearsalReport, Audit | None]:
    """Run the rehearsal; the audit is None if it was interrupted."""
    secret = deployment.secrets()
    if not secret.are_set:
        raise DeploymentError("the texts cannot be signed", "set the token: voteapp connect")
    poll = RehearsalPoll(
        client=deployment.client("dynamodb"),
        votes=deployment.votes_table,
        aggregates=deployment.aggregates_table,
        polls=deployment.polls_table,
        began_at_ms=now_ms(),
    )
    try:
        poll.open()
    except RehearsalUnderWayError:
        remedy = f"wait for its end; one that was killed is removed {2 * MOST_SECONDS // 60} min on"
        raise DeploymentError("another rehearsal is under way", remedy) from None
    report, audit = RehearsalReport(), None
    endpoint = WebhookEndpoint(url=deployment.webhook_url, token=secret.twilio_auth_token)
    try:
        poll.sleep(CACHE_SECONDS)
        with _progress(count) as advance:
            texts = texts_for(poll.round.poll, seed=secrets.randbelow(2**32))
            send_texts(texts, endpoint, report, rate=rate, count=count, on_sent=advance)
        audit = create_auditor(deployment, settle_seconds=SETTLE_SECONDS).audit(poll.round)
    except KeyboardInterrupt:
        errors.print("Interrupted. Removing the poll and its ballots; please wait.")
    finally:
        poll.remove()
    return report, audit


@contextmanager
def _progress(count: int) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn("Texts sent"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=count)
        yield lambda more: bar.advance(task, more)


def _text(document: dict[str, Any]) -> str:
    latency = document["latency_ms"]
    lines = [
        f"sent      {amount(document['sent'], 'text')}, {document['texts_per_second']:,} a second",
        "latency   " + ", ".join(f"{name} {ms:,} ms" for name, ms in latency.items()),
        *(f"refused   {count:,}: {reason}" for reason, count in document["refused"].items()),
    ]
    if document["sent_late_ms_p99"] > LATE_MS:
        late = f"{document['sent_late_ms_p99']:,} ms"
        lines.append(f"late      a text in a hundred was sent {late} late: this machine is slow")
    if document["votes_counted"] is not None:
        counted, accepted = document["votes_counted"], document["votes_accepted"]
        lines.append(f"votes     {accepted:,} accepted, {counted:,} counted")
    lines += [f"  - {problem}" for problem in document["problems"]]
    lines.append(
        "exact: every accepted vote was counted once" if document["exact"] else "not exact"
    )
    return "\n".join(lines)
