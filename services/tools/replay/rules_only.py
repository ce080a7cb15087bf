"""The rules and the aggregator without HTTP, signatures, log and metrics.

Imports the standard library and the rules only: this is the system that a browser can run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.aggregator.batch import FOLDED, fold_batch
from services.adapters.memory import MemoryDirectory
from services.tools.replay.event_source import Event
from services.tools.replay.system import PEPPER, System
from services.voting.errors import StoreUnavailableError
from services.voting.identity import Pseudonyms
from services.voting.intake import Intake
from services.voting.message import Message
from services.voting.poll import Round
from services.voting.ports import Ballots, Tallies

_OK: Final = 200
_TRIES: Final = 50


@dataclass(slots=True)
class IntakeReceiver:
    """Hands texts to the rules, again after each failure of the store as Twilio does."""

    rounds: list[Round]
    ballots: Ballots
    now_ms: int = 0

    async def send_text(self, *, sid: str, sender: str, to: str, body: str) -> tuple[int, bytes]:
        """Deliver a text; return 200 and the reply.

        Raises:
            StoreUnavailableError: every attempt failed.
        """
        intake = Intake(
            directory=MemoryDirectory(self.rounds), ballots=self.ballots, clock=lambda: self.now_ms
        )
        message = Message(sid=sid, sender=sender, to=to, body=body)
        for _ in range(_TRIES):
            try:
                result = await intake.accept(message, pseudonyms=Pseudonyms(PEPPER))
            except StoreUnavailableError:
                continue
            return _OK, (result.reply or "").encode()
        raise StoreUnavailableError("accepting a text")


def count_batch(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """Fold a batch as the aggregator does."""
    fold_batch(event, tallies, default_shard=None)
    return FOLDED


RULES_ONLY: Final = System(IntakeReceiver, count_batch)
