"""The replies to voters."""

from xml.etree.ElementTree import fromstring

import pytest

from services.adapters.twilio.webhooks import twiml
from services.voting.ballot import Outcome, OutcomeKind
from services.voting.gsm import count_septets
from services.voting.poll import Choice, ReplyMode, Round
from services.voting.replies import DEFAULT_TEXTS, reply_to
from tests.support.polls import NOON, a_poll, a_round

OUTCOMES = {
    "accepted": Outcome(kind=OutcomeKind.ACCEPTED, choice="RED"),
    "left": Outcome(kind=OutcomeKind.ACCEPTED, choice="RED", left=2),
    "changed": Outcome(kind=OutcomeKind.CHANGED, choice="RED", previous="BLUE"),
    "same": Outcome(kind=OutcomeKind.SAME, choice="RED", previous="RED"),
    "limit": Outcome(kind=OutcomeKind.LIMIT, previous="RED", left=0),
    "stands": Outcome(kind=OutcomeKind.STANDS, previous="RED"),
    "unknown": Outcome(kind=OutcomeKind.UNKNOWN),
    "waiting": Outcome(kind=OutcomeKind.WAITING),
    "closed": Outcome(kind=OutcomeKind.CLOSED),
    "near": Outcome(kind=OutcomeKind.NEAR, choice="RED"),
    "unlisted": Outcome(kind=OutcomeKind.UNLISTED),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_every_outcome_has_a_reply_of_one_segment(name: str) -> None:
    """At most 160 characters of GSM-7, without unfilled placeholders."""
    reply = reply_to(OUTCOMES[name], a_round(opens_at_ms=NOON + 1), NOON)

    assert reply
    assert count_septets(reply) <= 160
    assert "{" not in reply


def test_every_outcome_but_silence_has_a_text() -> None:
    """A new kind of outcome needs a text."""
    assert {kind.value for kind in OutcomeKind} - set(DEFAULT_TEXTS) == {"reserved", "barred"}


def test_a_reply_names_choices_as_the_screen_does() -> None:
    """Labels for accepted choices, words for choices to text."""
    round = a_round()

    assert reply_to(OUTCOMES["changed"], round, NOON) == "Your vote is now Red. It was Blue."
    assert "RED, GREEN, BLUE" in (reply_to(OUTCOMES["unknown"], round, NOON) or "")


def test_a_sealed_poll_says_when_results_come() -> None:
    """It replaces the usual thanks."""
    assert "after the close" in (
        reply_to(OUTCOMES["accepted"], a_round(visibility="sealed"), 0) or ""
    )


@pytest.mark.parametrize(
    ("mode", "accepted", "unknown"),
    [("all", True, True), ("errors", False, True), ("none", False, False)],
)
def test_the_mode_decides_who_is_answered(mode: str, accepted: bool, unknown: bool) -> None:  # noqa: FBT001
    """Nobody, only senders whose text was not counted, or all."""
    round = a_round(reply_mode=ReplyMode(mode))

    assert bool(reply_to(OUTCOMES["accepted"], round, 0)) is accepted
    assert bool(reply_to(OUTCOMES["unknown"], round, 0)) is unknown


def test_a_poll_may_have_texts_of_its_own() -> None:
    """Their placeholders are filled in."""
    round = a_round(reply_texts={"accepted": "Merci pour {choice}!"})

    assert reply_to(OUTCOMES["accepted"], round, 0) == "Merci pour Red!"


def test_a_long_list_of_choices_is_cut_to_one_segment() -> None:
    """Two segments would cost twice."""
    choices = tuple(
        Choice(key=f"K{n}", label=f"{n}", words=("x" * 30 + str(n),)) for n in range(12)
    )
    reply = reply_to(OUTCOMES["unknown"], Round(poll=a_poll(choices=choices)), 0)

    assert reply
    assert len(reply) == 160


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(1, "in 1 min"), (59, "in 59 min"), (61, "in 1 h 1 min"), (60 * 72, "in 3 days")],
)
def test_a_waiting_voter_is_told_when(minutes: int, text: str) -> None:
    """A custom reply may show the time span."""
    own = {"waiting": "Voting begins {opens_in}."}
    round = a_round(opens_at_ms=NOON + minutes * 60_000, reply_texts=own)

    assert text in (reply_to(OUTCOMES["waiting"], round, NOON) or "")


def test_a_reply_of_two_lines_arrives_as_two_lines() -> None:
    """GSM-7 and XML both have the line feed."""
    round = a_round(reply_texts={"accepted": "Thank you!\nYour vote for {choice} is in."})

    sent = fromstring(twiml(reply_to(OUTCOMES["accepted"], round, 0)))  # noqa: S314 - our own answer

    assert sent.findtext("Message") == "Thank you!\nYour vote for Red is in."


def test_a_label_that_no_xml_can_hold_is_told_by_its_key() -> None:
    """Polls that were applied before such labels were refused still get replies."""
    round = a_round(choices=(Choice(key="RED", label="Red\fHot"), Choice(key="BLUE", label="Blue")))

    sent = fromstring(twiml(reply_to(OUTCOMES["accepted"], round, 0)))  # noqa: S314 - our own answer

    assert sent.findtext("Message") == "Thank you! Your vote for RED is in."


def test_what_a_carrier_cannot_spell_is_told_by_its_key() -> None:
    """One letter outside GSM-7 would halve the length of a segment."""
    choice = Choice(key="RED", label="Красный", words=("красный",))
    round = a_round(choices=(choice, Choice(key="BLUE", label="Blau")))

    assert reply_to(OUTCOMES["same"], round, 0) == "Your vote is still RED. Thank you!"
    assert "RED, BLUE" in (reply_to(OUTCOMES["unknown"], round, 0) or "")


def test_a_near_miss_is_asked_back_by_the_word_to_text() -> None:
    """The word is the one on the screen."""
    round = a_round(choices=(Choice(key="R", label="The red one", words=("red",)),))

    reply = reply_to(Outcome(kind=OutcomeKind.NEAR, choice="R"), round, 0)

    assert reply == "Did you mean RED? Text RED."


def test_a_text_to_several_open_polls_is_told_the_choices_of_all() -> None:
    """The polls share the number."""
    trees = a_round(id="trees", choices=(Choice(key="OAK", label="Oak"),))

    reply = reply_to(OUTCOMES["unknown"], a_round(), 0, others=(trees,))

    assert reply
    assert "RED, GREEN, BLUE, OAK" in reply


def test_a_redelivered_text_is_told_the_time_of_its_first_delivery() -> None:
    """The ballot has the time of every text."""
    round = a_round(
        closes_at_ms=NOON + 600_000, reply_texts={"accepted": "In. Voting closes {closes_in}."}
    )
    outcome = Outcome(kind=OutcomeKind.ACCEPTED, choice="RED", at_ms=NOON)

    assert reply_to(outcome, round, NOON + 300_000) == "In. Voting closes in 10 min."


def test_silence_for_the_carriers_words_and_no_poll_has_its_reply() -> None:
    """Reserved words get no reply, and a number without a poll has a default reply."""
    assert reply_to(Outcome(kind=OutcomeKind.RESERVED), None, 0) is None
    assert reply_to(Outcome(kind=OutcomeKind.NO_POLL), None, 0) == DEFAULT_TEXTS["no_poll"]
