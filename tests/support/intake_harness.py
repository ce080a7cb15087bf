"""An intake on in-memory ports, with changeable clock and polls."""

from dataclasses import dataclass, field

from services.adapters.fuzzy_match import one_edit_away
from services.adapters.memory import MemoryAllowLists, MemoryBallots, MemoryDirectory
from services.voting.intake import Intake, IntakeResult
from services.voting.message import Message
from services.voting.poll import Round
from tests.support.polls import NOON, PSEUDONYMS, a_round, a_text


@dataclass
class IntakeHarness:
    """An intake, its polls, its ballots, its lists and its clock."""

    rounds: list[Round] = field(default_factory=lambda: [a_round()])
    lists: MemoryAllowLists = field(default_factory=MemoryAllowLists)
    ballots: MemoryBallots = field(default_factory=MemoryBallots)
    now_ms: int = NOON

    async def take(self, message: Message) -> IntakeResult:
        """Accept a text."""
        intake = Intake(
            directory=MemoryDirectory(self.rounds), ballots=self.ballots,
            clock=lambda: self.now_ms, nearest=one_edit_away, lists=self.lists,
        )  # fmt: skip
        return await intake.accept(message, pseudonyms=PSEUDONYMS)

    async def say(self, body: str, phone: int = 0) -> IntakeResult:
        """Accept a new text."""
        return await self.take(a_text(body, phone=phone))

    def counted(self, sid: str) -> int:
        """How many ballots hold a text."""
        return sum(
            accepted.sid == sid for held in self.ballots.held.values() for accepted in held.texts
        )
