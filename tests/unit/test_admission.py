"""Who may vote, which poll a text is for, and what happens if writes race."""

from dataclasses import dataclass, replace

import pytest

from services.adapters.memory import MemoryAllowLists, MemoryBallots, MemoryDirectory
from services.voting import lifecycle
from services.voting.ballot import Ballot, OutcomeKind
from services.voting.directory import Directory
from services.voting.errors import StoreUnavailableError
from services.voting.identity import Pseudonyms
from services.voting.intake import Intake
from services.voting.message import parse_text
from services.voting.poll import Choice, Round, State
from tests.support.intake_harness import IntakeHarness
from tests.support.polls import NOON, NUMBER, PSEUDONYMS, a_phone, a_poll, a_round, a_text

HOUR = 3_600_000
TREES = a_poll(id="trees", choices=(Choice(key="OAK", label="Oak"), Choice(key="ASH", label="Ash")))


async def test_without_any_list_nobody_is_invited() -> None:
    """Without the `lists` port, a poll with an allow list admits nobody."""
    ballots = MemoryBallots()
    intake = Intake(
        directory=MemoryDirectory([a_round(phones="guests.txt")]), ballots=ballots,
        clock=lambda: NOON, lists=None,
    )  # fmt: skip
    answer = await intake.accept(a_text("red"), pseudonyms=PSEUDONYMS)

    assert answer.outcome.kind is OutcomeKind.UNLISTED
    assert ballots.held == {}


async def test_the_list_of_another_poll_invites_nobody() -> None:
    """The id of a phone differs between allow lists."""
    lists = MemoryAllowLists({"trees": {PSEUDONYMS.allow_list_id("trees", a_phone())}})
    lists.phone_ids["colors"] = lists.phone_ids["trees"]

    answer = await IntakeHarness([a_round(phones="guests.txt")], lists=lists).say("red")

    assert answer.outcome.kind is OutcomeKind.UNLISTED


def test_a_phone_has_another_name_in_every_poll_and_round() -> None:
    """The allow list id of a phone differs from its pseudonyms as a voter, too."""
    names = {
        PSEUDONYMS.voter("colors", 1, a_phone()),
        PSEUDONYMS.voter("colors", 2, a_phone()),
        PSEUDONYMS.voter("trees", 1, a_phone()),
        PSEUDONYMS.voter("colors", 1, a_phone(1)),
        Pseudonyms(b"another pepper").voter("colors", 1, a_phone()),
        PSEUDONYMS.allow_list_id("colors", a_phone()),
        PSEUDONYMS.allow_list_id("trees", a_phone()),
    }

    assert len(names) == 7
    assert {len(name) for name in names} == {32}


@pytest.mark.parametrize(
    "other",
    [
        Round(poll=replace(TREES, opens_at_ms=NOON + HOUR)),
        Round(poll=replace(TREES, closes_at_ms=NOON)),
        Round(poll=TREES, state=State.CLOSED, state_at_ms=NOON - HOUR),
        Round(poll=TREES, state=State.ARCHIVED, state_at_ms=NOON - HOUR),
    ],
    ids=["waits", "closed by the clock", "closed", "archived"],
)
async def test_only_choices_that_can_be_texted_now_are_told(other: Round) -> None:
    """The reply does not list choices of polls that are not open."""
    answer = await IntakeHarness([other, a_round()]).say("purple")

    assert answer.poll_id == "colors"
    assert answer.reply == "That is not one of the choices. Text one of: RED, GREEN, BLUE"


async def test_where_nothing_is_open_the_first_that_waits_answers_alone() -> None:
    """The reply has the opening time of that poll only."""
    later = Round(poll=a_poll(id="a-later", opens_at_ms=NOON + 2 * HOUR))
    soon = Round(poll=replace(TREES, id="b-soon", opens_at_ms=NOON + HOUR))
    answer = await IntakeHarness([soon, later]).say("purple")
    match = Directory((soon, later)).match_text(NUMBER, parse_text("purple"), NOON)

    assert (answer.outcome.kind, answer.poll_id) == (OutcomeKind.WAITING, "a-later")
    assert match.others == ()


@dataclass
class RewrittenBallots(MemoryBallots):
    """Ballots that another request always writes first."""

    attempts: int = 0

    async def create(self, ballot: Ballot) -> bool:  # noqa: ARG002
        """Report that the ballot exists already."""
        self.attempts += 1
        return False

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:  # noqa: ARG002
        """Report that the ballot was replaced already."""
        self.attempts += 1
        return False


async def test_after_sixteen_races_the_sender_is_asked_to_try_again() -> None:
    """The webhook then answers 503, and Twilio redelivers the text."""
    ballots = RewrittenBallots()

    with pytest.raises(StoreUnavailableError, match="rewritten too often"):
        await IntakeHarness(ballots=ballots).say("red")
    assert ballots.attempts == 16


async def test_an_archived_poll_that_is_closed_still_answers_nobody() -> None:
    """Closing does not restore an archived poll; opening does."""
    archived = lifecycle.archived(a_round(), NOON - HOUR)
    closed = lifecycle.closed(archived, NOON)
    answer = await IntakeHarness([closed]).say("red")
    opened = lifecycle.opened(closed, NOON)

    assert closed == archived
    assert answer.outcome.kind is OutcomeKind.NO_POLL
    assert opened.state is State.OPEN


@pytest.mark.parametrize(("later_ms", "counted"), [(299_000, 1), (300_000, 1), (300_001, 2)])
async def test_a_text_is_known_again_for_five_minutes_after_a_reset(
    later_ms: int, counted: int
) -> None:
    """The limit is 300 s, exact to the millisecond."""
    began = Round(poll=a_poll(), began_at_ms=NOON - HOUR, changed_at_ms=NOON - HOUR)
    harness = IntakeHarness([began], now_ms=NOON - 1)
    text = a_text("red")
    await harness.take(text)
    harness.rounds = [lifecycle.next_round(began, NOON)]
    harness.now_ms = NOON + later_ms
    await harness.take(text)

    assert harness.counted(text.sid) == counted


async def test_a_poll_that_opens_by_the_clock_does_not_take_a_text_from_another() -> None:
    """At the redelivery two polls have the place that the text names; at the first delivery only one had."""
    began = NOON - HOUR
    colors = Round(poll=a_poll(), began_at_ms=began, changed_at_ms=began)
    opens = replace(TREES, opens_at_ms=NOON)
    harness = IntakeHarness(
        [colors, Round(poll=opens, began_at_ms=began, changed_at_ms=began)], now_ms=NOON - 1
    )
    text = a_text("2")
    first = await harness.take(text)
    harness.now_ms = NOON + 1
    again = await harness.take(text)

    assert first.outcome.kind is OutcomeKind.ACCEPTED
    assert again == first
