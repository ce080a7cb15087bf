"""`voteapp connect`: what is changed first, and what is not changed at all."""

from typing import Any

import pytest
from typer.testing import CliRunner

from services.adapters.twilio.client import TwilioError
from services.adapters.twilio.numbers import TwilioNumbers
from services.cli.app import app
from services.cli.deployment import Deployment
from tests.integration.test_connect import (  # the fixtures are found by their names
    deployment,
    run,
    secret_of,
    twilio,
)
from tests.support.twilio_api import NUMBER, TOKEN, Account

__all__ = ["deployment", "twilio"]


def test_the_token_is_in_the_secret_before_a_text_can_come(
    deployment: Deployment, twilio: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that comes before its token is refused; Twilio is pointed here after it is stored."""
    twilio.add_number()
    held: list[str] = []
    point = TwilioNumbers.point

    def watched(self: TwilioNumbers, *arguments: Any) -> Any:
        held.append(secret_of(deployment)["twilio_auth_token"])
        return point(self, *arguments)

    monkeypatch.setattr(TwilioNumbers, "point", watched)
    done = run("--yes")

    assert done.exit_code == 0, done.output
    assert held == [TOKEN]


def test_the_screen_shows_a_number_only_once_its_texts_come_here(
    deployment: Deployment, twilio: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Twilio refuses, the audience is not asked to text to it."""
    twilio.add_number()

    def refused(*_: Any) -> Any:
        raise TwilioError("number", NUMBER, "try again")

    monkeypatch.setattr(TwilioNumbers, "point", refused)
    done = run("--yes")

    assert done.exit_code == 1
    assert deployment.directory.entry("shared").number is None


def test_a_poll_that_was_archived_does_not_show_the_number(
    deployment: Deployment, twilio: Account
) -> None:
    """Nobody can vote in it."""
    twilio.add_number()
    entry = deployment.directory.entry("shared")
    deployment.directory.apply([deployment.directory.entry("own").round.poll])
    run("--yes")

    assert entry.number is None
    assert deployment.directory.entry("shared").number is None


@pytest.mark.parametrize(
    "number", ["15550100177", "+05550100177", "5550100177", "+1555", "+1٥550100177"]
)
def test_a_number_that_is_not_written_in_full_is_refused_before_anybody_is_asked(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plus, country, and the rest; the exit code is that of a wrong use."""
    monkeypatch.delenv("TWILIO_ACCOUNT_SID", raising=False)
    done = CliRunner().invoke(app, ["connect", "--number", number])

    assert done.exit_code == 2
    assert "write it as +15550100199" in done.output
