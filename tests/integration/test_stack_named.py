"""Every command names the stack that it has worked on."""

import json

import pytest

from services.polls.definition import parse_poll
from services.tools.phones.delivery import WebhookEndpoint, WebhookReply
from services.tools.phones.sms import SimulatedText
from tests.support.commands import document, voteapp
from tests.support.moto_system import MotoSystem
from tests.support.polls import COLORS_TOML

MINUTE_MS = 60_000
COMMANDS = [
    ("poll", "list"),
    ("poll", "show", "colors"),
    ("poll", "open", "colors"),
    ("poll", "close", "colors"),
    ("poll", "archive", "colors", "--yes"),
    ("poll", "reset", "colors", "--yes"),
    ("poll", "expire", "colors", "--yes"),
    ("poll", "log", "colors"),
    ("results", "colors"),
    ("audit", "colors"),
    ("certify", "colors", "--yes"),
    ("forget", "+15550100001", "--yes"),
]


def end(system: MotoSystem) -> None:
    """A round with a vote that ended an hour ago."""
    system.vote(1, "RED")
    system.close()
    system.wait(60 * MINUTE_MS)


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(c[:2]) for c in COMMANDS])
def test_every_command_names_its_stack(system: MotoSystem, command: tuple[str, ...]) -> None:
    """On standard error beside a text, and as the first field of a document."""
    end(system)
    shown = voteapp(*command)

    assert shown.exit_code == 0, shown.output
    assert "on VoteApp-test" in shown.stderr
    assert document(*command)["stack"] == "VoteApp-test"


def test_a_certified_round_is_shown_as_certified(system: MotoSystem) -> None:
    """In the list, in the poll's details, and in its results."""
    end(system)
    before = [voteapp(*command).stdout for command in COMMANDS[:2]]
    voteapp("certify", "colors", "--yes")
    listed, details = (voteapp(*command).stdout for command in COMMANDS[:2])

    assert [text for text in before if "certified" in text] == []
    assert "closed, certified" in listed
    assert ", certified 20" in details
    assert "round 1, closed, certified" in voteapp("results", "colors").stdout
    assert document("poll", "list")["polls"][0]["certified_at"] is not None
    assert document("results", "colors")["certified_at"] is not None


@pytest.mark.parametrize(
    ("keyword", "body"),
    [("", "red"), ('keyword = "finale"\n', "finale red")],
    ids=["alone", "keyword"],
)
def test_a_text_to_a_poll_has_its_number_and_keyword(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch, keyword: str, body: str
) -> None:
    """Without `--to`; the first number of the poll file."""
    lines = f'numbers = ["+15550100177"]\n{keyword}'
    system.directory.apply(
        [parse_poll(f"{lines}{COLORS_TOML}", source="colors.toml")], default_number=None
    )
    sent: list[SimulatedText] = []

    async def deliver_one(_: WebhookEndpoint, text: SimulatedText) -> WebhookReply:
        sent.append(text)
        return WebhookReply(
            text=text, status=200, body="<Response />", sent_at=1.0, answered_at=1.1
        )

    monkeypatch.setattr("services.cli.text.deliver_one", deliver_one)
    done = voteapp("text", "red", "--poll", "colors", "--json")

    assert (sent[0].to, sent[0].body) == ("+15550100177", body)
    assert json.loads(done.stdout)["stack"] == "VoteApp-test"
