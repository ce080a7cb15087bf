"""A text that is delivered again counts once over all polls, rounds and states."""

from dataclasses import dataclass, replace

import pytest

from services.adapters.memory import MemoryBallots
from services.voting import lifecycle
from services.voting.ballot import Ballot, OutcomeKind
from services.voting.message import parse_text
from services.voting.poll import Choice, State
from services.voting.redelivery import earlier_rounds
from tests.support.intake_harness import IntakeHarness
from tests.support.polls import NOON, NUMBER, a_poll, a_text
from tests.support.round_changes import BEGAN, HOUR, ROUND_CHANGES, old_round

SECOND = 1_000

RED_ELSEWHERE = old_round(a_poll(id="other"), state=State.CLOSED, state_at_ms=BEGAN)


@pytest.mark.parametrize("later_ms", [0, 25 * SECOND, 299 * SECOND])
@pytest.mark.parametrize("name", ROUND_CHANGES)
async def test_a_text_delivered_again_has_its_first_reply_and_counts_once(
    name: str, later_ms: int
) -> None:
    """Whatever happened to its round since, and whichever poll matches it now."""
    harness = IntakeHarness([old_round(), RED_ELSEWHERE], now_ms=NOON - 3)
    text = a_text("red")
    first = await harness.take(text)
    harness.rounds = [ROUND_CHANGES[name](harness.rounds[0]), lifecycle.opened(RED_ELSEWHERE, NOON)]
    harness.now_ms = NOON + later_ms
    again = await harness.take(text)

    assert first.outcome.kind is OutcomeKind.ACCEPTED
    assert (again.reply, again.outcome, again.poll_id) == (first.reply, first.outcome, "colors")
    assert harness.counted(text.sid) == 1


@pytest.mark.parametrize(("later_ms", "counted"), [(299 * SECOND, 1), (301 * SECOND, 2)])
@pytest.mark.parametrize("change", ["reset", "reset, then other shards", "archived"])
async def test_after_five_minutes_the_same_text_would_be_a_new_vote(
    change: str, later_ms: int, counted: int
) -> None:
    """Twilio redelivers nothing after that time."""
    harness = IntakeHarness([old_round(), RED_ELSEWHERE], now_ms=NOON - 3)
    text = a_text("red")
    await harness.take(text)
    other = RED_ELSEWHERE if change != "archived" else lifecycle.opened(RED_ELSEWHERE, NOON)
    harness.rounds = [ROUND_CHANGES[change](harness.rounds[0]), other]
    harness.now_ms = NOON + later_ms
    await harness.take(text)

    assert harness.counted(text.sid) == counted


@pytest.mark.parametrize(("later_ms", "poll"), [(2, "h1"), (299, "h1"), (301, "h2")])
@pytest.mark.parametrize(("keyword", "lead"), [("heat", "heat "), ("", "")])
async def test_of_two_polls_back_to_back_only_the_first_counts_a_text_again(
    keyword: str, lead: str, later_ms: int, poll: str
) -> None:
    """The text was accepted half a second before the first poll closed."""
    heats = [
        old_round(a_poll(id="h1", keyword=keyword, closes_at_ms=NOON)),
        old_round(a_poll(id="h2", keyword=keyword, opens_at_ms=NOON)),
    ]
    harness = IntakeHarness(heats, now_ms=NOON - 500)
    text = a_text(f"{lead}red")
    first = await harness.take(text)
    harness.now_ms = NOON + later_ms * SECOND
    again = await harness.take(text)

    assert first.poll_id == "h1"
    assert again.poll_id == poll
    assert (again.reply == first.reply) is (
        poll == "h1"
    ) or again.outcome.kind is OutcomeKind.ACCEPTED
    assert harness.counted(text.sid) == (1 if poll == "h1" else 2)


async def test_a_text_is_answered_from_the_poll_that_took_it_also_where_two_hear_it_now() -> None:
    """Also if only the other poll is open at the redelivery."""
    trees = a_poll(
        id="trees", choices=(Choice(key="OAK", label="Oak"), Choice(key="ASH", label="Ash"))
    )
    harness = IntakeHarness([old_round(), old_round(trees, state=State.CLOSED, state_at_ms=BEGAN)])
    text = a_text("2")
    first = await harness.take(text)
    harness.rounds[1] = lifecycle.opened(harness.rounds[1], NOON)
    both_open = await harness.take(text)
    harness.rounds[0] = lifecycle.closed(harness.rounds[0], NOON)
    other_open = await harness.take(text)

    assert first == both_open == other_open
    assert len(harness.ballots.held) == 1


async def test_a_new_text_just_after_a_turn_is_a_vote_of_the_new_round() -> None:
    """A text with another MessageSid is new, although phone and body are the same."""
    harness = IntakeHarness([old_round()], now_ms=NOON - 3)
    first = await harness.say("red")
    harness.rounds = [lifecycle.next_round(harness.rounds[0], NOON)]
    harness.now_ms = NOON + 5
    second, third = await harness.say("red"), await harness.say("blue")

    kinds = [answer.outcome.kind for answer in (first, second, third)]
    assert kinds == [OutcomeKind.ACCEPTED, OutcomeKind.ACCEPTED, OutcomeKind.CHANGED]


async def test_without_a_turn_nothing_but_its_own_ballot_is_read() -> None:
    """The usual case is one write."""
    harness = IntakeHarness([old_round(), RED_ELSEWHERE], ballots=CountingBallots())
    await harness.say("red")

    assert harness.ballots.reads == 0  # type: ignore[attr-defined]
    assert earlier_rounds(harness.rounds, NUMBER, parse_text("red"), NOON).rounds == ()


@dataclass
class CountingBallots(MemoryBallots):
    """Ballots that count the reads."""

    reads: int = 0

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """Count a read and carry it out."""
        self.reads += 1
        return await MemoryBallots.find(self, pk, sk)


@pytest.mark.parametrize(
    ("later_ms", "known", "has_pending_writes"),
    [(0, 1, True), (73_000, 1, True), (73_001, 1, False), (300_000, 1, False), (300_001, 0, False)],
)
def test_rounds_are_remembered_for_five_minutes_and_watched_for_twenty_seconds(
    later_ms: int,
    known: int,
    has_pending_writes: bool,  # noqa: FBT001
) -> None:
    """A write in flight completes within 73 s or never."""
    closed = lifecycle.closed(old_round(), NOON)
    found = earlier_rounds([closed], NUMBER, parse_text("red"), NOON + later_ms)

    assert (len(found.rounds), found.has_pending_writes) == (known, has_pending_writes)


def test_a_round_that_took_no_text_lately_is_not_asked() -> None:
    """One that has just opened is: a webhook may have missed an opening shortly before it."""
    closed = lifecycle.closed(old_round(a_poll(id="old")), NOON - HOUR)
    opened = lifecycle.opened(old_round(a_poll(id="new"), state=State.CLOSED), NOON)
    found = earlier_rounds([closed, old_round(), opened], NUMBER, parse_text("red"), NOON + 5)

    assert [one.poll.id for one in found.rounds] == ["colors", "new"]


@pytest.mark.parametrize(
    ("changes", "concerns"),
    [
        ({}, False),
        ({"former_numbers": (NUMBER,), "moved_at_ms": NOON}, True),
        ({"former_numbers": ("*",), "moved_at_ms": NOON}, True),
        ({"former_numbers": ("+15550100122",), "moved_at_ms": NOON}, False),
        ({"former_numbers": (NUMBER,), "moved_at_ms": NOON + 5 - 300 * SECOND}, True),
        ({"former_numbers": None}, True),
        ({"former_numbers": None, "changed_at_ms": BEGAN}, False),
    ],
)
def test_a_poll_on_another_number_concerns_a_text_if_it_has_just_left_its_number(
    changes: dict[str, object], *, concerns: bool
) -> None:
    """Every other change of it is none of the text's business; of an older version's nobody knows.

    It is neither looked up nor barred there.
    """
    now_ms = NOON + 5
    there = old_round(a_poll(numbers=("+15550100111",)), changed_at_ms=NOON, was_open_until_ms=NOON)
    found = earlier_rounds([replace(there, **changes)], NUMBER, parse_text("red"), now_ms)  # type: ignore[arg-type]

    assert bool(found.rounds) is concerns
    assert found.has_pending_writes is concerns


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("red", True),
        ("vote red!", True),
        ("2", True),
        ("tree blue", True),
        ("oak", False),
        ("tree", False),
        ("redd", False),
    ],
)
def test_a_round_that_does_not_hear_the_words_is_not_asked(body: str, *, asked: bool) -> None:
    """A round whose choices the text does not name cannot have accepted it."""
    round = old_round(a_poll(keyword="tree"))
    opened = lifecycle.opened(old_round(a_poll(id="new"), state=State.CLOSED), NOON)

    assert bool(earlier_rounds([round, opened], NUMBER, parse_text(body), NOON + 5).rounds) is asked


def test_a_round_whose_file_has_changed_is_asked_about_any_words() -> None:
    """For five minutes after the change, its old file may have had other words."""
    changed = replace(old_round(), changed_at_ms=NOON)

    assert earlier_rounds([changed], NUMBER, parse_text("oak"), NOON + 300_000).rounds == (changed,)
    assert earlier_rounds([changed], NUMBER, parse_text("oak"), NOON + 300_001).rounds == ()


async def test_opening_a_poll_writes_nothing_into_another_one_with_other_words() -> None:
    """A barred ballot would make a round look as if it had begun."""
    trees = a_poll(
        id="trees", choices=(Choice(key="OAK", label="Oak"), Choice(key="ASH", label="Ash"))
    )
    opened = lifecycle.opened(old_round(trees, state=State.CLOSED), NOON)
    harness = IntakeHarness([old_round(), opened], now_ms=NOON + 5)
    answer = await harness.say("oak")

    assert answer.outcome.kind is OutcomeKind.ACCEPTED
    assert [pk.partition(":")[0] for pk, _ in harness.ballots.held] == ["trees"]
