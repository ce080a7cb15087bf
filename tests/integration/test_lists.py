"""`voteapp poll apply`: who may vote in a poll with a list, and what is asked before."""

from pathlib import Path

from services.adapters.dynamodb.allow_lists import PhoneListStore
from tests.support.commands import voteapp
from tests.support.moto_system import POLL, PSEUDONYMS, MotoSystem

ANN, BOB = "+15550100001", "+15550100002"


def a_folder(folder: Path, *phones: str) -> str:
    """The poll colors, for these phones only."""
    (folder / "colors.toml").write_text(POLL.format(more='phones = "guests.txt"'))
    (folder / "guests.txt").write_text("".join(f"{phone}\n" for phone in phones))
    return str(folder)


def marks(system: MotoSystem) -> set[str]:
    """What is stored of the list."""
    return PhoneListStore(system.dynamodb, "Polls").phone_ids("colors")


def test_a_list_is_stored_as_hashes_under_the_pepper_of_the_secret(
    system: MotoSystem, tmp_path: Path
) -> None:
    """The webhook hashes a sender with the same one; a number is stored nowhere."""
    done = voteapp("poll", "apply", a_folder(tmp_path, ANN, BOB))

    assert done.exit_code == 0, done.output
    assert marks(system) == {PSEUDONYMS.allow_list_id("colors", phone) for phone in (ANN, BOB)}
    assert ANN not in str(system.dynamodb.scan(TableName="Aggregates")["Items"])


def test_a_phone_that_left_the_list_may_vote_no_more(system: MotoSystem, tmp_path: Path) -> None:
    """The stored list is exactly the file."""
    voteapp("poll", "apply", a_folder(tmp_path, ANN, BOB))
    voteapp("poll", "apply", a_folder(tmp_path, BOB))

    assert marks(system) == {PSEUDONYMS.allow_list_id("colors", BOB)}


def test_a_poll_without_a_file_is_archived_only_after_a_yes(
    system: MotoSystem, tmp_path: Path
) -> None:
    """The command may run in the wrong folder."""
    other = POLL.format(more='numbers = ["+15550100123"]')
    (tmp_path / "other.toml").write_text(other)
    refused = voteapp("poll", "apply", str(tmp_path), answer="n")
    phase = system.round.state.value
    done = voteapp("poll", "apply", str(tmp_path), answer="y")

    assert "colors: has no file any more and is archived" in refused.output
    assert (refused.exit_code, phase) == (1, "auto")
    assert (done.exit_code, system.round.state.value) == (0, "archived")
