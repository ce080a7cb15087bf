"""What a replay runs: something that takes texts, and a function that counts the stream."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from services.tools.replay.event_source import Function
from services.voting.poll import Round
from services.voting.ports import Ballots

PEPPER: Final = b"a pepper for replays"


class TextReceiver(Protocol):
    """Takes texts as Twilio delivers them; the caller sets its clock `now_ms`."""

    now_ms: int

    async def send_text(self, *, sid: str, sender: str, to: str, body: str) -> tuple[int, bytes]:
        """Deliver a text until it is answered; return status and reply.

        Raises:
            StoreUnavailableError: no attempt was answered.
        """


@dataclass(frozen=True, slots=True)
class System:
    """The receiver, made for rounds and a store of ballots, and the aggregator."""

    receiver: Callable[[list[Round], Ballots], TextReceiver]
    function: Function
