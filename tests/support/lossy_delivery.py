"""Texts of which some never reach the webhook, and their reconciliation with Twilio's log."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from services.adapters.fuzzy_match import one_edit_away
from services.adapters.memory import MemoryBallots, MemoryDirectory
from services.adapters.twilio.message_log import LoggedText
from services.late.late_texts import LateTexts
from services.late.reconciliation import Reconciler
from services.late.report import Report
from services.voting.ballot import Ballot
from services.voting.errors import StoreUnavailableError
from services.voting.history import History, RoundChange
from services.voting.identity import Pseudonyms
from services.voting.intake import Intake
from services.voting.message import Message
from services.voting.placement import LatePlacements
from services.voting.poll import Round
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
class LossyDelivery:
    """One poll, its texts in Twilio's log, and the ballots of those that were delivered."""

    rounds: list[Round] = field(default_factory=lambda: [a_first_round()])
    changes: list[RoundChange] = field(default_factory=list)
    log: list[LoggedText] = field(default_factory=list)
    ballots: FailingBallots = field(default_factory=FailingBallots)
    listed: set[tuple[str, str, int]] = field(default_factory=set)
    """Poll, id of a phone, and a time at which it was on the list."""
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

    async def reconcile(
        self,
        target: Round | None = None,
        *,
        writes: bool = True,
        may_write: Callable[[], bool] = lambda: True,
    ) -> Report:
        """Reconcile the last round."""
        reconciler = Reconciler(
            late=LateTexts(
                ballots=self.ballots,
                clock=lambda: self.now_ms,
                pseudonyms=PSEUDONYMS,
                was_listed=self._was_listed,
            ),
            placements=LatePlacements(History(self.changes), one_edit_away),
            ballots=self.ballots.ballots,
            rounds=self.rounds,
            writes=writes,
            may_write=may_write,
        )
        return await reconciler.run(target or self.rounds[-1], self.newest(), now_ms=self.now_ms)

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

    def newest(self) -> Iterable[LoggedText]:
        """The log as Twilio lists it."""
        ordered = sorted(enumerate(self.log), key=lambda one: (one[1].at_ms, one[0]), reverse=True)
        return [replace(text, place=-n) for n, (_, text) in enumerate(ordered, start=1)]

    async def _was_listed(self, poll: str, phone_id: str, at_ms: int) -> bool:
        return (poll, phone_id, at_ms) in self.listed


def a_first_round(**settings: object) -> Round:
    """A round that began at noon."""
    return replace(Round(poll=a_poll(**settings)), began_at_ms=NOON)
