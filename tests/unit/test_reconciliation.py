"""Twilio's log against the ballots: every text is counted once or refused for a reason."""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest

from services.adapters.fuzzy_match import one_edit_away
from services.adapters.memory import MemoryBallots, MemoryDirectory
from services.adapters.twilio.message_log import LoggedText
from services.late.late_texts import LateTexts
from services.late.reconciliation import Reconciler
from services.late.report import NotBalancedError, Report
from services.voting import lifecycle
from services.voting.ballot import Ballot
from services.voting.barring import forget_votes
from services.voting.errors import StoreUnavailableError
from services.voting.history import History, RoundChange
from services.voting.identity import Pseudonyms
from services.voting.intake import Intake
from services.voting.message import Message
from services.voting.placement import LatePlacements
from services.voting.poll import Policy, Round
from tests.support.polls import NOON, NUMBER, PEPPER, a_phone, a_poll, a_sid

SECOND = 1_000
HOUR = 3_600 * SECOND
PSEUDONYMS = Pseudonyms(PEPPER)


@dataclass
class FailingBallots(MemoryBallots):
    """Ballots whose writes fail after so many."""

    writes_left: int = 1_000_000

    async def create(self, ballot: Ballot) -> bool:
        """Store, or fail."""
        self._spend()
        return await MemoryBallots.create(self, ballot)

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """Rewrite, or fail."""
        self._spend()
        return await MemoryBallots.replace(self, ballot, expected=expected)

    def _spend(self) -> None:
        if not self.writes_left:
            raise StoreUnavailableError("PutItem")
        self.writes_left -= 1


@dataclass
class Evening:
    """One poll, its texts in Twilio's log, and the ballots of those that were delivered."""

    rounds: list[Round] = field(default_factory=lambda: [a_first_round()])
    changes: list[RoundChange] = field(default_factory=list)
    log: list[LoggedText] = field(default_factory=list)
    ballots: FailingBallots = field(default_factory=FailingBallots)
    listed: set[str] = field(default_factory=set)
    now_ms: int = NOON + HOUR

    def __post_init__(self) -> None:
        self.changes = self.changes or [
            RoundChange(at_ms=one.began_at_ms, round=one) for one in self.rounds
        ]

    async def text(
        self, body: str, at_s: float, *, phone: int = 0, lost: bool = False, called_s: float = 0
    ) -> str:
        """Send a text; unless it is lost, the webhook of that time counts it."""
        sid, at_ms = a_sid(), NOON + int(at_s * SECOND)
        self.log.append(
            LoggedText(
                sid=sid, sender=a_phone(phone), to=NUMBER, body=body, media=0,
                at_ms=at_ms // SECOND * SECOND, called_at_ms=int(NOON + called_s * SECOND) or at_ms,
                place=0,
            )
        )  # fmt: skip
        if not lost:
            await self.deliver(self.log[-1], at_ms)
        return sid

    async def deliver(self, text: LoggedText, at_ms: int) -> None:
        """Let the webhook accept a text."""
        intake = Intake(
            directory=MemoryDirectory(list(History(self.changes).directory_at(at_ms).rounds)),
            ballots=self.ballots, clock=lambda: at_ms, nearest=one_edit_away,
        )  # fmt: skip
        message = Message(sid=text.sid, sender=text.sender, to=text.to, body=text.body)
        await intake.accept(message, pseudonyms=PSEUDONYMS)

    async def reconcile(self, target: Round | None = None, *, writes: bool = True) -> Report:
        """Reconcile the last round."""
        reconciler = Reconciler(
            late=LateTexts(self.ballots, lambda: self.now_ms),
            placements=LatePlacements(History(self.changes), one_edit_away),
            pseudonyms=PSEUDONYMS,
            was_listed=self._was_listed,
            ballots=self.ballots.ballots,
            rounds=self.rounds,
            writes=writes,
        )
        return await reconciler.run(target or self.rounds[-1], self._newest(), now_ms=self.now_ms)

    def picks(self, phone: int = 0, round: Round | None = None) -> dict[str, int]:
        """What the ballot of a phone counts for."""
        one = round or self.rounds[-1]
        voter = PSEUDONYMS.voter(one.poll.id, one.number, a_phone(phone))
        held = self.ballots.held.get(one.ballot_key(voter, ""))
        return dict(held.picks) if held else {}

    def counted(self, sid: str) -> int:
        """How many ballots hold a text."""
        return sum(
            text.sid == sid for ballot in self.ballots.held.values() for text in ballot.texts
        )

    def _newest(self) -> Iterable[LoggedText]:
        ordered = sorted(enumerate(self.log), key=lambda one: (one[1].at_ms, one[0]), reverse=True)
        return [replace(text, place=-n) for n, (_, text) in enumerate(ordered, start=1)]

    async def _was_listed(self, _poll: str, phone_id: str, _at_ms: int) -> bool:
        return phone_id in self.listed


def a_first_round(**settings: object) -> Round:
    """A round that began at noon."""
    return replace(Round(poll=a_poll(**settings)), began_at_ms=NOON)


async def test_a_lost_text_is_recovered_once() -> None:
    """And a second reconciliation finds it counted."""
    evening = Evening()
    await evening.text("red", 10)
    lost = await evening.text("blue", 20, phone=1, lost=True)

    first, second = await evening.reconcile(), await evening.reconcile()

    assert (first.listed, first.counted, first.recovered) == (2, 1, 1)
    assert (second.listed, second.counted, second.recovered) == (2, 2, 0)
    assert evening.counted(lost) == 1
    assert evening.picks(phone=1) == {"BLUE": 1}


async def test_a_rehearsal_says_what_would_be_recovered_and_stores_nothing() -> None:
    """`--dry-run`."""
    evening = Evening()
    lost = await evening.text("red", 10, lost=True)

    report = await evening.reconcile(writes=False)

    assert report.recovered == 1
    assert evening.counted(lost) == 0
    assert evening.ballots.held == {}


async def test_an_older_lost_text_never_replaces_a_newer_vote() -> None:
    """The ballot takes it in, in its place."""
    evening = Evening()
    await evening.text("red", 10, lost=True)
    await evening.text("blue", 20)

    report = await evening.reconcile()

    assert report.recovered == 1
    assert evening.picks() == {"BLUE": 1}


async def test_a_delivery_that_was_retried_keeps_the_order_of_twilio() -> None:
    """The held text arrived after the lost one, but was sent before it."""
    evening = Evening()
    await evening.text("red", 10, lost=True)
    await evening.deliver(evening.log[0], NOON + 24 * SECOND)
    await evening.text("blue", 12, lost=True)

    await evening.reconcile()

    assert evening.picks() == {"BLUE": 1}


@pytest.mark.parametrize(
    ("body", "reason"), [("purple", "unknown"), ("gren", "near"), ("STOP", "reserved"), ("", "redacted")]
)
async def test_a_lost_text_that_is_no_vote_is_refused_with_its_reason(
    body: str, reason: str
) -> None:
    """It is in the report, so that the report adds up."""
    evening = Evening()
    await evening.text(body, 10, lost=True)

    report = await evening.reconcile()

    assert (report.listed, dict(report.refused), report.recovered) == (1, {reason: 1}, 0)


@pytest.mark.parametrize(
    ("policy", "limit", "reason"), [("first", 1, "stands"), ("each", 1, "limit")]
)
async def test_a_lost_text_that_its_ballot_refuses_is_reported(
    policy: str, limit: int, reason: str
) -> None:
    """The texts that the ballot holds stay accepted."""
    evening = Evening([a_first_round(policy=Policy(policy), limit=limit)])
    await evening.text("red", 10, lost=True)
    await evening.text("blue", 20)

    report = await evening.reconcile()

    assert dict(report.refused) == {reason: 1}
    assert evening.picks() == {"BLUE": 1}


async def test_with_unlimited_votes_every_lost_text_is_a_ballot() -> None:
    """As in the 2015 VoteApp."""
    evening = Evening([a_first_round(policy=Policy.UNLIMITED)])
    for at_s in range(3):
        await evening.text("red", at_s, lost=True)

    report = await evening.reconcile()

    assert (report.recovered, len(evening.ballots.held)) == (3, 3)


async def test_a_text_from_before_the_close_counts_although_it_was_called_late() -> None:
    """It is listed on its own, as its sender may have been told that voting is closed."""
    one = a_first_round()
    closed = lifecycle.closed(one, NOON + 60 * SECOND)
    changes = [RoundChange(at_ms=NOON, round=one), RoundChange(at_ms=NOON + 60 * SECOND, round=closed)]
    evening = Evening([closed], changes)
    await evening.text("red", 59, called_s=61, lost=True)
    await evening.text("red", 61, phone=1, lost=True)

    report = await evening.reconcile()

    assert (report.recovered, report.after_close) == (1, 1)
    assert dict(report.refused) == {"closed": 1}


def two_rounds(reset_s: int) -> Evening:
    """A poll that was reset so many seconds after noon."""
    one = a_first_round()
    two = lifecycle.next_round(one, NOON + reset_s * SECOND)
    assert two.previous is not None
    changes = [
        RoundChange(at_ms=NOON, round=one),
        RoundChange(at_ms=NOON + reset_s * SECOND, round=replace(two, previous=None)),
    ]
    return Evening([two.previous, replace(two, previous=None)], changes)


async def test_a_text_is_recovered_in_the_round_of_its_time_only() -> None:
    """The report of the other round names it."""
    evening = two_rounds(600)
    lost = await evening.text("red", 10, lost=True)

    of_two = await evening.reconcile(evening.rounds[1])
    of_one = await evening.reconcile(evening.rounds[0])

    assert dict(of_two.missing_elsewhere) == {"colors, round 1": 1}
    assert (of_two.recovered, of_one.recovered) == (0, 1)
    assert evening.counted(lost) == 1


async def test_a_text_that_another_round_counted_is_not_missing() -> None:
    """Under whatever key its ballot is."""
    evening = two_rounds(600)
    await evening.text("red", 598, lost=True)
    await evening.deliver(evening.log[0], NOON + 601 * SECOND)

    report = await evening.reconcile(evening.rounds[0])

    assert (report.elsewhere, report.recovered) == (1, 0)
    assert evening.counted(evening.log[0].sid) == 1


async def test_near_a_reset_a_text_is_barred_from_the_other_round() -> None:
    """So that a replayer that is just writing there finds that it must not."""
    evening = two_rounds(600)
    await evening.text("red", 598, lost=True)

    report = await evening.reconcile(evening.rounds[0])

    barred = [ballot for ballot in evening.ballots.held.values() if ballot.barred]
    assert report.recovered == 1
    assert [ballot.round for ballot in barred] == [2]


async def test_a_text_that_a_replayer_counts_meanwhile_is_counted_once() -> None:
    """After the ballots were read and before the text is inserted."""
    evening = two_rounds(600)
    await evening.text("red", 598, lost=True)
    newest = evening._newest()

    def late_log() -> Iterable[LoggedText]:
        asyncio.get_event_loop()
        for text in newest:
            coroutine = evening.deliver(text, NOON + 601 * SECOND)
            try:
                coroutine.send(None)
            except StopIteration:
                yield text

    evening._newest = late_log  # type: ignore[method-assign]
    report = await evening.reconcile(evening.rounds[0])

    assert (report.elsewhere, report.recovered) == (1, 0)
    assert evening.counted(evening.log[0].sid) == 1


async def test_a_certified_round_is_only_reported() -> None:
    """Its result is final."""
    one = replace(a_first_round(), certified_at_ms=NOON + HOUR)
    evening = Evening([one], [RoundChange(at_ms=NOON, round=a_first_round())])
    lost = await evening.text("red", 10, lost=True)

    report = await evening.reconcile()

    assert dict(report.refused) == {"certified": 1}
    assert evening.counted(lost) == 0


async def test_texts_of_a_round_whose_ballots_may_have_expired_are_refused() -> None:
    """A ballot that has expired may have held them."""
    one = replace(a_first_round(), expires_from_ms=NOON + 600 * SECOND)
    evening = Evening([one], [RoundChange(at_ms=NOON, round=a_first_round())])
    await evening.text("red", 10, lost=True)

    report = await evening.reconcile()

    assert dict(report.refused) == {"expired": 1}


async def test_texts_from_before_the_log_are_refused() -> None:
    """Nobody knows what the poll was then."""
    one = a_first_round()
    evening = Evening([one], [RoundChange(at_ms=NOON + 60 * SECOND, round=one)])
    await evening.text("red", 10, lost=True)

    report = await evening.reconcile()

    assert dict(report.refused) == {"before_log": 1}


async def test_a_phone_that_was_not_on_the_list_is_refused() -> None:
    """As of the time of its text."""
    evening = Evening([a_first_round(phones="members.txt")])
    await evening.text("red", 10, lost=True)
    await evening.text("red", 10, phone=1, lost=True)
    evening.listed = {PSEUDONYMS.allow_list_id("colors", a_phone(1))}

    report = await evening.reconcile()

    assert (report.recovered, dict(report.refused)) == (1, {"unlisted": 1})
    assert evening.picks(phone=1) == {"RED": 1}


async def test_texts_from_before_an_erasure_stay_forgotten() -> None:
    """Both the one that was counted and the one that was lost."""
    evening = Evening()
    await evening.text("red", 10)
    await evening.text("blue", 20, lost=True)
    ((key, ballot),) = evening.ballots.held.items()
    evening.ballots.held[key] = forget_votes(ballot, NOON + 30 * SECOND)

    report = await evening.reconcile()

    assert dict(report.refused) == {"forgotten": 2}
    assert evening.picks() == {}


async def test_a_text_that_may_still_be_delivered_is_left_alone() -> None:
    """15 s of delivery, and 73 s until no write can be in flight."""
    evening = Evening(now_ms=NOON + 100 * SECOND)
    await evening.text("red", 12, lost=True)
    await evening.text("red", 13, phone=1, lost=True)

    report = await evening.reconcile()

    assert (report.listed, report.recovered, report.under_way) == (1, 1, 1)


async def test_a_text_that_twilio_never_received_is_reported() -> None:
    """Somebody else has put it into the ballot."""
    evening = Evening()
    await evening.text("red", 10)
    await evening.text("blue", 20, phone=1)
    del evening.log[0]

    report = await evening.reconcile()

    assert (report.counted, report.unknown) == (1, 1)


async def test_an_interrupted_reconciliation_is_finished_by_the_next() -> None:
    """Wherever it was interrupted, nothing is counted twice."""
    for writes in range(6):
        evening = Evening()
        sids = [await evening.text("red", n, phone=n // 2, lost=True) for n in range(10)]
        evening.ballots.writes_left = writes
        with pytest.raises(ExceptionGroup) if writes < 5 else _nothing():
            await evening.reconcile()
        evening.ballots.writes_left = 100

        report = await evening.reconcile()

        assert report.explained == report.listed == 10
        assert [evening.counted(sid) for sid in sids] == [1] * 10


async def test_two_reconciliations_at_once_count_every_text_once() -> None:
    """Each finds what the other has written."""
    evening = Evening()
    sids = [await evening.text("red", n, phone=n % 7, lost=n % 2 == 0) for n in range(40)]

    reports = await asyncio.gather(evening.reconcile(), evening.reconcile())

    assert [report.explained for report in reports] == [40, 40]
    assert [evening.counted(sid) for sid in sids] == [1] * 40


@pytest.mark.parametrize("seed", range(40))
async def test_whatever_was_lost_the_result_is_that_of_an_evening_without_losses(seed: int) -> None:
    """Random texts, delivered, delivered late or lost, and one reconciliation."""
    draw = random.Random(seed)
    policy = draw.choice(["last", "each", "unlimited"])
    lossy, perfect = (Evening([a_first_round(policy=Policy(policy), limit=20)]) for _ in range(2))
    for at_s in range(60):
        body, phone = draw.choice(["red", "blue", "green", "purple"]), draw.randrange(5)
        await perfect.text(body, at_s, phone=phone)
        fate = draw.choice(["delivered", "late", "lost"])
        await lossy.text(body, at_s, phone=phone, lost=fate != "delivered")
        if fate == "late":  # delivered by a later attempt, before the phone's next text
            await lossy.deliver(lossy.log[-1], NOON + int((at_s + 0.9) * SECOND))

    report = await lossy.reconcile()

    def totals(evening: Evening) -> dict[str, int]:
        sums: dict[str, int] = {}
        for ballot in evening.ballots.held.values():
            for choice, count in ballot.picks.items():
                sums[choice] = sums.get(choice, 0) + count
        return sums

    assert totals(lossy) == totals(perfect)
    assert report.explained == report.listed == 60
    assert report.unknown == 0


async def test_a_report_that_does_not_add_up_is_an_error() -> None:
    """It is never printed as if all were well."""
    report = Report(poll="colors", round=1, until_ms=0, listed=2, counted=1)

    assert "2 texts listed and 1 explained" in str(NotBalancedError(report))


class _nothing:
    """No error is expected."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass
