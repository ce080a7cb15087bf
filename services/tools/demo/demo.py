"""`voteapp demo`: runs the local cloud and simulated phones until Ctrl-C."""

import signal
import time
from collections.abc import Mapping
from contextlib import nullcontext
from types import FrameType
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.text import Text as Styled

from services.tools.browser import open_in_browser
from services.tools.demo.cloud import (
    DEFAULT_POLL,
    Audience,
    LocalCloud,
    clear_aws_environment,
    local_cloud,
)
from services.tools.demo.progress import ConsoleProgress
from services.tools.phones.crowd import Crowd, texted_choices, votes_per_phone
from services.tools.phones.expectation import Expectation
from services.tools.phones.load_generator import LoadGenerator, TextEvent
from services.voting.amounts import amount
from services.voting.poll import Policy, Round
from services.voting.tally import Totals

UPDATES_PER_SECOND: Final = 2


def run_demo(
    *,
    texts_per_second: float,
    phones: bool,
    port: int,
    browser: bool,
    seed: int,
    audience: Audience = "direct",
) -> None:
    """Start the cloud and the phones and show a live line; return when interrupted.

    Raises:
        LocalCloudError: a requirement is missing or a server died; everything is stopped.
    """
    console = Console(highlight=False)
    clear_aws_environment()
    end_on_signals()
    interrupted_at = 0.0
    try:
        console.print("[bold]VoteApp[/] on this machine: the real stack in an AWS emulator\n")
        progress = ConsoleProgress(console)
        with local_cloud(port=port, progress=progress, audience=audience) as cloud:
            round, number = cloud.round_of(DEFAULT_POLL)
            _introduce(console, cloud, number)
            if browser:
                open_in_browser(cloud.dashboard_url)
            crowd = crowd_for(round, number, seed=seed)
            expectation = Expectation(crowd)
            generator = LoadGenerator(
                crowd.next,
                cloud.webhook.deliver,
                rate=lambda: (
                    texts_per_second
                    if expectation.may_text(time.time(), in_flight=generator.in_flight)
                    else 0
                ),
                on_reply=expectation.add_reply,
            )
            try:
                with generator if phones else nullcontext():
                    _watch(console, cloud, expectation if phones else None, generator.counts)
            finally:
                interrupted_at = time.monotonic()
    except KeyboardInterrupt:
        took = f" [dim]({time.monotonic() - interrupted_at:.1f} s)[/]" if interrupted_at else ""
        console.print(f"\nStopped; nothing is left running.{took}")


def crowd_for(round: Round, number: str, *, seed: int) -> Crowd:
    """Create a crowd that texts the choices of a round to a number."""
    poll = round.poll
    return Crowd(texted_choices(poll), to=number, seed=seed, votes_per_phone=votes_per_phone(poll))


def end_on_signals() -> None:
    """Make SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def _introduce(console: Console, cloud: LocalCloud, number: str) -> None:
    console.print(
        f"\n  Dashboard    [bold cyan]{cloud.dashboard_url}[/]\n"
        f"  Phone        [bold cyan]{cloud.dashboard_url}/phone[/]  [dim]text a vote yourself[/]\n"
        f"  Lab          [bold cyan]{cloud.dashboard_url}/lab[/]  [dim]see a hot partition[/]\n"
        f"  Webhook      {cloud.webhook.url}  [dim]texts to {number}[/]\n"
        f"  AWS          {cloud.aws.endpoint}  [dim]the emulator[/]\n\n"
        f"  [dim]Ctrl-C stops everything.[/]\n"
    )


def _watch(
    console: Console,
    cloud: LocalCloud,
    expectation: Expectation | None,
    counts: Mapping[TextEvent, int],
) -> None:
    """Update the live line until a signal arrives or a server dies.

    Reads the round every time, because somebody may reset the poll.
    """
    started = time.monotonic()
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        while True:
            cloud.check()
            read_at = time.time()
            round, _ = cloud.round_of(DEFAULT_POLL)
            if expectation:
                expectation.update_round(round, read_at)
                expectation.handset_votes = cloud.handsets.votes_in(round.number)
            totals, seconds = cloud.totals(round), time.monotonic() - started
            live.update(live_line(round, totals, expectation, counts, seconds))
            time.sleep(1 / UPDATES_PER_SECOND)


def live_line(
    round: Round,
    totals: Totals,
    expectation: Expectation | None,
    counts: Mapping[TextEvent, int],
    seconds: float,
) -> Styled:
    """Return the texts answered, the votes on the board, and whether they agree.

    Without an expectation, only the votes: somebody else may be texting.
    """
    line = Styled("  ")
    refused = counts.get("refused", 0)
    if expectation:
        line.append(amount(counts.get("accepted", 0) + refused, "text"), style="bold")
        line.append(f" in {seconds:,.0f} s  ", style="dim")
    for choice in round.poll.choices:
        line.append(f"{choice.label} ", style=choice.colour.get("dark", ""))
        line.append(f"{totals.picks.get(choice.key, 0):,}  ", style="bold")
    line.append(f"{amount(sum(totals.picks.values()), 'vote')}  ")
    if expectation and round.poll.policy is Policy.LAST:
        line.append_text(_verdict(totals, expectation))
    if refused:
        line.append(f"   {refused:,} not answered", style="red")
    return line


def _verdict(totals: Totals, expectation: Expectation) -> Styled:
    expected = +expectation.tally()
    counted = {key: count for key, count in totals.picks.items() if count}
    if counted == expected:
        return Styled("exact ✓", style="green")
    if expectation.is_waiting:
        return Styled("the phones wait until the round is open everywhere", style="yellow")
    missing = abs(sum(expected.values()) - sum(counted.values()))
    return Styled(f"{missing} on the way" if missing else "some on the way", style="yellow")
