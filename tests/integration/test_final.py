"""A certified round is final: for the desk, for files, for texts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.adapters.clock import now_ms
from services.voting.ballot import OutcomeKind
from services.voting.poll import Phase
from tests.support.commands import document, voteapp
from tests.support.intake_harness import IntakeHarness
from tests.support.moto_system import DAY_MS, POLL, MotoSystem

REMEDY = "voteapp poll reset colors"


@pytest.fixture
def certified(system: MotoSystem) -> MotoSystem:
    """Four red, two green, certified an hour ago."""
    for phone in range(6):
        system.vote(phone, "GREEN" if phone > 3 else "RED")
    system.close(ago_ms=2 * 3_600_000)
    assert voteapp("certify", "colors", "--yes").exit_code == 0
    system.wait(3_600_000)
    return system


def certificate(system: MotoSystem) -> dict[str, Any]:
    """The row that the screen shows."""
    key = {"pk": {"S": "open#colors"}, "sk": {"S": "00001#certified"}}
    row: dict[str, Any] = system.dynamodb.get_item(TableName="Aggregates", Key=key)["Item"]
    return row


def apply(folder: Path, more: str = "", *, text: str = POLL) -> Any:
    """`voteapp poll apply` of this one file."""
    (folder / "colors.toml").write_text(text.format(more=more))
    return voteapp("poll", "apply", str(folder), "--yes")


def test_it_is_not_opened_again(certified: MotoSystem) -> None:
    """The remedy is the next round."""
    answer = voteapp("poll", "open", "colors")

    assert answer.exit_code == 1
    assert "round 1 was certified on" in answer.stderr
    assert REMEDY in answer.stderr
    assert certified.round.phase_at(now_ms()) is Phase.CLOSED


@pytest.mark.parametrize(
    ("more", "text", "named"),
    [
        ("closes_at = {tomorrow}", POLL, "closes_at"),
        ("", POLL.replace('"Red"', '"Crimson"'), "choices"),
        ("", f'{POLL}[[choices]]\nkey = "PINK"\nlabel = "Pink"\n', "choices"),
    ],
    ids=["a later close", "another label", "another choice"],
)
def test_no_file_opens_it_or_changes_what_was_voted_on(
    certified: MotoSystem, tmp_path: Path, more: str, text: str, named: str
) -> None:
    """Refused with key and remedy; nothing is applied."""
    before = certified.directory.entry("colors")
    tomorrow = datetime.fromtimestamp((now_ms() + DAY_MS) // 1000, UTC)
    answer = apply(tmp_path, more.format(tomorrow=f"{tomorrow:%Y-%m-%dT%H:%M:%SZ}"), text=text)

    assert answer.exit_code == 1
    assert f"{named}: " in answer.stderr
    assert "round 1 was certified on" in answer.stderr
    assert REMEDY in answer.stderr
    assert certified.directory.entry("colors") == before


def test_its_words_may_still_be_put_right(certified: MotoSystem, tmp_path: Path) -> None:
    """A question with a typing mistake, and how long the ballots are kept."""
    answer = apply(tmp_path, "retention_days = 5", text=POLL.replace("color", "colour"))

    assert answer.exit_code == 0, answer.output
    assert certified.round.poll.question == "Which colour should win tonight?"
    assert certified.round.phase_at(now_ms()) is Phase.CLOSED


@pytest.mark.parametrize("body", ["red", "purple"])
async def test_a_text_to_it_is_told_that_voting_is_over(certified: MotoSystem, body: str) -> None:
    """And nothing is written."""
    harness = IntakeHarness(list(certified.directory.load().rounds), now_ms=now_ms())
    answer = await harness.say(body, phone=99)

    assert answer.outcome.kind is OutcomeKind.CLOSED
    assert answer.reply
    assert harness.ballots.held == {}


def test_a_file_that_goes_and_comes_back_does_not_open_it(
    certified: MotoSystem, tmp_path: Path
) -> None:
    """Archived with its file, restored with it, final as before."""
    other = POLL.replace("RED", "OAK").replace("GREEN", "ASH").replace("BLUE", "ELM")
    other = other.replace('"Red"', '"O"').replace('"Green"', '"A"').replace('"Blue"', '"E"')
    (tmp_path / "trees.toml").write_text(other.format(more=""))
    gone = voteapp("poll", "apply", str(tmp_path), "--yes")
    archived = certified.round.phase_at(now_ms())
    back = apply(tmp_path)

    assert gone.exit_code == back.exit_code == 0, gone.output + back.output
    assert archived is Phase.ARCHIVED
    assert certified.round.phase_at(now_ms()) is Phase.CLOSED
    assert voteapp("poll", "open", "colors").exit_code == 1


def test_no_vote_is_taken_and_thanked_for_after_the_certificate(certified: MotoSystem) -> None:
    """Open, vote, close, certify again: refused at the first step; the screen keeps its result."""
    before = certificate(certified)
    opened = voteapp("poll", "open", "colors")
    again = document("certify", "colors")

    assert opened.exit_code == 1
    assert not again["new"]
    assert certificate(certified) == before
    assert again["votes"] == {"BLUE": 0, "GREEN": 2, "RED": 4}


def test_after_a_reset_everybody_votes_again_and_the_result_stays(certified: MotoSystem) -> None:
    """The certificate belongs to its round."""
    before = certificate(certified)
    told = document("poll", "reset", "colors", "--yes", "--open")
    certified.vote(1, "BLUE")
    certified.close()
    certified.wait(120_000)
    second = document("certify", "colors", "--yes")
    first = document("certify", "colors", "--round", "1")

    assert (told["round"], told["phase"]) == (2, "open")
    assert certificate(certified) == before
    assert (first["new"], first["votes"]["RED"]) == (False, 4)
    assert (second["new"], second["votes"]["BLUE"]) == (True, 1)


def test_a_certified_board_is_not_repaired(certified: MotoSystem) -> None:
    """A correction would make the screen disagree with its certificate."""
    (row,) = [
        row
        for row in certified.dynamodb.scan(TableName="Aggregates")["Items"]
        if row["sk"]["S"].startswith("00001#tally#")
    ]
    spoiled = row | {"c#RED": {"N": "9"}}
    certified.dynamodb.put_item(TableName="Aggregates", Item=spoiled)
    answer = voteapp("audit", "colors", "--repair", "--yes")

    assert answer.exit_code == 1
    assert "the round was certified on" in answer.stderr
    assert "its count is final" in answer.stderr


def test_a_phone_that_is_forgotten_afterwards_leaves_the_certificate(certified: MotoSystem) -> None:
    """What it counted for is gone from the ballots; who certifies again is told."""
    before = certificate(certified)
    answer = voteapp("forget", "+15550100001", "--yes")
    certified.fold()
    again = voteapp("certify", "colors")

    assert answer.exit_code == 0
    assert certificate(certified) == before
    assert again.exit_code == 1
    assert "The certificate stays as it is" in again.stderr
