"""Polls and messages for tests."""

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from services.voting.ballot import Vote
from services.voting.identity import Pseudonyms
from services.voting.message import Message
from services.voting.poll import Choice, Poll, Round

NUMBER = "+15550100199"
NOON = 1_800_000_000_000
PEPPER = b"a pepper for tests"
PSEUDONYMS = Pseudonyms(PEPPER)
COLORS_TOML = (Path(__file__).parents[2] / "polls" / "colors.toml").read_text(encoding="utf-8")

_serial = count(1)


def a_poll(**changes: Any) -> Poll:
    """A poll with the choices red, green and blue."""
    choices = tuple(Choice(key=key, label=key.title()) for key in ("RED", "GREEN", "BLUE"))
    return replace(Poll(id="colors", question="Which?", choices=choices), **changes)


def a_round(number: int = 1, **changes: Any) -> Round:
    """A round of such a poll, the first by default."""
    return Round(poll=a_poll(**changes), number=number)


def a_sid() -> str:
    """A new MessageSid."""
    return f"SM{next(_serial):032x}"


def a_phone(number: int = 0) -> str:
    """A fictional phone number."""
    return f"+155501{number:05d}"


def a_text(body: str, *, phone: int = 0, sid: str | None = None, to: str = NUMBER) -> Message:
    """A text of one phone."""
    return Message(sid=sid or a_sid(), sender=a_phone(phone), to=to, body=body)


def a_vote(choice: str, *, phone: int = 0, sid: str | None = None, at_ms: int = NOON) -> Vote:
    """A vote of one phone in the first round of colors."""
    voter = PSEUDONYMS.voter("colors", 1, a_phone(phone))
    return Vote(voter=voter, sid=sid or a_sid(), choice=choice, at_ms=at_ms)
