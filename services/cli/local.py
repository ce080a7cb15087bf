"""`voteapp demo` and `voteapp smoke`: run the whole system on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer
from rich.console import Console

from services.cli.output import FAILED, exit_on_error, print_error
from services.tools.cost.usage import Audience
from services.tools.demo.progress import ConsoleProgress
from services.tools.local.errors import LocalCloudError

SEED: Final = 2015


@contextmanager
def exit_on_local_error() -> Iterator[None]:
    """Print a known error and exit with its code; 1 for one of the local cloud."""
    with exit_on_error():
        try:
            yield
        except LocalCloudError as error:
            print_error(error.problem, error.details, error.remedy)
            raise typer.Exit(FAILED) from None


def demo(
    *,
    rate: Annotated[
        float, typer.Option(min=0.1, max=500, help="Texts per second that the phones send.")
    ] = 5,
    phones: Annotated[
        bool, typer.Option("--phones/--no-phones", help="Send texts from simulated phones.")
    ] = True,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the dashboard; 0 for a free one.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="The same seed sends the same texts.")] = SEED,
    audience: Annotated[
        Audience, typer.Option(help="How screens read: the table, or JSON kept for a second.")
    ] = "direct",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the dashboard in a browser.")
    ] = True,
) -> None:
    """Run the whole system on this machine: no account, no Docker, no network.

    Starts an AWS emulator, deploys the real stack into it with the CDK command line, serves
    the dashboard, and sends signed texts from simulated phones: new voters, changed votes,
    redeliveries and garbage. Ctrl-C stops everything. Several demos can run side by side.
    """
    from services.tools.demo.demo import run_demo  # slow: the whole local cloud

    with exit_on_local_error():
        run_demo(
            texts_per_second=rate,
            phones=phones,
            port=port,
            browser=browser,
            seed=seed,
            audience=audience,
        )


def smoke(
    *,
    seed: Annotated[
        int | None,
        typer.Option(
            help="The same seed sends the same texts; without it, different ones each time."
        ),
    ] = None,
) -> None:
    """Send 520 texts through a fresh local cloud and say whether the count is exact.

    50 are redeliveries, 50 change a vote, 20 are forged, 30 name no choice, 10 say STOP or a
    similar word, and 20 go through the HTTP API to the webhook on Lambda. The last line is a
    JSON document; the exit code is 0 only if the count is exact.
    """
    from services.tools.demo.smoke import run_smoke  # slow: the whole local cloud

    with exit_on_local_error():
        raise typer.Exit(run_smoke(ConsoleProgress(Console(stderr=True)), seed=seed))
