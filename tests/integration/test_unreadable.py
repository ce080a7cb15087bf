"""One bad item harms only itself: ballots and polls that cannot be read, through the commands."""

from typing import Any

import pytest

from tests.support.commands import document, voteapp
from tests.support.moto_system import MotoSystem

BROKEN: dict[str, dict[str, Any] | None] = {
    "without picks": {"picks": None},
    "without a board": {"board": None},
    "without writes": {"writes": None},
    "without a time": {"changed_at": None},
    "picks of another kind": {"picks": {"S": "RED"}},
    "a count of another kind": {"picks": {"M": {"RED": {"S": "one"}}}},
    "a count that is none": {"picks": {"M": {"RED": {"N": "1.5"}}}},
}


def spoil_ballot(system: MotoSystem, **attributes: Any) -> str:
    """One ballot gets another attribute or loses one; its two keys."""
    item = system.dynamodb.scan(TableName="Votes")["Items"][0]
    item = {name: value for name, value in (item | attributes).items() if value is not None}
    system.dynamodb.put_item(TableName="Votes", Item=item)
    system.fold()
    return f"{item['pk']['S']} {item['sk']['S']}"


@pytest.mark.parametrize("what", BROKEN)
def test_a_ballot_that_cannot_be_read_is_told_by_audit_and_stops_certify(
    system: MotoSystem, what: str
) -> None:
    """By its keys, with what to do; no traceback, no certificate."""
    for phone in range(3):
        system.vote(phone, "RED")
    keys = spoil_ballot(system, **(BROKEN[what] or {}))
    system.close()
    told, text = document("audit", "colors"), voteapp("audit", "colors")
    certify, repair = voteapp("certify", "colors", "--yes"), voteapp("audit", "colors", "--repair")

    assert (told["unreadable"], told["exact"], told["ballots"]) == (1, False, 2)
    assert f"1 item cannot be read as a ballot ({keys}): mend or delete it" in text.stdout
    assert "--repair" not in text.stdout
    for answer in (text, certify, repair):
        assert answer.exit_code == 1
        assert not answer.exception or isinstance(answer.exception, SystemExit)
    assert keys in certify.stderr
    assert keys in repair.stderr


def test_an_expiry_that_is_none_does_not_make_a_ballot_unreadable(system: MotoSystem) -> None:
    """A ballot of a poll without a closing time has none."""
    system.vote(1, "RED")
    system.close()

    assert "expires_at" not in system.dynamodb.scan(TableName="Votes")["Items"][0]
    assert document("certify", "colors", "--yes")["votes"]["RED"] == 1


def spoil_row(system: MotoSystem, sk: str, *, definition: str = 'question = ""') -> None:
    """A row of that key in the directory, like that of colors, that is no poll."""
    key = {"pk": {"S": "directory"}, "sk": {"S": "colors"}}
    row = system.dynamodb.get_item(TableName="Polls", Key=key)["Item"]
    row |= {"sk": {"S": sk}, "definition": {"S": definition}}
    system.dynamodb.put_item(TableName="Polls", Item=row)


def test_a_poll_that_cannot_be_read_is_listed_as_such_and_the_others_as_they_are(
    system: MotoSystem,
) -> None:
    """For people and for scripts; exit code 1."""
    system.vote(1, "RED")
    spoil_row(system, "old-poll")
    text, told = voteapp("poll", "list"), document("poll", "list")

    assert text.exit_code == 1
    assert "colors" in text.stdout
    assert "old-poll: its row in the directory cannot be read" in text.stderr
    assert [(row["poll"], row["votes"]) for row in told["polls"]] == [("colors", 1)]
    assert told["unreadable"] == ["old-poll"]


@pytest.mark.usefixtures("system")
def test_a_list_of_sound_polls_says_that_none_is_unreadable() -> None:
    """And exits with 0."""
    assert document("poll", "list")["unreadable"] == []
    assert voteapp("poll", "list").exit_code == 0


@pytest.mark.parametrize(
    "command", [("poll", "close"), ("poll", "show"), ("audit",), ("poll", "reset")]
)
def test_a_command_on_a_poll_that_cannot_be_read_says_so(
    system: MotoSystem, command: tuple[str, ...]
) -> None:
    """And not that there is none."""
    spoil_row(system, "old-poll")
    answer = voteapp(*command, "old-poll")

    assert answer.exit_code == 1
    assert "poll 'old-poll': its row in the directory cannot be read" in answer.stderr


def test_commands_on_the_other_polls_go_on(system: MotoSystem) -> None:
    """As if the bad row were not there."""
    system.vote(1, "RED")
    spoil_row(system, "old-poll")

    assert voteapp("poll", "close", "colors").exit_code == 0
    assert document("audit", "colors")["exact"]
    assert voteapp("poll", "reset", "colors", "--yes").exit_code == 0


def test_a_past_round_that_cannot_be_read_is_named_and_the_current_one_goes_on(
    system: MotoSystem,
) -> None:
    """Its poll can be counted and certified."""
    system.vote(1, "RED")
    voteapp("poll", "reset", "colors", "--yes")
    system.vote(1, "BLUE")
    spoil_row(system, "~round#colors#00001")

    assert document("poll", "list")["unreadable"] == ["colors, round 1"]
    assert document("audit", "colors")["votes"] == {"BLUE": 1}
    assert voteapp("audit", "colors", "--round", "1").exit_code == 1


@pytest.mark.parametrize(
    ("sk", "name"), [("old-poll", "old-poll"), ("~round#colors#00007", "colors, round 7")]
)
def test_forgetting_says_where_it_could_not_look(system: MotoSystem, sk: str, name: str) -> None:
    """It forgets what it finds, and does not pretend that this was all."""
    system.vote(1, "RED")
    spoil_row(system, sk)
    answer = voteapp("forget", "+15550100001", "--yes", "--json")
    ballot = system.ballot(1)

    assert answer.exit_code == 1
    assert f"not searched: {name}" in answer.stderr
    assert '"removed": [{"poll": "colors"' in answer.stdout
    assert f'"unreadable": ["{name}"]' in answer.stdout
    assert ballot
    assert ballot.picks == {}


def test_forgetting_where_all_can_be_read_is_done(system: MotoSystem) -> None:
    """With exit code 0; the board goes down with it, and both lines stay equal."""
    system.vote(1, "RED")
    system.vote(2, "RED")
    answer = voteapp("forget", "+15550100001", "--yes")
    system.fold()
    told = document("audit", "colors")

    assert answer.exit_code == 0
    assert (told["votes"], told["exact"]) == ({"RED": 1}, True)
    assert (told["writes"], told["folded"]) == (3, 3)
