"""Twilio's log against the ballots: every text is counted once or refused for a reason."""

import asyncio
import random
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace

import pytest

from services.adapters.twilio.message_log import LoggedText
from services.late.report import NotBalancedError, Report
from services.voting import lifecycle
from services.voting.barring import bar_text, forget_votes
from services.voting.errors import StoreUnavailableError
from services.voting.history import RoundChange
from services.voting.poll import Policy
from tests.support.lossy_delivery import HOUR, PSEUDONYMS, SECOND, LossyDelivery, a_first_round
from tests.support.polls import NOON, NUMBER, a_phone, a_vote


async def test_a_lost_text_is_recovered_once() -> None:
    """And a second reconciliation finds it counted."""
    sent = LossyDelivery()
    await sent.text("red", 10)
    lost = await sent.text("blue", 20, phone=1, lost=True)

    first, second = await sent.reconcile(), await sent.reconcile()

    assert (first.listed, first.counted, first.recovered) == (2, 1, 1)
    assert (second.listed, second.counted, second.recovered) == (2, 2, 0)
    assert sent.counted(lost) == 1
    assert sent.picks(phone=1) == {"BLUE": 1}


async def test_a_rehearsal_says_what_would_be_recovered_and_stores_nothing() -> None:
    """`--dry-run`."""
    sent = LossyDelivery()
    lost = await sent.text("red", 10, lost=True)

    report = await sent.reconcile(writes=False)

    assert report.recovered == 1
    assert sent.counted(lost) == 0
    assert sent.ballots.held == {}


async def test_an_older_lost_text_never_replaces_a_newer_vote() -> None:
    """The ballot takes it in, in its place."""
    sent = LossyDelivery()
    await sent.text("red", 10, lost=True)
    await sent.text("blue", 20)

    report = await sent.reconcile()

    assert report.recovered == 1
    assert sent.picks() == {"BLUE": 1}


async def test_a_delivery_that_was_retried_keeps_the_order_of_twilio() -> None:
    """The held text arrived after the lost one, but was sent before it."""
    sent = LossyDelivery()
    await sent.text("red", 10, lost=True)
    await sent.deliver(sent.log[0], NOON + 24 * SECOND)
    await sent.text("blue", 12, lost=True)

    await sent.reconcile()

    assert sent.picks() == {"BLUE": 1}


@pytest.mark.parametrize(
    ("body", "reason"),
    [("purple", "unknown"), ("gren", "near"), ("STOP", "reserved"), ("", "redacted")],
)
async def test_a_lost_text_that_is_no_vote_is_refused_with_its_reason(
    body: str, reason: str
) -> None:
    """It is in the report, so that the report adds up."""
    sent = LossyDelivery()
    await sent.text(body, 10, lost=True)

    report = await sent.reconcile()

    assert (report.listed, dict(report.refused), report.recovered) == (1, {reason: 1}, 0)


@pytest.mark.parametrize(
    ("policy", "limit", "reason"), [("first", 1, "stands"), ("each", 1, "limit")]
)
async def test_a_lost_text_that_its_ballot_refuses_is_reported(
    policy: str, limit: int, reason: str
) -> None:
    """The texts that the ballot holds stay accepted."""
    sent = LossyDelivery([a_first_round(policy=Policy(policy), limit=limit)])
    await sent.text("red", 10, lost=True)
    await sent.text("blue", 20)

    report = await sent.reconcile()

    assert dict(report.refused) == {reason: 1}
    assert sent.picks() == {"BLUE": 1}


async def test_with_unlimited_votes_every_lost_text_is_a_ballot() -> None:
    """As in the 2015 VoteApp."""
    sent = LossyDelivery([a_first_round(policy=Policy.UNLIMITED)])
    for at_s in range(3):
        await sent.text("red", at_s, lost=True)

    report = await sent.reconcile()

    assert (report.recovered, len(sent.ballots.held)) == (3, 3)


async def test_a_text_from_before_the_close_counts_although_it_was_called_late() -> None:
    """It is listed on its own, as its sender may have been told that voting is closed."""
    one = a_first_round()
    closed = lifecycle.closed(one, NOON + 60 * SECOND)
    changes = [
        RoundChange(at_ms=NOON, round=one),
        RoundChange(at_ms=NOON + 60 * SECOND, round=closed),
    ]
    sent = LossyDelivery([closed], changes)
    await sent.text("red", 59, called_s=61, lost=True)
    await sent.text("red", 61, phone=1, lost=True)
    await sent.text("red", 58, phone=2, called_s=62, lost=True)
    await sent.text("red", 57, phone=3, called_s=59, lost=True)
    await sent.text("red", 56, phone=4, called_s=60, lost=True)

    report = await sent.reconcile()

    assert (report.recovered, report.after_close) == (4, 3)
    assert dict(report.refused) == {"closed": 1}


def two_rounds(reset_s: int) -> LossyDelivery:
    """A poll that was reset so many seconds after noon."""
    one = a_first_round()
    two = lifecycle.next_round(one, NOON + reset_s * SECOND)
    assert two.previous is not None
    changes = [
        RoundChange(at_ms=NOON, round=one),
        RoundChange(at_ms=NOON + reset_s * SECOND, round=replace(two, previous=None)),
    ]
    return LossyDelivery([two.previous, replace(two, previous=None)], changes)


async def test_a_text_is_recovered_in_the_round_of_its_time_only() -> None:
    """The report of the other round names it."""
    sent = two_rounds(600)
    lost = await sent.text("red", 10, lost=True)

    of_two = await sent.reconcile(sent.rounds[1])
    of_one = await sent.reconcile(sent.rounds[0])

    assert dict(of_two.missing_elsewhere) == {"colors, round 1": 1}
    assert (of_two.recovered, of_one.recovered) == (0, 1)
    assert sent.counted(lost) == 1


async def test_a_text_that_another_round_counted_is_not_missing() -> None:
    """Under whatever key its ballot is."""
    sent = two_rounds(600)
    await sent.text("red", 598, lost=True)
    await sent.deliver(sent.log[0], NOON + 601 * SECOND)

    report = await sent.reconcile(sent.rounds[0])

    assert (report.elsewhere, report.recovered) == (1, 0)
    assert sent.counted(sent.log[0].sid) == 1


async def test_near_a_reset_a_text_is_barred_from_the_other_round() -> None:
    """So that a replayer that is just writing there finds that it must not."""
    sent = two_rounds(600)
    await sent.text("red", 598, lost=True)

    report = await sent.reconcile(sent.rounds[0])

    barred = [ballot for ballot in sent.ballots.held.values() if ballot.barred]
    assert report.recovered == 1
    assert [ballot.round for ballot in barred] == [2]


async def test_a_bar_that_twilios_log_proves_wrong_is_lifted() -> None:
    """A redelivery was taken for a text of another round, which does not hold it."""
    sent = LossyDelivery()
    lost = await sent.text("red", 10, lost=True)
    barred = bar_text(sent.rounds[0], None, a_vote("RED", sid=lost))
    sent.ballots.held[barred.pk, barred.sk] = barred

    report = await sent.reconcile()

    assert (report.recovered, sent.counted(lost)) == (1, 1)


async def test_a_text_in_the_second_of_the_opening_counts() -> None:
    """Twilio's log has whole seconds: the text may have come after the opening."""
    sent = LossyDelivery([a_first_round(opens_at_ms=NOON + 10_999)])
    await sent.text("red", 10, lost=True)
    await sent.text("red", 9, phone=1, lost=True)

    report = await sent.reconcile()

    assert (report.recovered, dict(report.refused)) == (1, {"waiting": 1})


async def test_a_text_that_a_replayer_counts_meanwhile_is_counted_once() -> None:
    """After the ballots were read and before the text is inserted."""
    sent = two_rounds(600)
    await sent.text("red", 598, lost=True)
    newest = sent.newest()

    def late_log() -> Iterable[LoggedText]:
        for text in newest:
            coroutine = sent.deliver(text, NOON + 601 * SECOND)
            try:
                coroutine.send(None)
            except StopIteration:
                yield text

    sent.newest = late_log  # type: ignore[method-assign]
    report = await sent.reconcile(sent.rounds[0])

    assert (report.elsewhere, report.recovered) == (1, 0)
    assert sent.counted(sent.log[0].sid) == 1


async def test_a_certified_round_lacks_only_what_it_would_have_counted() -> None:
    """A text that its ballot refuses has that reason, as before the certificate."""
    before = a_first_round(policy=Policy.FIRST)
    sent = LossyDelivery(
        [replace(before, certified_at_ms=NOON + HOUR)], [RoundChange(at_ms=NOON, round=before)]
    )
    await sent.text("red", 10)
    await sent.text("blue", 20, lost=True)
    await sent.text("blue", 20, phone=1, lost=True)

    report = await sent.reconcile()

    assert dict(report.refused) == {"stands": 1, "certified": 1}


async def test_a_text_that_an_expired_ballot_may_have_held_is_not_counted_again() -> None:
    """The webhook had counted it in the round before, whose ballots are gone."""
    sent = two_rounds(600)
    await sent.text("red", 602, lost=True)
    await sent.text("red", 603, lost=True)
    sent.rounds[0] = replace(sent.rounds[0], expires_from_ms=sent.now_ms - SECOND)

    report = await sent.reconcile(sent.rounds[1])

    assert dict(report.refused) == {"expired": 2}
    assert sent.counted(sent.log[0].sid) == 0


async def test_a_certified_round_is_only_reported() -> None:
    """Its result is final."""
    one = replace(a_first_round(), certified_at_ms=NOON + HOUR)
    sent = LossyDelivery([one], [RoundChange(at_ms=NOON, round=a_first_round())])
    lost = await sent.text("red", 10, lost=True)

    report = await sent.reconcile()

    assert dict(report.refused) == {"certified": 1}
    assert sent.counted(lost) == 0


async def test_a_round_that_is_certified_meanwhile_is_only_reported() -> None:
    """Nothing is stored from the moment on at which its permit has ended."""
    sent = LossyDelivery()
    lost = await sent.text("red", 10, lost=True)

    report = await sent.reconcile(may_write=lambda: False)

    assert (dict(report.refused), report.recovered) == ({"certified": 1}, 0)
    assert sent.counted(lost) == 0


async def test_texts_of_a_round_whose_ballots_may_have_expired_are_refused() -> None:
    """A ballot that has expired may have held them."""
    one = replace(a_first_round(), expires_from_ms=NOON + 600 * SECOND)
    sent = LossyDelivery([one], [RoundChange(at_ms=NOON, round=a_first_round())])
    await sent.text("red", 10, lost=True)

    report = await sent.reconcile()

    assert dict(report.refused) == {"expired": 1}


@pytest.mark.parametrize("numbers", [(), (NUMBER,)])
async def test_texts_from_before_the_log_are_refused(numbers: tuple[str, ...]) -> None:
    """Nobody knows what the poll was then."""
    one = a_first_round(numbers=numbers)
    sent = LossyDelivery([one], [RoundChange(at_ms=NOON + 60 * SECOND, round=one)])
    await sent.text("red", 10, lost=True)

    report = await sent.reconcile()

    assert dict(report.refused) == {"before_log": 1}


async def test_a_phone_that_was_not_on_the_list_is_refused() -> None:
    """As of the time of its text."""
    sent = LossyDelivery([a_first_round(phones="members.txt")])
    await sent.text("red", 10, lost=True)
    await sent.text("red", 10, phone=1, lost=True)
    await sent.text("red", 20, phone=2, lost=True)
    listed = {phone: PSEUDONYMS.allow_list_id("colors", a_phone(phone)) for phone in (1, 2)}
    sent.listed = {("colors", each, NOON + 10 * SECOND) for each in listed.values()}

    report = await sent.reconcile()

    assert (report.recovered, dict(report.refused)) == (1, {"unlisted": 2})
    assert sent.picks(phone=1) == {"RED": 1}


async def test_texts_from_before_an_erasure_stay_forgotten() -> None:
    """Both the one that was counted and the one that was lost."""
    sent = LossyDelivery()
    await sent.text("red", 10)
    await sent.text("blue", 20, lost=True)
    ((key, ballot),) = sent.ballots.held.items()
    sent.ballots.held[key] = forget_votes(ballot, NOON + 30 * SECOND)

    report = await sent.reconcile()

    assert dict(report.refused) == {"forgotten": 2}
    assert sent.picks() == {}


async def test_a_text_that_may_still_be_delivered_is_left_alone() -> None:
    """15 s of delivery, and 73 s until no write can be in flight."""
    sent = LossyDelivery(now_ms=NOON + 100 * SECOND)
    await sent.text("red", 12, lost=True)
    await sent.text("red", 13, phone=1, lost=True)
    await sent.text("red", 14, phone=2, lost=True)
    await sent.text("red", 15, phone=3)

    report = await sent.reconcile()

    assert (report.listed, report.recovered, report.under_way) == (1, 1, 2)


async def test_a_text_that_twilio_never_received_is_reported() -> None:
    """Somebody else has put it into the ballot."""
    sent = LossyDelivery()
    await sent.text("red", 10)
    await sent.text("blue", 20, phone=1)
    del sent.log[0]

    report = await sent.reconcile()

    assert (report.counted, report.unknown) == (1, 1)


async def test_an_interrupted_reconciliation_is_finished_by_the_next() -> None:
    """Wherever it was interrupted, nothing is counted twice."""
    for writes in range(6):
        sent = LossyDelivery()
        sids = [await sent.text("red", n, phone=n // 2, lost=True) for n in range(10)]
        sent.ballots.writes_left = writes
        with pytest.raises(StoreUnavailableError) if writes < 5 else nullcontext():
            await sent.reconcile()
        sent.ballots.writes_left = 100

        report = await sent.reconcile()

        assert report.explained == report.listed == 10
        assert [sent.counted(sid) for sid in sids] == [1] * 10


async def test_two_reconciliations_at_once_count_every_text_once() -> None:
    """Each finds what the other has written."""
    sent = LossyDelivery()
    sids = [await sent.text("red", n, phone=n % 7, lost=n % 2 == 0) for n in range(40)]

    reports = await asyncio.gather(sent.reconcile(), sent.reconcile())

    assert [report.explained for report in reports] == [40, 40]
    assert [sent.counted(sid) for sid in sids] == [1] * 40


@pytest.mark.parametrize("seed", range(40))
async def test_whatever_was_lost_the_result_is_that_of_a_delivery_without_losses(seed: int) -> None:
    """Random texts, delivered, delivered late or lost, and one reconciliation."""
    draw = random.Random(seed)  # noqa: S311 - repeatable
    policy = draw.choice(["last", "each", "unlimited"])
    lossy, perfect = (
        LossyDelivery([a_first_round(policy=Policy(policy), limit=20)]) for _ in range(2)
    )
    for at_s in range(60):
        body, phone = draw.choice(["red", "blue", "green", "purple"]), draw.randrange(5)
        await perfect.text(body, at_s, phone=phone)
        fate = draw.choice(["delivered", "late", "lost"])
        await lossy.text(body, at_s, phone=phone, lost=fate != "delivered")
        if fate == "late":  # delivered by a later attempt, before the phone's next text
            await lossy.deliver(lossy.log[-1], NOON + int((at_s + 0.9) * SECOND))

    report = await lossy.reconcile()

    def totals(sent: LossyDelivery) -> dict[str, int]:
        sums: dict[str, int] = {}
        for ballot in sent.ballots.held.values():
            for choice, count in ballot.picks.items():
                sums[choice] = sums.get(choice, 0) + count
        return sums

    assert totals(lossy) == totals(perfect)
    assert report.explained == report.listed == 60
    assert report.unknown == 0


async def test_a_report_that_does_not_add_up_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never printed as if all were well."""
    monkeypatch.setattr(Report, "explained", property(lambda report: report.listed - 1))
    sent = LossyDelivery()
    await sent.text("red", 10)
    await sent.text("red", 10, phone=1)

    with pytest.raises(NotBalancedError, match=r"^colors, round 1: 2 texts listed and 1 "):
        await sent.reconcile()
