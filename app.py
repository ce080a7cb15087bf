"""The CDK app: parses the options, checks the polls and builds the stack of one stage."""

import sys
from pathlib import Path

from aws_cdk import Annotations, App, CliCredentialsStackSynthesizer, DefaultStackSynthesizer

from infra.config import StageConfig
from infra.options import OptionError, Options
from infra.packaging import Packager, PackagingError
from infra.stack import VotingStack
from infra.stage_options import StageOptions
from services.polls.definition import parse_poll, refuse_clashes
from services.tools.cost.prices import Prices
from services.tools.cost.stage import summary
from services.voting.errors import PollFileError

POLLS = Path(__file__).parent / "polls"


def read_polls(folder: Path) -> dict[str, str]:
    """Read and check the poll files of a folder; return their texts by file name.

    Raises:
        PollFileError: a file is invalid or clashes with another one; the message names file,
            key, value and remedy.
    """
    texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.toml"))}
    refuse_clashes(parse_poll(text, source=f"{folder.name}/{name}") for name, text in texts.items())
    return texts


def build(app: App) -> VotingStack:
    """Build the stack of the stage in `-c stage=...`; default: dev.

    Raises:
        OptionError: an option is unknown or has an invalid value.
        PollFileError: a poll file is invalid.
        PackagingError: a Lambda bundle could not be built.
    """
    stage = app.node.try_get_context("stage") or "dev"
    given = StageOptions.of(stage, app.node.get_all_context())
    config = StageConfig.of(stage, Options.parse(given.all))
    # `cdk destroy` and `cdk list` bundle no stacks, and then need no network.
    bundling = app.node.try_get_context("aws:cdk:bundling-stacks")
    stack = VotingStack(
        app,
        config.stack_name,
        description=f"VoteApp, {config.stage}: a text in, an exact count on the screen",
        config=config,
        bundles=Packager(config=config, complete=bundling != []),
        polls=read_polls(POLLS),
        given=given,
        synthesizer=(
            DefaultStackSynthesizer()
            if config.assumes_deploy_roles
            else CliCredentialsStackSynthesizer()
        ),
    )
    if config.stage != "local":
        Annotations.of(stack).add_info(summary(given.all, Prices.load()))
    return stack


def run(application: App) -> None:
    """Synthesise the stack; exit with the error message and code 1 if that fails.

    Raises:
        SystemExit: an option or a poll file is invalid, or a bundle could not be built.
    """
    try:
        build(application)
        application.synth()
    except (OptionError, PollFileError, PackagingError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    run(App())
