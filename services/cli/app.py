"""All commands of `voteapp`: where each is defined, and its line in the help.

The module of a command is imported when the command is used; see `services.cli.lazy`.
"""

from collections.abc import Mapping
from typing import Annotated, Final

import typer

from services.cli.lazy import CONTEXT_SETTINGS, Entry, LazyCommand, LazySubgroup, lazy_group

POLL_COMMANDS: Final[Mapping[str, LazyCommand]] = {
    "check": LazyCommand(
        "poll_check:check",
        "Print every problem of poll files with file, line, key, value and remedy.",
    ),
    "apply": LazyCommand(
        "poll:apply", "Apply poll files, and the phone lists beside them, without a deploy."
    ),
    "list": LazyCommand(
        "poll:list_polls", "List all polls: phase, round, number, votes and voters."
    ),
    "show": LazyCommand(
        "poll:show", "Show one poll: its state, choices, rounds, and the address of its screen."
    ),
    "open": LazyCommand(
        "poll_lifecycle:open_poll", "Open a poll now; it takes effect everywhere within 3 seconds."
    ),
    "close": LazyCommand(
        "poll_lifecycle:close",
        'Close a poll now, everywhere within 3 seconds. Later texts get the "closed" reply.',
    ),
    "extend": LazyCommand(
        "poll_lifecycle:extend",
        "Move the closing time of a poll; it takes effect everywhere within 3 seconds.",
    ),
    "archive": LazyCommand(
        "poll_lifecycle:archive",
        "Archive a poll: it accepts no more texts. None of its data is deleted.",
    ),
    "reset": LazyCommand(
        "poll_lifecycle:reset",
        "Start a new round: the screen goes to zero at once, and everybody may vote again.",
    ),
    "expire": LazyCommand(
        "expire:expire",
        "Set the expiry of the ballots of ended rounds: retention_days after the round ended.",
    ),
    "log": LazyCommand(
        "poll_log:show_log", "Show the operator's log of a poll, the newest change last."
    ),
    "schema": LazyCommand(
        "poll_check:schema",
        "Print the JSON Schema of poll files, generated from the table of fields.",
        hidden=True,
    ),
    "reference": LazyCommand(
        "poll_check:print_reference",
        "Print the reference of poll files (docs/polls.md), generated from the same table.",
        hidden=True,
    ),
}
EVENING_COMMANDS: Final[Mapping[str, LazyCommand]] = {
    "make": LazyCommand(
        "evening:make_one",
        "Make the texts of an evening: peaks, changed votes, garbage, STOP, late and lost texts.",
    ),
}
COMMANDS: Final[Mapping[str, Entry]] = {
    "demo": LazyCommand(
        "local:demo", "Run the whole system on this machine: no account, no Docker, no network."
    ),
    "smoke": LazyCommand(
        "local:smoke",
        "Send 520 texts through a fresh local cloud and say whether the count is exact.",
    ),
    "lab": LazyCommand("lab:lab", "Measure a hot partition, and how more shards remove it."),
    "poll": LazySubgroup(
        "Check and apply poll files; open, close, reset and archive polls.", POLL_COMMANDS
    ),
    "console": LazyCommand(
        "console:console",
        "Run an evening from a page in the browser: counts, health, and buttons that ask first.",
    ),
    "results": LazyCommand(
        "results:results",
        "Show the count: votes by choice, voters, rate, and the age of the newest vote.",
    ),
    "text": LazyCommand("text:text", "Send one signed text as Twilio would, and show the reply."),
    "forget": LazyCommand(
        "forget:forget",
        "Empty a phone's ballots in every round of every poll; their votes leave the count.",
    ),
    "connect": LazyCommand("connect:connect", "Connect a phone number at Twilio to a deployment."),
    "doctor": LazyCommand(
        "doctor:doctor",
        "Check a deployment along the path of a text, from the number to the screen.",
    ),
    "cost": LazyCommand(
        "cost:cost", "Estimate what an evening costs, and which service costs most."
    ),
    "capacity": LazyCommand(
        "capacity:capacity",
        "Plan the capacity for a peak of texts and an audience, and what it costs.",
    ),
    "evening": LazySubgroup("Files of simulated texts, for voteapp replay.", EVENING_COMMANDS),
    "rehearse": LazyCommand(
        "rehearse:rehearse",
        "Send signed texts at a given rate from this machine, and audit the count.",
    ),
    "replay": LazyCommand(
        "replay:replay",
        "Replay an evening of texts through the real webhook, store adapter and aggregator.",
    ),
    "audit": LazyCommand(
        "audit:audit", "Recount all ballots of a round and compare the result with the board."
    ),
    "reconcile": LazyCommand(
        "reconcile:reconcile",
        "Find texts in Twilio's message log that no ballot holds, and count them.",
    ),
    "certify": LazyCommand(
        "certify:certify",
        "Recount a closed round and write its certified result, which the dashboard shows.",
    ),
    "export": LazyCommand(
        "export:export",
        "Export all ballots of a round: one row for each ballot, one column for each choice.",
    ),
    "version": LazyCommand("version:show_version", "Print the version."),
}

app = typer.Typer(
    name="voteapp",
    cls=lazy_group(COMMANDS),
    help="People text a word to a phone number; a big screen shows the count, live and exact.",
    epilog="Start with: voteapp demo. Exit codes: 0 done, 1 something is wrong or refused, "
    "2 used wrongly, 3 nothing to work on or no answer.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings=CONTEXT_SETTINGS,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from services.cli.version import show_version  # slow: it reads the package's metadata

        show_version()
        raise typer.Exit


@app.callback()
def voteapp(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """People text a word to a phone number; a big screen shows the count, live and exact."""
