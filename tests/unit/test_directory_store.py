"""The rows of the directory, through changes, deploys and resets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from services.adapters.directory import DynamoDirectory
from services.voting import control
from services.voting.definition import parse_poll
from services.voting.errors import (
    PollChangedError,
    PollFileError,
    PollUnknownError,
    RoundUnknownError,
)
from services.voting.poll import Phase, Round, State
from tests.support.polls import COLORS_TOML, NOON
from tests.support.recorded import Recorded, recorded_tables

HOUR = 3_600_000
DAY = 24 * HOUR
NUMBER = "+15550100199"
COLORS_TEXT = f'numbers = ["{NUMBER}"]\n{COLORS_TOML}'
COLORS = parse_poll(COLORS_TEXT, source="colors.toml")
OTHER = parse_poll(f'numbers = ["+15550100111"]\n{COLORS_TOML}', source="other.toml")


@dataclass
class Office:
    """A directory, its table, and its clock."""

    tables: Recorded
    now_ms: int = NOON
    polls: DynamoDirectory = field(init=False)

    def __post_init__(self) -> None:
        self.polls = DynamoDirectory(
            client=self.tables.client, table="Aggregates", clock=lambda: self.now_ms
        )

    def say(self, word: Callable[[Round, int], Round]) -> None:
        """An operator's word on colors."""
        self.polls.change("colors", lambda there: word(there, self.now_ms))

    @property
    def standing(self) -> Round:
        """The current round of colors."""
        return self.polls.entry("colors").round

    def row(self, sk: str) -> dict[str, Any]:
        """A row of the directory."""
        row = self.tables.item("Aggregates", "directory", sk)
        assert row
        return row

    def spoil(self, sk: str, **changes: Any) -> None:
        """Somebody writes nonsense into a row by hand."""
        self.tables.client.put_item(TableName="Aggregates", Item=self.row(sk) | changes)


@pytest.fixture(scope="module")
def both_tables() -> Iterator[Recorded]:
    """With the polls colors and other, applied at noon."""
    with recorded_tables() as tables:
        Office(tables).polls.apply([COLORS, OTHER], default_number=NUMBER)
        tables.save()
        yield tables


@pytest.fixture
def office(both_tables: Recorded) -> Office:
    """At noon."""
    return Office(both_tables.restore())


def test_what_vanished_with_its_file_comes_back_by_its_times(office: Office) -> None:
    """A closed poll, too: its file is the operator's word now."""
    office.say(control.closed)
    office.polls.apply([OTHER])
    gone = office.polls.entry("colors")
    office.now_ms += HOUR
    office.polls.apply([COLORS, OTHER])
    back = office.polls.entry("colors")

    assert (gone.gone, gone.round.state) == (True, State.ARCHIVED)
    assert (back.gone, back.round.state, back.round.state_at_ms) == (False, State.AUTO, NOON + HOUR)
    assert "gone" not in office.row("colors")


@pytest.mark.parametrize("word", [control.closed, control.archived])
def test_no_deploy_undoes_what_an_operator_said(
    office: Office, word: Callable[[Round, int], Round]
) -> None:
    """Also after the poll's file was away and came back: the operator has spoken since then."""
    office.polls.apply([OTHER])
    office.say(control.opened)
    office.say(word)
    office.polls.apply([COLORS, OTHER])
    office.polls.apply([COLORS, OTHER])

    assert office.standing.state is word(office.standing, NOON).state
    assert office.standing.phase_at(NOON) is not Phase.OPEN
    assert office.polls.entry("colors").gone is False


def test_a_row_keeps_all_that_is_known_of_a_round(office: Office) -> None:
    """Each field under a name of its own."""
    entry = office.polls.entry("colors")
    there = replace(
        entry.round, number=3, state=State.CLOSED, state_at_ms=11, began_at_ms=12,
        heard_until_ms=13, expires_from_ms=14, certified_at_ms=15,
    )  # fmt: skip
    office.polls.write(replace(entry, round=there, gone=True))
    found = office.polls.entry("colors")

    assert found.round == replace(there, changed_at_ms=NOON)
    assert (found.gone, found.number, found.revision) == (True, NUMBER, 2)
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
    office.say(control.archived)

    def heard(later_ms: int) -> bool:
        office.now_ms = NOON + later_ms
        return "colors" in {there.poll.id for there in office.polls.load().rounds}

    assert [heard(0), heard(299_999), heard(300_000)] == [True, True, False]


def test_a_webhook_hears_of_the_rounds_before_a_reset_for_five_minutes(office: Office) -> None:
    """As far back as resets were not long ago."""
    for later in (0, 1_000):
        office.now_ms = NOON + later
        office.say(control.next_round)

    def numbers(later_ms: int) -> list[int]:
        office.now_ms = NOON + later_ms
        each: Round | None = next(r for r in office.polls.load().rounds if r.poll.id == "colors")
        found = []
        while each is not None:
            found.append(each.number)
            each = each.previous
        return found

    assert [numbers(299_999), numbers(300_000), numbers(301_000)] == [[3, 2, 1], [3, 2], [3]]


def test_a_past_round_that_cannot_be_read_does_not_take_the_poll_down(office: Office) -> None:
    """The round that is open answers on."""
    office.say(control.next_round)
    office.spoil("~round#colors#00001", definition={"S": "= ="})
    (there,) = [r for r in office.polls.load().rounds if r.poll.id == "colors"]

    assert (there.number, there.previous) == (2, None)


def test_the_tenth_round_comes_after_the_ninth(office: Office) -> None:
    """Sorted as numbers: it is not the second."""
    entry = office.polls.entry("colors")
    office.polls.write(replace(entry, round=replace(entry.round, number=9)))
    for _ in range(2):
        office.say(control.next_round)

    assert [there.number for there in office.polls.rounds("colors")] == [9, 10, 11]


def test_a_past_round_of_another_poll_is_not_one_of_this(office: Office) -> None:
    """Also where the name of one begins like the other's."""
    office.polls.apply([COLORS, OTHER, replace(OTHER, id="color", numbers=("+15550100122",))])
    office.say(control.next_round)

    assert office.polls.past_rounds("color") == []


# --- the expiry of a round ---------------------------------------------------------------


def test_the_expiry_of_a_past_round_is_stored_and_never_put_off(office: Office) -> None:
    """A ballot may carry the earlier one."""
    office.say(control.next_round)
    (ended,) = office.polls.past_rounds("colors")
    office.polls.store_expiry(ended, NOON + 2 * DAY)
    office.polls.store_expiry(ended, NOON + DAY)

    with pytest.raises(PollChangedError):
        office.polls.store_expiry(ended, NOON + DAY + 1)
    assert office.polls.past_rounds("colors")[0].expires_from_ms == NOON + DAY


def test_a_round_that_there_never_was_is_given_no_expiry(office: Office) -> None:
    """Nor a row of half a round."""
    with pytest.raises(PollChangedError):
        office.polls.store_expiry(replace(office.standing, number=9), NOON)
    assert office.tables.item("Aggregates", "directory", "~round#colors#00009") is None


def test_an_expiry_is_promised_to_the_round_that_is_named(office: Office) -> None:
    """The current one, a past one, and none that there is not."""
    office.say(control.next_round)
    office.say(control.closed)
    office.now_ms += HOUR
    past, current = (office.polls.promise_expiry("colors", number) for number in (1, 2))

    assert past == current == NOON + 30 * DAY
    assert office.polls.past_rounds("colors")[0].expires_from_ms == past
    assert office.standing.expires_from_ms == current
    with pytest.raises(RoundUnknownError, match="has no round 3; the latest is 2"):
        office.polls.promise_expiry("colors", 3)
    with pytest.raises(PollUnknownError):
        office.polls.promise_expiry("colours", 1)


# --- reset --------------------------------------------------------------------------------


def test_a_reset_that_somebody_else_has_done_already_is_not_done_again(office: Office) -> None:
    """Two desks reset round 1 at the same time: there is a round 2, and no round 3."""
    for _ in range(2):
        office.polls.reset("colors", 1, begun=lambda _: True)

    assert office.standing.number == 2


def test_a_reset_between_reading_and_writing_is_not_done_twice(office: Office) -> None:
    """The other desk is faster by a moment."""
    rival = DynamoDirectory(client=office.tables.client, table="Aggregates", clock=lambda: NOON)
    office.tables.rivals["TransactWriteItems"] = lambda: rival.reset(
        "colors", 1, begun=lambda _: True
    )
    office.polls.reset("colors", 1, begun=lambda _: True)

    assert office.standing.number == 2


@pytest.mark.parametrize(("begun", "number"), [(True, 2), (False, 1)])
def test_a_round_without_a_ballot_is_not_reset(office: Office, begun: bool, number: int) -> None:  # noqa: FBT001
    """There is nothing to begin anew."""
    office.polls.reset("colors", 1, begun=lambda _: begun)

    assert office.standing.number == number


def test_a_final_round_is_reset_also_if_nothing_in_it_tells_that_it_had_begun(
    office: Office,
) -> None:
    """Its ballots may have expired."""
    entry = office.polls.entry("colors")
    office.polls.write(replace(entry, round=replace(entry.round, certified_at_ms=NOON)))
    office.polls.reset("colors", 1, begun=lambda _: False)

    assert (office.standing.number, office.standing.certified_at_ms) == (2, None)


def test_a_reset_may_open_what_was_closed(office: Office) -> None:
    """In one write, so that no text falls in between."""
    office.say(control.closed)
    office.polls.reset("colors", 1, begun=lambda _: True, opened=True)

    assert office.standing.phase_at(NOON) is Phase.OPEN


# --- the face -----------------------------------------------------------------------------


def face(office: Office, poll_id: str = "colors") -> dict[str, Any]:
    """What the screen shows beside the count."""
    found = office.tables.item("Aggregates", f"open#{poll_id}", "poll")
    assert found
    return found


def test_the_face_shows_every_word_of_an_operator(office: Office) -> None:
    """With the row, in one transaction."""
    office.now_ms += 5
    office.say(control.closed)

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
