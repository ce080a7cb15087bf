"""How one text is handled in the less common cases."""

from dataclasses import replace

import pytest

from services.adapters.memory import MemoryBallots
from services.voting import lifecycle
from services.voting.ballot import Ballot, OutcomeKind
from services.voting.errors import StoreUnavailableError
from services.voting.poll import Choice, Policy, Round, State
from tests.support.intake_harness import IntakeHarness
from tests.support.polls import NOON, PSEUDONYMS, a_phone, a_poll, a_round, a_text

TREES = Round(
    poll=a_poll(
        id="trees", choices=(Choice(key="OAK", label="Oak"), Choice(key="ASH", label="Ash"))
    )
)


@pytest.mark.parametrize("body", ["redd", "rde", "bred", "vote gren", "Blu!", "blues"])
async def test_a_near_miss_is_asked_back_and_not_counted(body: str) -> None:
    """One letter added, missing, replaced, or two swapped."""
    harness = IntakeHarness()
    answer = await harness.say(body)

    assert answer.outcome.kind is OutcomeKind.NEAR
    assert (answer.reply or "").startswith("Did you mean ")
    assert harness.ballots.held == {}


@pytest.mark.parametrize(
    "body", ["RЕD", "re\u200bd", "red\x00", "r\u0435d", "reddd", "purple", "4", "11", "", "bl", "s"]
)
async def test_what_nobody_types_by_mistake_is_unknown(body: str) -> None:
    """Look-alike letters, hidden characters, numbers, and texts with more than one edit."""
    harness = IntakeHarness()

    assert (await harness.say(body)).outcome.kind is OutcomeKind.UNKNOWN
    assert harness.ballots.held == {}


async def test_what_is_near_to_two_choices_is_not_asked_back() -> None:
    """A suggestion would be a guess."""
    choices = (Choice(key="CAT", label="Cat"), Choice(key="HAT", label="Hat"))
    answer = await IntakeHarness([a_round(choices=choices)]).say("bat")

    assert answer.outcome.kind is OutcomeKind.UNKNOWN


async def test_a_place_that_two_open_polls_have_is_not_counted() -> None:
    """The reply lists the words of both; with one open poll, the place is counted."""
    harness = IntakeHarness([a_round(), TREES])
    both = await harness.say("2")
    harness.rounds[1] = lifecycle.closed(TREES, NOON)
    one = await harness.say("2")

    assert both.outcome.kind is OutcomeKind.UNKNOWN
    assert "RED, GREEN, BLUE, OAK, ASH" in (both.reply or "")
    assert (one.outcome.kind, one.outcome.choice) == (OutcomeKind.ACCEPTED, "GREEN")


async def test_a_reply_that_tells_the_time_is_the_same_when_delivered_again() -> None:
    """The ballot stores the time of each text, in seconds."""
    closes = NOON + 3_600_000
    texts = {
        "accepted": "In. Voting closes {closes_in}.",
        "changed": "Changed. Voting closes {closes_in}.",
    }
    harness = IntakeHarness([a_round(reply_texts=texts, closes_at_ms=closes)])
    sent = [a_text(body) for body in ("red", "blue", "green")]
    first = []
    for text in sent:
        first.append((await harness.take(text)).reply)
        harness.now_ms += 17 * 60_000
    again = [(await harness.take(text)).reply for text in sent]
    harness.now_ms = closes + 1
    late = [(await harness.take(text)).reply for text in sent]

    assert first == [
        "In. Voting closes in 1 h 0 min.",
        "Changed. Voting closes in 43 min.",
        "Changed. Voting closes in 26 min.",
    ]
    assert first == again == late


async def test_only_invited_phones_vote_where_there_is_a_list() -> None:
    """Phones are found by keyed hash; a list that was not stored admits nobody."""
    harness = IntakeHarness([a_round(phones="guests.txt")])
    nobody = await harness.say("red", phone=1)
    harness.lists.phone_ids["colors"] = {PSEUDONYMS.allow_list_id("colors", a_phone(1))}
    invited = await harness.say("red", phone=1)
    other = await harness.say("red", phone=2)

    kinds = [answer.outcome.kind for answer in (nobody, invited, other)]
    assert kinds == [OutcomeKind.UNLISTED, OutcomeKind.ACCEPTED, OutcomeKind.UNLISTED]
    assert len(harness.ballots.held) == 1


async def test_who_was_taken_off_the_list_hears_of_a_counted_text_what_it_was_told() -> None:
    """The vote stays, a redelivery gets the same reply, and a new text is refused."""
    harness = IntakeHarness([a_round(phones="guests.txt")])
    harness.lists.phone_ids["colors"] = {PSEUDONYMS.allow_list_id("colors", a_phone(1))}
    text = a_text("red", phone=1)
    first = await harness.take(text)
    harness.lists.phone_ids.clear()

    assert await harness.take(text) == first
    assert (await harness.say("blue", phone=1)).outcome.kind is OutcomeKind.UNLISTED


@pytest.mark.parametrize(
    ("round", "kind"),
    [
        (a_round(opens_at_ms=NOON + 1), OutcomeKind.WAITING),
        (a_round(closes_at_ms=NOON), OutcomeKind.CLOSED),
        (Round(poll=a_poll(), state=State.ARCHIVED), OutcomeKind.NO_POLL),
    ],
)
@pytest.mark.parametrize("body", ["purple", "redd", "red"])
async def test_out_of_time_every_text_is_told_the_time(
    round: Round, kind: OutcomeKind, body: str
) -> None:
    """The reply does not list the choices."""
    assert (await IntakeHarness([round]).say(body)).outcome.kind is kind


class BusyBallots(MemoryBallots):
    """Ballots that somebody else rewrites before every write."""

    async def create(self, ballot: Ballot) -> bool:
        """Refuse."""
        del ballot
        return False


async def test_a_ballot_that_is_rewritten_again_and_again_is_tried_later() -> None:
    """Also one in which a text must first be barred; the error says what failed."""
    busy = IntakeHarness([a_round()], ballots=BusyBallots())
    began = replace(a_round(), began_at_ms=NOON - 1, changed_at_ms=NOON - 1)
    turned = IntakeHarness([lifecycle.next_round(began, NOON)], ballots=BusyBallots())

    for harness in (busy, turned):
        with pytest.raises(StoreUnavailableError, match=r"^a ballot rewritten too often: "):
            await harness.say("red")


async def test_a_poll_of_its_own_number_comes_before_one_of_all_numbers() -> None:
    """The reply lists its choices first."""
    own = replace(TREES, poll=replace(TREES.poll, numbers=("+15550100199",)))
    answer = await IntakeHarness([a_round(), own]).say("purple")

    assert answer.poll_id == "trees"
    assert "OAK, ASH, RED" in (answer.reply or "")


async def test_with_no_limit_each_text_is_told_alike() -> None:
    """A redelivery is found by its own key."""
    harness = IntakeHarness([a_round(policy=Policy.UNLIMITED)])
    text = a_text("red")
    first, again = await harness.take(text), await harness.take(text)

    assert first == again
    assert len(harness.ballots.held) == 1
