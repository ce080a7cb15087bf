"""`voteapp doctor`: checks a deployment and prints a checklist."""

import json
from collections.abc import Iterable
from typing import Annotated, Final

import typer
from rich.console import Console

from services.cli.account_checks import AccountChecks
from services.cli.checks import DeploymentChecks
from services.cli.deployment import Local, Stage, find
from services.cli.output import FAILED, Json, exit_on_error, name_stack
from services.tools.doctor.finding import CheckStatus, Finding

MARKS: Final = {
    CheckStatus.OK: "[green]✓[/]",
    CheckStatus.WARNING: "[yellow]![/]",
    CheckStatus.SKIPPED: "[dim]-[/]",
    CheckStatus.FAILED: "[bold red]✗[/]",
}


def doctor(
    *,
    text: Annotated[
        bool, typer.Option("--text/--no-text", help="Send a self-test text and remove it again.")
    ] = True,
    ring: Annotated[
        bool, typer.Option("--ring", help="Only ring one alarm, as a test of its e-mail.")
    ] = False,
    account: Annotated[
        bool, typer.Option("--account", help="Check the AWS account before a first deploy instead.")
    ] = False,
    region: Annotated[
        str | None, typer.Option(help="Region to check with --account; default: AWS_REGION.")
    ] = None,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Check a deployment along the path of a text, from the number to the screen.

    Every warning and every failure says what to do. The self-test text goes to a poll of its own,
    which no phone can reach and no guest can see; the text is counted, its ballot is emptied, and
    the poll is removed. Exits with 1 if a check failed.

    With --ring one alarm is set to ALARM and back, and nothing else is checked: an e-mail follows.

    With --account no deployment is needed: credentials, region, bootstrap, services and quotas of
    an AWS account are checked. It only reads.
    """
    if region and not account:
        raise typer.BadParameter("goes with --account", param_hint="--region")
    with exit_on_error():
        if account:
            checks = AccountChecks.of(region)
            _report(checks.run(), {"region": checks.region}, as_json=as_json)
            return
        deployment = find(local=local, stage=stage)
        local_or_stage = DeploymentChecks(deployment, stage="local" if local else stage)
        found = local_or_stage.ring() if ring else local_or_stage.run(text=text)
        _report(found, {"stack": deployment.name}, as_json=as_json)


def _report(found: Iterable[Finding], what: dict[str, str], *, as_json: bool) -> None:
    """Print the findings as they come, or one document; exit with 1 if a check failed."""
    findings = []
    for finding in found:
        findings.append(finding)
        if not as_json:
            _show(finding)
    failures = [finding for finding in findings if finding.verdict is CheckStatus.FAILED]
    if as_json:
        print(
            json.dumps(
                {
                    "ok": not failures,
                    **what,
                    "checks": [f.document for f in findings],
                }
            )
        )
    else:
        verdict = f"{len(failures)} of {len(findings)} checks failed" if failures else "All is well"
        print(f"\n{verdict}.")
        name_stack(", ".join(what.values()))
    if failures:
        raise typer.Exit(FAILED)


def _show(finding: Finding) -> None:
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    console.print(f"{MARKS[finding.verdict]} {finding.check:<18} ", end="")
    console.print(finding.detail, markup=False)
    if finding.remedy and finding.verdict is not CheckStatus.OK:
        console.print(f"  {'':<18} → {finding.remedy}", markup=False)
