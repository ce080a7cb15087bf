"""The page about deploying, tried line by line: from a deployed stack to a counted text.

The lines of `cdk` are what tests/integration/deploy proves; here are those of `voteapp`, word
for word, against the emulator and a stand-in of Twilio's API.
"""

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.tools.demo.cloud import LocalCloud
from tests.support.page import commands
from tests.support.twilio_api import ACCOUNT, twilio_api

pytestmark = pytest.mark.cloud

NEEDS_ALARMS = ["doctor", "--stage", "dev", "--ring"]
"""The local stage has none; `tests/integration/test_doctor_ring.py` rings those of a stack."""
LINES = [
    words[1:]
    for words in commands("deploy.md")
    if words[0] == "voteapp" and words[1:] != NEEDS_ALARMS
]


def test_the_lines_of_the_page_do_what_the_page_says(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connect, examine, show, count, in the order of the page."""
    monkeypatch.setenv("VOTEAPP_LOCAL_ENDPOINT", cloud.aws.endpoint)
    with twilio_api(cloud.webhook.token) as account:
        sid = account.add_number("+15550100199")
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", cloud.webhook.token)
        monkeypatch.setenv("TWILIO_API_URL", account.address)
        for name, value in cloud.aws.environment().items():
            monkeypatch.setenv(name, value)
        for words in LINES:
            done = CliRunner().invoke(app, here(words), input="y\n")

            assert done.exit_code == 0, f"{words}: {done.output}"

    assert {words[0] for words in LINES} >= {"connect", "doctor", "poll", "results", "cost"}
    assert (
        account.numbers[sid]["sms_url"] == cloud.outputs.webhook_url + "#rc=3&rp=all&ct=500&rt=3200"
    )


def here(words: list[str]) -> list[str]:
    """A line of the page for the local stage; the screens of other tests keep their number."""
    if words[0] == "connect":
        return [*("local" if word == "dev" else word for word in words), "--no-screen"]
    if "--stage" in words and words[0] != "cost":  # which reads cdk.json alone
        place = words.index("--stage")
        return [*words[:place], *words[place + 2 :], "--local"]
    return words
