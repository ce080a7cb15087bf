"""Simulates a random lifecycle of polls by its number, and checks the invariants."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from services.tools.replay.deployed import silence_aggregator
from services.tools.replay.generate import OPENS_AT_MS
from services.tools.replay.lifecycle.aggregator import Aggregator
from services.tools.replay.lifecycle.boards import SimulatedBoards
from services.tools.replay.lifecycle.fallback import FallbackQueue
from services.tools.replay.lifecycle.files import CHOICES, KEYWORDS, NUMBERS
from services.tools.replay.lifecycle.invariants import (
    InvariantChecker,
    SentText,
    ViolationError,
    Way,
)
from services.tools.replay.lifecycle.log_check import REACHED_MS, check_all
from services.tools.replay.lifecycle.merging import Merging
from services.tools.replay.lifecycle.operator import Operator
from services.tools.replay.lifecycle.outages import Outages, Part
from services.tools.replay.lifecycle.polls import LateDirectory, SimulatedPolls
from services.tools.replay.lifecycle.reconciliations import Reconciliations
from services.tools.replay.lifecycle.store import SimulatedVotes
from services.tools.replay.lifecycle.timeline import Timeline
from services.tools.replay.lifecycle.traffic import Webhooks
from services.tools.replay.lifecycle.twilio import (
    WITH_FALLBACK,
    WITHOUT_FALLBACK,
    SimulatedTwilio,
)
from services.tools.replay.stream import Stream
from services.voting.ballot import Ballot
from services.voting.schema import VISIBILITIES, board_pk

STEPS: Final = 90
DIRECTORY_AGE_MS: Final = 2_000
DAY_MS: Final = 86_400_000
PASSING_MS: Final = (
    200, 1_000, 1_000, 3_000, 9_000, 21_000, 60_000, 400_000, 3_600_000, DAY_MS, 4 * DAY_MS,
)  # fmt: skip
"""How much time may pass between two events."""
_REPLAYED: Final = 0.1
"""Share of texts whose request somebody sends again after minutes."""
_CERTIFICATES: Final = 2
_NIGHTS: Final = 6
"""So many nights pass at the end: rows are merged, deleted, and their names are dropped."""
OTHER_TEXTS: Final = ("purple", "STOP", "hello there", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleOutcome:
    """The result of a run; `violation` is None if all invariants held."""

    violation: str | None
    deliveries: int
    accepted: int
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    outages: Counter[str] = field(default_factory=Counter)
    """Outages by what was down."""
    given_up: int = 0
    """Texts that neither the webhook nor the fallback took in Twilio's 15 seconds."""
    ways: Counter[str] = field(default_factory=Counter)
    """Counted texts by the way they came."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why reconciliations did not count a text, over all reports."""


class LifecycleRun:
    """The stores, the actors and the clock of one run."""

    def __init__(self, number: int, *, extends: bool = False) -> None:
        self.draw = draw = random.Random(f"scenario {number}")  # noqa: S311 - repeatable
        self.clock = [OPENS_AT_MS]
        self.checker = InvariantChecker()
        self.polls = SimulatedPolls(clock=lambda: self.clock[0])
        self.votes = SimulatedVotes(
            stream=Stream(draw, shards=draw.randint(1, 3)),
            on_write=self._stored,
            on_expiry=lambda ballot: self.checker.expired([text.sid for text in ballot.texts]),
        )
        self.boards = SimulatedBoards(polls=self.polls)
        self.aggregator = Aggregator(
            draw, self.votes.stream, self.boards, faulty=draw.random() < 1 / 2
        )
        self.outages = Outages(draw, self.clock)
        self.checker.was_unread_after = lambda at_ms: self.outages.was_down_after(
            Part.DIRECTORY, at_ms
        )
        self.time = Timeline(self.clock)
        self.webhooks = Webhooks(
            draw=draw,
            checker=self.checker,
            votes=self.votes,
            directories=[self._directory() for _ in range(2)],
            time=self.time,
            outages=self.outages,
            slow=draw.choice((0, 0.05, 0.3)),
            unheard=draw.choice((0, 0.05)),
        )
        self.queue = FallbackQueue(
            draw=draw, time=self.time, checker=self.checker, votes=self.votes, polls=self.polls
        )
        self.twilio = SimulatedTwilio(
            draw=draw, time=self.time, outages=self.outages, post=self.webhooks.post,
            urls=draw.choice((WITH_FALLBACK, WITH_FALLBACK, WITHOUT_FALLBACK)),
            arrive=self.queue.arrive, again=draw.choice((0.1, 0.4)),
        )  # fmt: skip
        self.reconciliations = Reconciliations(
            draw=draw, checker=self.checker, polls=self.polls, votes=self.votes, twilio=self.twilio,
            queue=self.queue, time=self.time, interleave=self._act_concurrently,
        )  # fmt: skip
        self.operator = Operator(
            draw=draw, checker=self.checker, polls=self.polls, votes=self.votes, boards=self.boards,
            aggregator=self.aggregator, clock=self.clock, interleave=self._act_concurrently,
            before_certifying=self.reconciliations.before_certifying, extends=extends,
        )  # fmt: skip
        self.merging = Merging(
            draw=random.Random(f"merging {number}"),  # noqa: S311 - repeatable
            stream=self.votes.stream, boards=self.boards, aggregator=self.aggregator,
            clock=self.clock, interleave=self._act_concurrently,
        )  # fmt: skip
        self._fails = draw.choice((0, 0.01, 0.05))
        self._phones = [f"+1555010{draw.randrange(100):04}" for _ in range(draw.randint(2, 7))]
        self._sids = 0

    def run(self) -> LifecycleOutcome:
        """Run all steps, deliver what is left, and check the boards at the end."""
        violation = None
        try:
            with silence_aggregator():
                for _ in range(2):
                    self.operator.try_to(self.operator.apply, "apply")
                for _ in range(STEPS):
                    self._step()
                self._reconcile_all()
                self._check_boards()
                self._merge_for_days()
        except ViolationError as error:
            violation = str(error)
        except Exception as error:  # noqa: BLE001 - an unexpected error is a violation
            violation = f"{type(error).__name__}: {error}"
        return LifecycleOutcome(
            violation=violation,
            deliveries=self.webhooks.deliveries,
            accepted=len(self.checker.accepted),
            done=self.operator.done + self.reconciliations.done + self.merging.done,
            refused=self.operator.refused,
            outages=Counter({str(part): n for part, n in self.outages.started.items()}),
            given_up=self.twilio.given_up,
            ways=Counter({str(way): n for way, n in self.checker.by_way.items()}),
            reasons=self.reconciliations.refused,
        )

    def _directory(self) -> LateDirectory:
        return LateDirectory(
            self.polls, DIRECTORY_AGE_MS, is_down=lambda: self.outages.is_down(Part.DIRECTORY)
        )

    def _stored(self, ballot: Ballot, way: Way, known_until_ms: int | None) -> None:
        texts = [(text.sid, text.choice) for text in ballot.texts]
        self.checker.stored(ballot.pk, texts, self.clock[0], way=way, known_until_ms=known_until_ms)

    def _reconcile_all(self) -> None:
        """End the outages, wait until every text is on no way any more, and reconcile."""
        self.outages.end()
        self.time.settle()
        self.time.pass_time(self.clock[0] + REACHED_MS)
        self.reconciliations.run_all()
        check_all(self.checker, self.clock[0])
        for _ in range(_CERTIFICATES):
            self.operator.try_to(self.operator.certify, "certify")

    def _step(self) -> None:
        self.time.pass_time(self.clock[0] + self.draw.randint(1, 40))
        if self.draw.random() < self._fails:
            self.outages.start()
        event = self.draw.random()
        if event < 0.5:  # noqa: PLR2004 - share of texts
            self._text()
        elif event < 0.7:  # noqa: PLR2004 - the same
            self.operator.act()
        elif event < 0.85:  # noqa: PLR2004 - the same
            self._pass_time()
        elif event < 0.95:  # noqa: PLR2004 - the same
            self.aggregator.fold_some()
        elif event < 0.97:  # noqa: PLR2004 - the same
            self._check_boards()
        elif event < 0.985:  # noqa: PLR2004 - the same
            self.reconciliations.run_somehow()
        else:
            self._inject_accident()

    def _act_concurrently(self) -> None:
        """Send texts, fold, merge rows or run commands while an operator's command runs."""
        for _ in range(self.draw.randint(1, 3)):
            act = self.draw.choice((
                self._text, self._text, self.aggregator.fold_some, self.operator.open,
                self.operator.forget, self.operator.close, self.merging.run,
            ))  # fmt: skip
            self.operator.try_to(act)

    def _text(self) -> None:
        self._sids += 1
        phone = self.draw.choice(self._phones)
        channel = self.draw.choice(("", "", "", "whatsapp:", "rcs:"))
        text = SentText(
            sid=f"SM{self._sids:032x}", sender=channel + phone, phone=phone,
            to=self.draw.choice(NUMBERS), body=self._body(), at_ms=self.clock[0], place=self._sids,
        )  # fmt: skip
        self.checker.texts[text.sid] = text
        if self.draw.random() < _REPLAYED:
            self.webhooks.replay_later(text)
        self.twilio.receive(text)

    def _body(self) -> str:
        if self.draw.random() < 0.1:  # noqa: PLR2004 - a share
            return self.draw.choice(OTHER_TEXTS)
        files = list(self.operator.files.values())
        choices = self.draw.choice(files).choices if files else self.draw.choice(CHOICES)
        names = [name for name in self.draw.choice(choices) if name]
        word = self.draw.choice((*names, "1", "2"))
        if self.draw.random() < 1 / 4:
            word = f"{self.draw.choice(KEYWORDS)} {word}"
        return self.draw.choice((word, word.lower(), f"vote {word}"))

    def _pass_time(self) -> None:
        step_ms = self.draw.choice(PASSING_MS)
        self.time.pass_time(self.clock[0] + step_ms)
        self.merging.pass_time()
        if step_ms >= DAY_MS:
            self.merging.run()
        for pk, sk in self.votes.expired(self.clock[0]):
            if self.draw.random() < 2 / 3:
                self.votes.delete_expired(pk, sk)

    def _inject_accident(self) -> None:
        match self.draw.randrange(3):
            case 0:
                self.aggregator.lose()
            case 1:
                for directory in self.webhooks.directories:
                    directory.restart()
            case _:
                self._write_malformed_item()

    def _write_malformed_item(self) -> None:
        """Write a malformed item into the votes table, as somebody could by hand."""
        image = {
            "board": {"S": "open#heat"}, "round": {"N": "1"}, "writes": {"N": "1"},
            "picks": {"M": {"RED": {"N": "1"}}}, "changed_at": {"N": "1"},
        }  # fmt: skip
        change = self.draw.choice((
            {"board": {"S": "o" * 2_049}}, {"board": {"S": "directory"}},
            {"picks": {"M": {f"C{n}": {"N": "1"} for n in range(310)}}},
            {"round": {"N": "1" * 1_100}}, {"picks": {"M": {"RED": {"N": "9" * 125}}}},
            {"picks": {"S": "RED"}}, {"changed_at": {"S": "now"}},
        ))  # fmt: skip
        self.votes.put_by_hand("by-hand#0", f"item {self.clock[0]}", {**image, **change})

    def _merge_for_days(self) -> None:
        """Let days pass, merge every night, and look at the boards after each."""
        for _ in range(_NIGHTS):
            self.time.pass_time(self.clock[0] + DAY_MS)
            self.merging.pass_time()
            self.merging.run()
            self._check_boards()

    def _check_operators_log(self) -> None:
        """Compare the last row of each poll's log with its entry; time must not go back."""
        for name, entry in self.polls.held.items():
            rows = self.polls.changes(name)
            times = [row.at_ms for row in rows]
            of_round = [row.round for row in rows if row.round.number == entry.round.number]
            if of_round[-1:] != [entry.round] or times != sorted(times):
                raise ViolationError(f"{name}: its log does not end with what is stored")

    def _check_boards(self) -> None:
        """Fold all records and compare every board with the expected totals."""
        self._check_operators_log()
        self.aggregator.drain()
        if waiting := self.aggregator.waiting():
            raise ViolationError(f"{waiting} records are never folded")
        for key in list(self.checker.votes):
            if key in self.aggregator.lost_rounds:
                continue
            boards = [self.boards.totals(board_pk(key[0], v), key[1]) for v in VISIBILITIES]
            shown: Counter[str] = Counter()
            for board in boards:
                shown.update(board.picks)
            picks = {choice: count for choice, count in sorted(shown.items()) if count}
            voters = sum(board.voters for board in boards)
            if (picks, voters) != (self.checker.totals(key), self.checker.voters(key)):
                expected = (self.checker.totals(key), self.checker.voters(key))
                raise ViolationError(f"{key}: the board shows {picks}, {voters}; true: {expected}")


def run_lifecycle(number: int, *, extends: bool = False) -> LifecycleOutcome:
    """Run the lifecycle of a number; with `extends`, operators move closing times as well."""
    return LifecycleRun(number, extends=extends).run()
