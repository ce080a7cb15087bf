"""The phones of the page `/phone`, on which people text without a Twilio account.

The signing token stays in this process; the page sends only the phone and the text.
"""

import asyncio
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.tools.phones.crowd import votes_per_phone
from services.tools.phones.delivery import UNREACHABLE, WebhookEndpoint, deliver_one, message_in
from services.tools.phones.expectation import SETTLE_SECONDS
from services.tools.phones.sms import SimulatedText, TextKind
from services.voting.message import parse_text
from services.voting.poll import Phase, Round

PHONES: Final = 6
MAX_CHARACTERS: Final = 1_600
"""Maximum length of a text (Twilio, "Body")."""
MAX_BUBBLES: Final = 200


class HandsetError(ValueError):
    """The phone does not exist, or the text is invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A message on a phone's screen. `kind` is `sent`, `reply`, `silence` or `failure`."""

    kind: str
    text: str
    at_ms: int


class Handsets:
    """Phones with fictional numbers, none of them a number of the crowd, and their messages."""

    def __init__(
        self, endpoint: WebhookEndpoint, *, current_round: Callable[[], tuple[Round, str]]
    ) -> None:
        self.current_round = current_round
        """Returns the current round of the poll, and the number to text to."""
        self._votes: defaultdict[int, dict[str, str]] = defaultdict(dict)
        self._counted: Counter[tuple[int, str]] = Counter()
        self._endpoint = endpoint
        self._threads: dict[int, list[Bubble]] = defaultdict(list)
        self._texting: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    @staticmethod
    def phone_number(phone: int) -> str:
        """Return the number of phone 1, 2 and so on; it is above the numbers of the crowd."""
        return f"+155501{90_000 + phone:05d}"

    def thread(self, phone: int) -> list[Bubble]:
        """Return the messages on a phone's screen."""
        return list(self._threads[phone])

    def votes_in(self, round_number: int) -> dict[str, str]:
        """Return the choice of each phone in a round where the latest text counts."""
        return dict(self._votes[round_number])

    async def text(self, phone: object, body: object) -> list[Bubble]:
        """Send a text, wait for the reply, and return both as bubbles.

        Raises:
            HandsetError: the phone does not exist, or the text is invalid.
        """
        if type(phone) is not int or not 1 <= phone <= PHONES:
            raise HandsetError(f"phone: {phone!r}: there are phones 1 to {PHONES}")
        if not isinstance(body, str) or not body.strip() or len(body) > MAX_CHARACTERS:
            raise HandsetError(f"text: {body!r:.40}: write 1 to {MAX_CHARACTERS} characters")
        sent = Bubble(kind="sent", text=body, at_ms=_now_ms())
        async with self._texting[phone]:  # keeps the texts of a phone in order
            reply = await self._send(self.phone_number(phone), body)
        thread = self._threads[phone]
        thread += [sent, reply]
        del thread[:-MAX_BUBBLES]
        return [sent, reply]

    async def _send(self, sender: str, body: str) -> Bubble:
        round, number = await self._settled_round()
        sid = f"SM{secrets.token_hex(16)}"
        text = SimulatedText(kind=TextKind.NEW, sid=sid, sender=sender, to=number, body=body)
        answer = await deliver_one(self._endpoint, text)
        if not answer.accepted:
            why = "no answer" if answer.status == UNREACHABLE else f"{answer.status}: {answer.body}"
            return Bubble(kind="failure", text=f"Not delivered ({why})", at_ms=_now_ms())
        self._record_vote(round, sender, body)
        reply = message_in(answer.body)
        return Bubble(kind="reply" if reply else "silence", text=reply or "", at_ms=_now_ms())

    async def _settled_round(self) -> tuple[Round, str]:
        """Wait until all webhooks use the current round, so that the text's round is certain."""
        while True:
            round, number = await asyncio.to_thread(self.current_round)
            changed_at_ms = max(round.began_at_ms, round.state_at_ms)
            left_seconds = SETTLE_SECONDS - (_now_ms() - changed_at_ms) / 1000
            if left_seconds <= 0:
                return round, number
            await asyncio.sleep(left_seconds)

    def _record_vote(self, round: Round, sender: str, body: str) -> None:
        """Record the vote of an accepted text, unless the ballot is full."""
        choice = parse_text(body).choice_in(round.poll.lexicon)
        place = round.number, sender
        is_open = round.phase_at(_now_ms()) is Phase.OPEN
        if choice and is_open and self._counted[place] < votes_per_phone(round.poll):
            self._counted[place] += 1
            self._votes[round.number][sender] = choice


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
