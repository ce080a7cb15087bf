"""The phones of the page `/phone`: what a person texts with who has no Twilio account.

The token that signs their texts stays here; a page only says which phone texts what.
"""

import asyncio
import secrets
import time
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.local.phones import UNREACHED, Line, deliver, session
from services.local.texts import Kind, Text
from services.voting.message import find_choice
from services.voting.poll import Round

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

    def __init__(self, line: Line, *, poll: Callable[[], tuple[Round, str]]) -> None:
        self.poll = poll
        """The round that is texted to, and the number to text to."""
        self.votes: dict[str, str] = {}
        """What each phone has voted for in a poll where the latest text counts."""
        self._line = line
        self._threads: dict[int, list[Bubble]] = defaultdict(list)
        self._texting: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    @staticmethod
    def phone_number(phone: int) -> str:
        """The number of a phone, from 1 on; above those of `services.local.crowd`."""
        return f"+155501{90_000 + phone:05d}"

    def thread(self, phone: int) -> list[Bubble]:
        """What is on a phone's screen."""
        return list(self._threads[phone])

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
        standing, number = await asyncio.to_thread(self.poll)
        sid = f"SM{secrets.token_hex(16)}"
        text = Text(kind=Kind.NEW, sid=sid, sender=sender, to=number, body=body)
        async with session() as http:
            answer = await deliver(http, self._line, text)
        if not answer.accepted:
            why = "no answer" if answer.status == UNREACHED else f"{answer.status}: {answer.body}"
            return Bubble(kind="failure", text=f"Not delivered ({why})", at_ms=_now_ms())
        if choice := find_choice(body, standing.poll.lexicon):
            self.votes[sender] = choice
        reply = message_in(answer.body)
        return Bubble(kind="reply" if reply else "silence", text=reply or "", at_ms=_now_ms())


def message_in(twiml: str) -> str | None:
    """The message in a TwiML answer, or None where it sends none."""
    found = ET.fromstring(twiml).find("Message")  # noqa: S314 - our own webhook's answer
    return None if found is None else "".join(found.itertext())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
