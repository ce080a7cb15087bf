"""The console's desk: it shows and does what the commands do, on a deployment in this process."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from services.adapters.clock import now_ms
from services.cli import certify, console_desk
from services.cli.console_desk import DeploymentDesk
from services.cli.deployment import Deployment
from services.cli.rounds import create_auditor
from services.tools.console.desk import Action, DeskError, Request
from services.voting.poll import Phase
from tests.support.moto_system import MotoSystem, moto_system
from tests.support.polls import a_phone
from tests.support.twilio_api import ACCOUNT, NUMBER, TOKEN, twilio_api

CLOSES = "closes_at = 2037-01-15T09:30:00+01:00"


class Dialogue:
    """Answers every question as the test says, and keeps them with the progress."""

    def __init__(self, *, is_yes: bool = True) -> None:
        self.questions: list[str] = []
        self.progress_titles: list[str] = []
        self._is_yes = is_yes

    def confirm(self, question: str) -> None:
        """Keep the question."""
        self.questions.append(question)
        if not self._is_yes:
            raise DeskError("you answered no")

    @contextmanager
    def progress(self, title: str, *, unit: str = "ballots") -> Iterator[Callable[[int], None]]:
        """Keep the title."""
        self.progress_titles.append(f"{title} ({unit})")
        yield lambda _: None


@pytest.fixture
def timed() -> Iterator[MotoSystem]:
    """An open poll with a closing time."""
    with moto_system(CLOSES) as made:
        yield made


def desk_of(system: MotoSystem) -> DeploymentDesk:
    """As `voteapp console` makes it."""
    return DeploymentDesk.of(system.deployment, stage="dev")


def shown(desk: DeploymentDesk) -> dict[str, Any]:
    """The poll, as the console shows it."""
    (poll,) = desk.read_polls().polls
    return dict(poll)


def act(desk: DeploymentDesk, action: Action, dialogue: Dialogue | None = None, **more: Any) -> str:
    """Do it to the poll as it is shown now."""
    seen = {"round": shown(desk)["round"], "revision": shown(desk)["revision"]} | more
    request = Request(action=action, poll="colors", **seen)
    return desk.act(request, dialogue or Dialogue())


def logged(desk: DeploymentDesk) -> list[str]:
    """What the log says was done."""
    return [str(row["what"]) for row in desk.read_log("colors")]


def test_close_and_open_are_those_of_the_commands(timed: MotoSystem) -> None:
    """Each is logged; the second time nothing changes."""
    desk = desk_of(timed)
    told = [act(desk, action) for action in ("close", "close", "open")]

    assert told == [
        "colors: round 1 is closed",
        "colors: round 1 is closed, as it was: nothing changed",
        "colors: round 1 is open",
    ]
    assert logged(desk) == ["created", "closed", "opened"]
    assert timed.round.phase_at(now_ms()) is Phase.OPEN


def test_an_extension_says_what_to_write_into_the_file(timed: MotoSystem) -> None:
    """Or the next apply takes it back."""
    desk = desk_of(timed)
    told = act(desk, "extend", minutes=5)

    assert told.startswith("colors closes 2037-01-15 09:35:00+01:00. Write it into the poll file")
    assert told.endswith("closes_at = 2037-01-15T09:35:00+01:00")
    assert logged(desk)[-1] == "extended"


def test_a_reset_starts_the_next_round(timed: MotoSystem) -> None:
    """Once it has ballots, as the command does."""
    desk = desk_of(timed)
    unbegun = act(desk, "reset")
    timed.vote(1, "RED")
    begun = act(desk, "reset")

    assert unbegun == "colors: round 1 is open, as it was: nothing changed"
    assert begun == "colors: round 2 is open"
    assert (shown(desk)["round"], shown(desk)["votes"]) == (2, 0)


@pytest.mark.parametrize("action", ["open", "close", "extend", "reset", "certify"])
def test_who_acts_on_what_is_no_longer_so_is_refused(system: MotoSystem, action: Action) -> None:
    """Of two consoles the second is told, and nothing is done."""
    desk = desk_of(system)
    system.vote(1, "RED")
    seen = shown(desk)["revision"]
    system.close()

    with pytest.raises(DeskError, match="somebody else has changed it since this was shown"):
        act(desk, action, minutes=5, revision=seen)
    assert system.round.phase_at(now_ms()) is Phase.CLOSED
    assert (system.round.number, system.round.certified_at_ms) == (1, None)


def test_a_refusal_of_a_command_is_one_of_the_console(system: MotoSystem) -> None:
    """In the same words."""
    desk = desk_of(system)

    with pytest.raises(DeskError, match="has no closing time: it stays open until voteapp poll"):
        act(desk, "extend", minutes=5)
    with pytest.raises(DeskError, match=r"^the poll is open: close it first$"):
        act(desk, "certify")


def test_certifying_shows_progress_and_asks_nothing_that_was_confirmed() -> None:
    """What was sealed is shown to everybody afterwards, and marked in the console before."""
    with moto_system('visibility = "sealed"') as system:
        desk, dialogue = desk_of(system), Dialogue()
        system.vote(1, "RED")
        system.close()
        sealed = shown(desk)
        told = act(desk, "certify", dialogue)
        certified = shown(desk)

        assert (sealed["is_sealed"], sealed["votes"], sealed["certified_at"]) == (True, 1, None)
        assert told == "colors, round 1: certified, not reconciled with Twilio's log"
        assert dialogue.progress_titles == ["Recounting colors, round 1 (ballots)"]
        assert dialogue.questions == []
        assert certified["certified_at"]
        assert "certify" not in certified["can"]
        assert logged(desk)[-1] == "certified"


@pytest.mark.parametrize("is_yes", [True, False])
def test_certifying_reconciles_first_and_asks_before_texts_are_counted(
    system: MotoSystem,
    monkeypatch: pytest.MonkeyPatch,
    is_yes: bool,  # noqa: FBT001
) -> None:
    """With Twilio's credentials, as the command does; no leaves everything as it was."""
    create = create_auditor

    def auditor_after_fold(deployment: Deployment, **settings: Any) -> Any:
        system.fold()
        return create(deployment, **settings)

    monkeypatch.setattr(console_desk, "SETTLE_SECONDS", 0)
    monkeypatch.setattr(certify, "create_auditor", auditor_after_fold)
    dialogue = Dialogue(is_yes=is_yes)
    with twilio_api() as account:
        account.add_number(NUMBER)
        for name, value in {
            "TWILIO_API_URL": account.address,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
        }.items():
            monkeypatch.setenv(name, value)
        system.vote(1, "RED")
        system.close(ago_ms=200_000)
        account.records.add(sender=a_phone(2), to=NUMBER, body="blue", at=time.time() - 3_600)
        try:
            told = act(desk_of(system), "certify", dialogue)
        except DeskError as error:
            told = str(error)

    assert dialogue.questions == ["Count 1 missing text in round 1 of colors on VoteApp-test?"]
    assert dialogue.progress_titles[0] == "Reading Twilio's log for colors (texts)"
    assert ("reconciled with Twilio's log: ballots hold" in told) is is_yes
    assert (told == "you answered no") is not is_yes
    assert system.dynamodb.scan(TableName="Votes")["Count"] == (2 if is_yes else 1)


def test_a_poll_is_shown_with_count_times_and_what_can_be_done(timed: MotoSystem) -> None:
    """Only what would not be refused for its state."""
    desk = desk_of(timed)
    timed.vote(1, "RED")
    timed.vote(2, "GREEN")
    open_poll = shown(desk)
    timed.close()
    closed_poll = shown(desk)

    assert (open_poll["votes"], open_poll["voters"], open_poll["phase"]) == (2, 2, "open")
    assert [choice["votes"] for choice in open_poll["choices"]] == [1, 1, 0]
    assert open_poll["closes_at"] == 2_115_621_000_000
    assert open_poll["can"] == ["close", "extend", "reset"]
    assert closed_poll["can"] == ["open", "reset", "certify"]
    assert closed_poll["closes_at"] <= now_ms()


def test_polls_of_checks_are_left_out(system: MotoSystem) -> None:
    """Nobody opens or closes them."""
    entry = system.directory.entry("colors")
    probe = replace(entry.round.poll, id="doctor-selftest")
    system.directory.write(replace(entry, round=replace(entry.round, poll=probe), revision=0))

    assert set(desk_of(system).read_polls().revisions) == {"colors"}


def test_lost_aws_is_told_as_such(system: MotoSystem) -> None:
    """Not as a crash."""

    def unreachable(_: str) -> Any:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.example.com")

    desk = DeploymentDesk.of(replace(system.deployment, client=unreachable), stage="dev")

    with pytest.raises(DeskError, match="AWS cannot be reached"):
        desk.read_polls()
    with pytest.raises(DeskError, match="AWS cannot be reached"):
        desk.act(Request(action="close", poll="colors", round=1, revision=1), Dialogue())


def test_a_client_is_made_once_for_all_threads(system: MotoSystem) -> None:
    """The console reads every second."""
    made: list[str] = []

    def client(service: str) -> Any:
        made.append(service)
        return system.deployment.client(service)

    desk = DeploymentDesk.of(replace(system.deployment, client=client), stage="dev")
    for _ in range(3):
        desk.read_polls()

    assert made == ["dynamodb"]


def test_the_health_is_that_of_the_doctor(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And names what cannot be read in the table of polls."""

    def refused(url: str, *, data: bytes | None = None) -> Any:
        raise ConnectionRefusedError(url, data)

    monkeypatch.setattr("services.tools.doctor.web.fetch", refused)
    row = system.dynamodb.get_item(
        TableName="Polls", Key={"pk": {"S": "directory"}, "sk": {"S": "colors"}}
    )["Item"]
    system.dynamodb.put_item(
        TableName="Polls", Item=row | {"sk": {"S": "broken"}, "definition": {"S": "="}}
    )
    desk = DeploymentDesk.of(system.deployment, stage="local")
    found = {one["check"]: one for one in desk.check_health()}

    assert [*found] == [
        "number", "webhook", "mapping", "iterator age", "last fold", "fallback queue", "alarms", "polls",
    ]  # fmt: skip
    assert found["webhook"]["verdict"] == "failed"
    assert found["polls"]["detail"] == "cannot be read: broken"
