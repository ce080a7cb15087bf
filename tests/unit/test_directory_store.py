"""The rows of the directory and the faces of its polls, through operators and deploys."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.polls.definition import parse_poll
from services.voting import lifecycle
from services.voting.errors import (
    PollChangedError,
    PollFileError,
)
from services.voting.poll import Phase, Round, State
from tests.support.office import (
    COLORS,
    COLORS_TEXT,
    HOUR,
    NUMBER,
    OTHER,
    Office,
    both_tables,
    office,
)
from tests.support.polls import COLORS_TOML, NOON

__all__ = ["both_tables", "office"]


def test_what_vanished_with_its_file_comes_back_by_its_times(office: Office) -> None:
    """A closed poll, too: its file is the operator's word now."""
    office.say(lifecycle.closed)
    office.polls.apply([OTHER])
    gone = office.polls.entry("colors")
    office.now_ms += HOUR
    office.polls.apply([COLORS, OTHER])
    back = office.polls.entry("colors")

    assert (gone.file_removed, gone.round.state) == (True, State.ARCHIVED)
    assert (back.file_removed, back.round.state, back.round.state_at_ms) == (
        False,
        State.AUTO,
        NOON + HOUR,
    )
    assert "gone" not in office.row("colors")


@pytest.mark.parametrize("word", [lifecycle.closed, lifecycle.archived])
def test_no_deploy_undoes_what_an_operator_said(
    office: Office, word: Callable[[Round, int], Round]
) -> None:
    """Also after the poll's file was away and came back: the operator has spoken since then."""
    office.polls.apply([OTHER])
    office.say(lifecycle.opened)
    office.say(word)
    office.polls.apply([COLORS, OTHER])
    office.polls.apply([COLORS, OTHER])

    assert office.round.state is word(office.round, NOON).state
    assert office.round.phase_at(NOON) is not Phase.OPEN
    assert office.polls.entry("colors").file_removed is False


def test_a_row_keeps_all_that_is_known_of_a_round(office: Office) -> None:
    """Each field under a name of its own."""
    entry = office.polls.entry("colors")
    there = replace(
        entry.round, number=3, state=State.CLOSED, state_at_ms=11, began_at_ms=12,
        was_open_until_ms=13, expires_from_ms=14, certified_at_ms=15,
        former_numbers=("+15550100144",), moved_at_ms=16,
    )  # fmt: skip
    office.polls.write(replace(entry, round=there, file_removed=True))
    found = office.polls.entry("colors")

    assert found.round == replace(there, changed_at_ms=NOON)
    assert (found.file_removed, found.number, found.revision) == (True, NUMBER, 2)
    assert office.row("colors")["heard_until"] == {"N": "13"}


def test_who_read_an_older_revision_may_not_write(office: Office) -> None:
    """Neither the row nor the face."""
    entry = office.polls.entry("colors")
    office.polls.write(replace(entry, number="+15550100133"))

    with pytest.raises(PollChangedError):
        office.polls.write(replace(entry, number="+15550100122"))
    face = office.tables.item("Aggregates", "open#colors", "poll")
    assert face
    assert face["number"] == {"S": "+15550100133"}


def test_a_new_poll_does_not_overwrite_one_that_somebody_has_just_made(office: Office) -> None:
    """Two first deploys at once."""
    entry = office.polls.entry("colors")

    with pytest.raises(PollChangedError):
        office.polls.write(replace(entry, revision=0))


def test_a_row_that_is_no_poll_is_named_and_the_others_are_read(office: Office) -> None:
    """One bad row must not take the other polls down."""
    office.spoil("colors", definition={"S": 'question = "?"'})
    directory = office.polls.load()

    assert [there.poll.id for there in directory.rounds] == ["other"]
    assert directory.unreadable == ("colors",)
    assert office.polls.unreadable() == ("colors",)


@pytest.mark.parametrize(
    "changes",
    [{"round": {"S": "1"}}, {"state": {"S": "ajar"}}, {"definition": {"S": "= ="}}, {"revision": {"S": "1"}}],
)  # fmt: skip
def test_every_way_in_which_a_row_is_no_poll_is_survived(
    office: Office, changes: dict[str, Any]
) -> None:
    """Whatever was written by hand."""
    office.spoil("colors", **changes)

    assert office.polls.load().unreadable == ("colors",)


def test_a_poll_whose_row_cannot_be_read_is_not_made_anew(office: Office) -> None:
    """A new round 1 would count over the old one's ballots."""
    office.spoil("colors", definition={"S": "= ="})

    with pytest.raises(PollFileError, match="its row in the directory cannot be read"):
        office.polls.apply([COLORS, OTHER])


def test_a_webhook_hears_of_an_archived_poll_for_five_minutes(office: Office) -> None:
    """A text that comes again may be one of its ballots."""
    office.say(lifecycle.archived)

    def heard(later_ms: int) -> bool:
        office.now_ms = NOON + later_ms
        return "colors" in {there.poll.id for there in office.polls.load().rounds}

    assert [heard(0), heard(299_999), heard(300_000)] == [True, True, False]


# --- the face -----------------------------------------------------------------------------


def face(office: Office, poll_id: str = "colors") -> dict[str, Any]:
    """What the screen shows beside the count."""
    found = office.tables.item("Aggregates", f"open#{poll_id}", "poll")
    assert found
    return found


def test_the_face_shows_every_word_of_an_operator(office: Office) -> None:
    """With the row, in one transaction."""
    office.now_ms += 5
    office.say(lifecycle.closed)

    assert face(office)["state"] == {"S": "closed"}
    assert face(office)["state_at"] == {"N": str(NOON + 5)}


def test_a_sealed_polls_face_is_on_the_open_board(office: Office) -> None:
    """Guests see the question, and not the count."""
    text = f'visibility = "sealed"\nnumbers = ["+15550100133"]\n{COLORS_TOML}'
    office.polls.apply([COLORS, OTHER, parse_poll(text, source="secret.toml")])

    assert face(office, "secret")["visibility"] == {"S": "sealed"}
    assert office.tables.item("Aggregates", "sealed#secret", "poll") is None


def test_the_face_tells_when_a_poll_opens_closes_and_shows_shares(office: Office) -> None:
    """Only what there is: a screen counts down to nothing else."""
    plain = face(office)
    text = (
        "opens_at = 2030-01-01T00:00:00Z\ncloses_at = 2030-01-02T00:00:00Z\npercent_from = 7\n"
        f"{COLORS_TEXT}"
    )
    office.polls.apply([parse_poll(text, source="colors.toml"), OTHER])
    timed = face(office)

    assert not {"opens_at", "closes_at", "percent_from"} & {*plain}
    assert timed["opens_at"] == {"N": "1893456000000"}
    assert timed["closes_at"] == {"N": "1893542400000"}
    assert timed["percent_from"] == {"N": "7"}
    assert [choice["M"]["word"]["S"] for choice in timed["choices"]["L"]]
