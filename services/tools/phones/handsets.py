"""The phones of the page `/phone`: what a person texts with who has no Twilio account.

The token that signs their texts stays here; a page only says which phone texts what.
"""

import asyncio
import secrets
import time
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.tools.phones.crowd import votes_per_phone
from services.tools.phones.expectation import SETTLE_SECONDS
from services.tools.phones.load_generator import UNREACHED, WebhookEndpoint, deliver, session
from services.tools.phones.sms import SimulatedText, TextKind
from services.voting.message import find_choice
from services.voting.poll import Phase, Round

PHONES: Final = 6
LONGEST: Final = 1_600
"""Characters that a text may have at most (Twilio, "Body")."""
REMEMBERED: Final = 200


class HandsetError(ValueError):
    """A text that no phone here can send; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One message on a phone's screen. `kind` is `sent`, `reply`, `silence` or `failure`."""

    kind: str
    text: str
    at_ms: int


class Handsets:
    """Some phones with fictional numbers that no simulated phone has, and their threads."""

    def __init__(self, line: WebhookEndpoint, *, poll: Callable[[], tuple[Round, str]]) -> None:
        self.poll = poll
        """The round that is texted to, and the number to text to."""
        self._votes: defaultdict[int, dict[str, str]] = defaultdict(dict)
        self._counted: Counter[tuple[int, str]] = Counter()
        self._line = line
        self._threads: dict[int, list[Bubble]] = defaultdict(list)
        self._texting: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    @staticmethod
    def phone_number(phone: int) -> str:
        """The number of a phone, from 1 on; above those of `services.tools.phones.crowd`."""
        return f"+155501{90_000 + phone:05d}"

    def thread(self, phone: int) -> list[Bubble]:
        """What is on a phone's screen."""
        return list(self._threads[phone])

    def votes_in(self, round_number: int) -> dict[str, str]:
        """What each phone has voted for in a round of a poll where the latest text counts."""
        return dict(self._votes[round_number])

    async def text(self, phone: object, body: object) -> list[Bubble]:
        """Send a text and wait for the reply; both, as bubbles.

        Raises:
            HandsetError: no such phone, or nothing to send.
        """
        if type(phone) is not int or not 1 <= phone <= PHONES:
            raise HandsetError(f"phone: {phone!r}: there are phones 1 to {PHONES}")
        if not isinstance(body, str) or not body.strip() or len(body) > LONGEST:
            raise HandsetError(f"text: {body!r:.40}: write 1 to {LONGEST} characters")
        sent = Bubble(kind="sent", text=body, at_ms=_now_ms())
        async with self._texting[phone]:  # a phone's texts arrive in the order they were sent
            reply = await self._send(self.phone_number(phone), body)
        thread = self._threads[phone]
        thread += [sent, reply]
        del thread[:-REMEMBERED]
        return [sent, reply]

    async def _send(self, sender: str, body: str) -> Bubble:
        round, number = await self._settled_poll()
        sid = f"SM{secrets.token_hex(16)}"
        text = SimulatedText(kind=TextKind.NEW, sid=sid, sender=sender, to=number, body=body)
        async with session() as http:
            answer = await deliver(http, self._line, text)
        if not answer.accepted:
            why = "no answer" if answer.status == UNREACHED else f"{answer.status}: {answer.body}"
            return Bubble(kind="failure", text=f"Not delivered ({why})", at_ms=_now_ms())
        self._note(round, sender, body)
        reply = message_in(answer.body)
        return Bubble(kind="reply" if reply else "silence", text=reply or "", at_ms=_now_ms())

    async def _settled_poll(self) -> tuple[Round, str]:
        """The poll, once its round is known everywhere: before, nobody knows where a text goes."""
        while True:
            round, number = await asyncio.to_thread(self.poll)
            changed_at_ms = max(round.began_at_ms, round.state_at_ms)
            left_seconds = SETTLE_SECONDS - (_now_ms() - changed_at_ms) / 1000
            if left_seconds <= 0:
                return round, number
            await asyncio.sleep(left_seconds)

    def _note(self, round: Round, sender: str, body: str) -> None:
        """Note the vote of a text that was taken: one more than a ballot holds is none."""
        choice = find_choice(body, round.poll.lexicon)
        place = round.number, sender
        is_open = round.phase_at(_now_ms()) is Phase.OPEN
        if choice and is_open and self._counted[place] < votes_per_phone(round.poll):
            self._counted[place] += 1
            self._votes[round.number][sender] = choice


def message_in(twiml: str) -> str | None:
    """The message in a TwiML answer, or None where it sends none."""
    found = ET.fromstring(twiml).find("Message")  # noqa: S314 - our own webhook's answer
    return None if found is None else "".join(found.itertext())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
