"""`voteapp doctor`: a checklist along the way of a text."""

import json
from typing import Annotated, Final

import typer
from rich.console import Console

from services.cli.checks import Examination
from services.cli.deployment import Local, Stage, find
from services.cli.output import FAILED, Json, told
from services.tools.doctor.finding import Finding, Verdict

MARKS: Final = {
    Verdict.OK: "[green]✓[/]",
    Verdict.WARNING: "[yellow]![/]",
    Verdict.SKIPPED: "[dim]-[/]",
    Verdict.FAILED: "[bold red]✗[/]",
}


def doctor(
    *,
    text: Annotated[
        bool, typer.Option("--text/--no-text", help="Send the self-test text, and forget it.")
    ] = True,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Examine a deployment: the whole way of a text, from the number to the screen.

    Every line that is not as it should be says what to do. The self-test text goes to a poll
    of its own that no phone reaches and no guest sees; it is counted, forgotten, and its poll
    removed. Exits with 1 if a check failed.
    """
    with told():
        there = find(local=local, stage=stage)
        findings = []
        for finding in Examination(there, stage="local" if local else stage).walk(text=text):
            findings.append(finding)
            if not as_json:
                _show(finding)
    sick = [finding for finding in findings if finding.verdict is Verdict.FAILED]
    if as_json:
        print(
            json.dumps(
                {"ok": not sick, "stack": there.name, "checks": [f.document for f in findings]}
            )
        )
    else:
        print(f"\n{len(sick)} of {len(findings)} checks failed." if sick else "\nAll is well.")
    if sick:
        raise typer.Exit(FAILED)


def _show(finding: Finding) -> None:
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    console.print(f"{MARKS[finding.verdict]} {finding.check:<18} ", end="")
    console.print(finding.detail, markup=False)
    if finding.remedy and finding.verdict is not Verdict.OK:
        console.print(f"  {'':<18} → {finding.remedy}", markup=False)
