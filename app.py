"""`cdk deploy` begins here: pick the stage, check the polls, build the stack."""

import sys
from pathlib import Path

from aws_cdk import App, CliCredentialsStackSynthesizer, DefaultStackSynthesizer

from infra.config import OptionError, Options, StageConfig
from infra.packaging import Packager, PackagingError
from infra.stack import VotingStack
from services.polls.definition import parse_poll, refuse_clashes
from services.voting.errors import PollFileError

POLLS = Path(__file__).parent / "polls"


def read_polls(folder: Path) -> dict[str, str]:
    """The poll files of a folder by name, each checked; their text is applied at deploy.

    Raises:
        PollFileError: a file cannot be used, or clashes with another one; the text names
            file, key, value and remedy.
    """
    texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.toml"))}
    refuse_clashes(parse_poll(text, source=f"{folder.name}/{name}") for name, text in texts.items())
    return texts


def build(app: App) -> VotingStack:
    """The stack of the stage that `-c stage=...` names; dev without one.

    Raises:
        OptionError: an option is unknown or cannot be used.
        PollFileError: a poll file is refused.
        PackagingError: a Lambda bundle could not be built.
    """
    options = Options.parse(app.node.get_all_context())
    config = StageConfig.of(app.node.try_get_context("stage") or "dev", options)
    # `cdk destroy` and `cdk list` name no stacks to bundle: they need no network.
    bundling = app.node.try_get_context("aws:cdk:bundling-stacks")
    return VotingStack(
        app,
        config.stack_name,
        description=f"VoteApp, {config.stage}: a text in, an exact count on the screen",
        config=config,
        bundles=Packager(config=config, complete=bundling != []),
        polls=read_polls(POLLS),
        synthesizer=(
            DefaultStackSynthesizer()
            if config.assumes_deploy_roles
            else CliCredentialsStackSynthesizer()
        ),
    )


def run(application: App) -> None:
    """Synthesise the stack. A refusal ends the program with its one line and code 1.

    Raises:
        SystemExit: an option, a poll file or a bundle is refused.
    """
    try:
        build(application)
        application.synth()
    except (OptionError, PollFileError, PackagingError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    run(App())
