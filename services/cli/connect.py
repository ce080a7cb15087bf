"""`voteapp connect`: connects a phone number at Twilio to a deployment."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

from services.adapters.twilio.client import ACCOUNT, TOKEN
from services.adapters.twilio.numbers import Delivery, TwilioNumbers, desired_delivery
from services.cli.deployment import Deployment, Stage, find
from services.cli.output import Json, Yes, confirm, emit, exit_on_error
from services.polls.entry import DirectoryEntry
from services.voting.addresses import E164
from services.voting.poll import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The settings to change: delivery of texts, the secret, and the numbers on screens."""

    delivery: Delivery
    webhook_url: str
    fallback_url: str | None
    token: str
    account: str
    screens: Sequence[DirectoryEntry]

    def rows(self) -> list[dict[str, str]]:
        """Each setting before and after the change; the token itself is never shown."""
        old = self.delivery
        new = desired_delivery(old, self.webhook_url, self.fallback_url)
        service = f"messaging service {old.service_name}" if old.service_sid else ""
        taken = {True: "takes them itself", False: "leaves them to the number"}
        rows = [
            ("texts go to", old.url or "nowhere", new.url),
            ("method", old.method or "none", new.method),
            ("if that fails", old.fallback_url or "nowhere", new.fallback_url or "nowhere"),
            ("method then", old.fallback_method or "none", new.fallback_method),
            ("application", old.application_sid or "none", "none"),
            (service, taken[old.service_takes_texts], taken[new.service_takes_texts]),
            ("token in the secret", self.token, "set"),
            ("account in the secret", self.account, "set"),
            *(
                (f"screen of {e.round.poll.id}", e.number or "no number", old.number)
                for e in self.screens
            ),
        ]
        return [{"what": w, "before": b, "after": a} for w, b, a in rows if w]

    @property
    def has_changes(self) -> bool:
        """Whether any setting differs from its target."""
        return any(row["before"] != row["after"] for row in self.rows())


def connect(
    number: Annotated[str, typer.Option(help="The number at Twilio (E.164), as +15550100199.")],
    *,
    screen: Annotated[
        bool, typer.Option("--screen/--no-screen", help="Show the number on the screen.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    yes: Annotated[bool, Yes] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Connect a phone number at Twilio to a deployment.

    Points the number's texts at the webhook, with retries, and then at the fallback. Stores the
    auth token and the account in the deployment's secret, and shows the number on the screen.
    TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are read from the environment and written to no file.
    Sends no text. Connecting again changes nothing.
    """
    if not re.fullmatch(E164, number):
        raise typer.BadParameter("write it as +15550100199", param_hint="--number")
    with exit_on_error():
        numbers = TwilioNumbers.from_env(os.environ)
        deployment = find(local=False, stage=stage)
        plan = _plan(deployment, numbers.find(number), screen=screen)
        if plan.has_changes and not dry_run:
            confirm(f"{_render_plan(plan)}\n\nChange this on {deployment.name}?", yes=yes)
            _apply(plan, deployment, numbers)
    done = plan.has_changes and not dry_run
    document = {
        "number": number,
        "changed": done,
        "settings": plan.rows(),
    }
    text = _text(plan, done=done, stage=stage)
    emit(document, text, as_json=as_json, stack=deployment.name)


def _plan(deployment: Deployment, delivery: Delivery, *, screen: bool) -> Plan:
    secrets = deployment.secrets()
    shared = (e for e in deployment.directory.entries() if not e.round.poll.numbers)
    shown = [e for e in shared if e.round.state is not State.ARCHIVED] if screen else []
    return Plan(
        delivery=delivery,
        webhook_url=deployment.webhook_url,
        fallback_url=deployment.fallback_url,
        token=_compare(secrets.twilio_auth_token, os.environ[TOKEN]),
        account=_compare(secrets.twilio_account_sid, os.environ[ACCOUNT]),
        screens=shown,
    )


def _compare(held: str, given: str) -> str:
    return "set" if held == given else "another one" if held else "not set"


def _apply(plan: Plan, deployment: Deployment, numbers: TwilioNumbers) -> None:
    # The token first: without it the webhook refuses the texts that Twilio delivers.
    deployment.secret_store.set_token(os.environ[TOKEN], os.environ[ACCOUNT])
    numbers.point(plan.delivery, plan.webhook_url, plan.fallback_url)
    directory = deployment.directory
    for entry in plan.screens:
        if entry.number == plan.delivery.number:
            continue
        number = plan.delivery.number
        directory.write(replace(entry, number=number), what="number", detail=number)


def _render_plan(plan: Plan) -> str:
    rows: list[dict[str, Any]] = plan.rows()
    width = max(len(row["what"]) for row in rows)
    lines = [f"{plan.delivery.number}"]
    for row in rows:
        lines.append(f"  {row['what']:<{width}}  {row['before']}")
        if row["before"] != row["after"]:
            lines.append(f"  {'':<{width}}  -> {row['after']}")
    return "\n".join(lines)


def _text(plan: Plan, *, done: bool, stage: str) -> str:
    if not plan.has_changes:
        return f"{_render_plan(plan)}\n\nEverything is connected already; nothing was changed."
    if not done:
        return f"{_render_plan(plan)}\n\nNothing was changed."
    return (
        "Connected; it takes effect within a minute. No text was sent. "
        f"Next: voteapp doctor --stage {stage}"
    )
