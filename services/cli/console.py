"""`voteapp console`: the operator's console, a page that only this machine can open."""

from typing import Annotated

import typer
from rich.console import Console

from services.cli.console_desk import DeploymentDesk
from services.cli.deployment import Local, Stage, find
from services.cli.output import FAILED, exit_on_error, name_stack, print_error
from services.tools.browser import open_in_browser
from services.tools.console.desk import DeskError


def console(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0 for a free one.")
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser.")
    ] = True,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Show everything, and have no buttons that act.")
    ] = False,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
) -> None:
    """Run an evening from a page in the browser: counts, health, and buttons that ask first.

    The page shows all polls with phase, count (sealed ones too), closing time and freshness; the
    health of the way of a text, which the checks of voteapp doctor find; and the operator's log.
    Its buttons open, close, extend, reset and certify a poll: they do what the commands do, with
    the same refusals. Each asks first, and names stack, poll and consequence.

    It runs on this machine, for this machine (127.0.0.1), with your own AWS credentials: nothing is
    added to the cloud. The address that it prints works once; later tabs of the same browser need
    http://127.0.0.1 and the port only. With TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN in the
    environment, the number's settings are checked too, and certifying reconciles first.

    Two consoles may run at once: who acts on what somebody else has just changed is refused. Ctrl-C
    ends it.
    """
    from services.tools.console.server import run_console  # FastAPI: not for `--help`

    screen = Console(highlight=False, soft_wrap=True, emoji=False)

    def introduce(address: str) -> None:
        screen.print(f"[bold]{desk.stack.name}[/] ({desk.stack.stage}, {desk.stack.region})")
        screen.print(f"Console  [bold cyan]{address}[/]\n[dim]It works once. Ctrl-C ends it.[/]")
        if browser:
            open_in_browser(address)

    with exit_on_error():
        desk = DeploymentDesk.of(
            find(local=local, stage=stage, impatient=True), stage="local" if local else stage
        )
        try:
            run_console(
                desk,
                port=port,
                read_only=read_only,
                on_start=introduce,
                on_wait=lambda action: screen.print(f"Waiting for: {action}"),
            )
        except DeskError as error:
            print_error(str(error), (), "or leave --port out, to use a free one")
            raise typer.Exit(FAILED) from None
        name_stack(desk.stack.name)
