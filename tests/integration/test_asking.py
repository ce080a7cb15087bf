"""Commands that destroy something ask first; a "no" changes nothing, and nothing is asked twice."""

from typing import Any

import pytest

from tests.support.commands import document, voteapp, wire
from tests.support.moto_system import MotoSystem, moto_system

MINUTE_MS = 60_000
CLOSES = "closes_at = 2037-01-15T09:30:00+01:00"
ANN = "+15550100001"
"""The phone that the ledger calls 1."""


def everything(system: MotoSystem) -> list[Any]:
    """Every row of both tables."""
    rows = [row for name in ("Votes", "Aggregates") for row in _scanned(system, name)]
    return sorted(rows, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))


def _scanned(system: MotoSystem, table: str) -> list[Any]:
    return list(system.dynamodb.scan(TableName=table)["Items"])


def end(system: MotoSystem) -> None:
    """A round with two votes that ended an hour ago, whose board lacks one."""
    system.vote(1, "RED")
    system.vote(2, "BLUE")
    system.close()
    system.wait(60 * MINUTE_MS)


def lose_a_vote(system: MotoSystem) -> None:
    """As if the board had lost what one phone has voted: all is drained, and it is off."""
    for row in _scanned(system, "Aggregates"):
        if row["sk"]["S"].startswith("00001#tally#"):
            system.dynamodb.put_item(TableName="Aggregates", Item=row | {"c#RED": {"N": "0"}})


ASKED = [
    (("poll", "reset", "colors"), "Start round 2 of colors on VoteApp-test?"),
    (("poll", "archive", "colors"), "Archive colors on VoteApp-test?"),
    (("certify", "colors"), "Certify round 1 of colors on VoteApp-test?"),
    (("forget", ANN), "Empty 1 ballot on VoteApp-test?"),
    (("poll", "expire", "colors"), "Not certified: round 1 of colors"),
]


@pytest.mark.parametrize(("command", "question"), ASKED, ids=[c[-2] for c, _ in ASKED])
@pytest.mark.parametrize("answer", ["n", ""], ids=["no", "nothing"])
def test_a_no_changes_nothing(
    system: MotoSystem, command: tuple[str, ...], question: str, answer: str
) -> None:
    """Nor does an answer that is none; the exit code is 1."""
    end(system)
    before = everything(system)
    done = voteapp(*command, answer=answer)

    assert question in done.output
    assert done.exit_code == 1
    assert everything(system) == before


@pytest.mark.parametrize("command", [c for c, _ in ASKED], ids=[c[-2] for c, _ in ASKED])
def test_with_yes_nothing_is_asked_and_it_is_done(
    system: MotoSystem, command: tuple[str, ...]
) -> None:
    """For scripts: no input is needed."""
    end(system)
    before = everything(system)
    done = voteapp(*command, "--yes", answer="")

    assert done.exit_code == 0, done.output
    assert "?" not in done.output
    assert everything(system) != before


def test_a_repair_that_is_not_confirmed_changes_nothing(system: MotoSystem) -> None:
    """The differences are shown in the question."""
    end(system)
    lose_a_vote(system)
    before = everything(system)
    done = voteapp("audit", "colors", "--repair", answer="n")

    assert "Correct the board of round 1 of colors on VoteApp-test?" in done.output
    assert "RED" in done.output
    assert done.exit_code == 1
    assert everything(system) == before


def test_a_poll_that_is_not_there_is_told_before_anything_is_asked(system: MotoSystem) -> None:
    """Nobody confirms what cannot be done."""
    del system
    done = voteapp("poll", "archive", "nobody")

    assert done.exit_code == 1
    assert "nobody" in done.output
    assert "?" not in done.output


def test_a_reset_of_a_round_without_ballots_starts_none(system: MotoSystem) -> None:
    """It is told as what it is."""
    found = document("poll", "reset", "colors", "--yes")

    assert (found["changed"], found["round"]) == (False, 1)
    assert "(as it was)" in voteapp("poll", "reset", "colors", "--yes").output
    assert system.round.number == 1


def test_a_reset_starts_the_next_round_as_it_was_confirmed(system: MotoSystem) -> None:
    """And says which phase the one before had."""
    end(system)
    found = document("poll", "reset", "colors", "--open", "--yes")

    assert found == {
        "stack": "VoteApp-test", "poll": "colors", "changed": True, "round": 2, "phase": "open", "was": "closed",
    }  # fmt: skip


def test_a_poll_is_extended_and_the_line_for_its_file_is_printed() -> None:
    """In the zone of the file; without a closing time there is nothing to move."""
    with pytest.MonkeyPatch.context() as patch, moto_system(CLOSES) as timed:
        wire(patch, timed)
        done = voteapp("poll", "extend", "colors", "--minutes", "5")
        told = document("poll", "extend", "colors", "--minutes", "5")

        assert done.stdout.startswith("colors: round 1, open, closes 2037-01-15 09:35:00+01:00\n")
        assert done.stdout.endswith("closes_at = 2037-01-15T09:35:00+01:00\n")
        assert timed.round.known_close_ms == told["closes_at"] == 2_115_621_600_000


def test_a_poll_without_a_closing_time_is_not_extended(system: MotoSystem) -> None:
    """The refusal says how it ends instead."""
    del system
    done = voteapp("poll", "extend", "colors", "--minutes", "5")

    assert done.exit_code == 1
    assert "it stays open until voteapp poll close colors" in done.stderr


def test_a_phone_without_votes_is_not_asked_about(system: MotoSystem) -> None:
    """There is nothing to lose."""
    end(system)
    done = voteapp("forget", "+15550100099", answer="")

    assert done.exit_code == 0
    assert "nothing: no ballot of this phone in 1 round" in done.output


def test_without_a_pepper_nobody_can_say_that_a_phone_has_not_voted(
    system: MotoSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hash under no pepper finds nothing: exit code 3, and no word that there is nothing."""
    end(system)
    before = everything(system)
    empty = {"SecretString": '{"twilio_auth_token": "token", "voter_pepper": ""}'}
    monkeypatch.setattr(MotoSystem, "get_secret_value", lambda *_, **__: empty)
    done = voteapp("forget", ANN, "--yes")

    assert done.exit_code == 3
    assert "the secret holds no pepper" in done.output
    assert "nothing: no ballot" not in done.output
    assert everything(system) == before


def test_a_phone_is_forgotten_in_earlier_rounds_too(system: MotoSystem) -> None:
    """It was told: in every round of every poll."""
    end(system)
    voteapp("poll", "reset", "colors", "--open", "--yes")
    system.vote(1, "GREEN")
    found = document("forget", ANN, "--yes")

    assert [(one["round"], one["picks"]) for one in found["removed"]] == [
        (1, {"RED": 1}), (2, {"GREEN": 1}),
    ]  # fmt: skip


def test_a_phone_is_forgotten_by_its_address_on_whatsapp(system: MotoSystem) -> None:
    """It is one phone, by whatever channel it votes."""
    end(system)

    assert document("forget", f"whatsapp:{ANN}", "--yes")["removed"][0]["picks"] == {"RED": 1}
