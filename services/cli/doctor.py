"""`voteapp doctor`: checks a deployment and prints a checklist."""

import json
from typing import Annotated, Final

import typer
from rich.console import Console

from services.cli.checks import DeploymentChecks
from services.cli.deployment import Local, Stage, find
from services.cli.output import FAILED, Json, exit_on_error
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
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Check a deployment along the path of a text, from the number to the screen.

    Every warning and every failure says what to do. The self-test text goes to a poll of its own,
    which no phone can reach and no guest can see; the text is counted, its ballot is emptied, and
    the poll is removed. Exits with 1 if a check failed.

    With --ring one alarm is set to ALARM and back, and nothing else is checked: an e-mail follows.
    """
    with exit_on_error():
        deployment = find(local=local, stage=stage)
        findings = []
        checks = DeploymentChecks(deployment, stage="local" if local else stage)
        for finding in checks.ring() if ring else checks.run(text=text):
            findings.append(finding)
            if not as_json:
                _show(finding)
    failures = [finding for finding in findings if finding.verdict is CheckStatus.FAILED]
    if as_json:
        print(
            json.dumps(
                {
                    "ok": not failures,
                    "stack": deployment.name,
                    "checks": [f.document for f in findings],
                }
            )
        )
    else:
        print(
            f"\n{len(failures)} of {len(findings)} checks failed." if failures else "\nAll is well."
        )
    if failures:
        raise typer.Exit(FAILED)


def _show(finding: Finding) -> None:
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    console.print(f"{MARKS[finding.verdict]} {finding.check:<18} ", end="")
    console.print(finding.detail, markup=False)
    if finding.remedy and finding.verdict is not CheckStatus.OK:
        console.print(f"  {'':<18} → {finding.remedy}", markup=False)
