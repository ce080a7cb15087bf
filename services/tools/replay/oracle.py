"""Computes the true count of a scenario from the texts alone, independently of the system.

It shares no code with the voting rules: it reads the poll files and parses the texts in its own
way, and has no shards, ballots or streams.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final
from unicodedata import category, normalize

CARRIERS: Final = {
    *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"),
    *("help", "info", "start", "yes", "unstop"),
}
_LEADS: Final = (re.compile(r"(i )?vote for(?!\w)"), re.compile(r"(i )?vote(?!\w)"))
_KEYCAPS: Final = re.compile(r"(?<=[0-9])(\ufe0f?\u20e3)+")
_MARK: Final = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufe0f\ufeff]"
)
_JOINER: Final = re.compile("[\u200d\ufe0e\U000e0020-\U000e007f]")
_FRONT: Final = re.compile(r"m*(s[smj]*)?")
_BACK: Final = re.compile(r"m*(s[smj]*)?\Z")
_MOST_TEXTS: Final = 20


class Oracle:
    """Counts one scenario: call `deliver` for every delivery in order, then `totals`."""

    def __init__(self, definitions: Mapping[str, str]) -> None:
        self._polls = {name: _loaded(toml) for name, toml in sorted(definitions.items())}
        self._counted: set[str] = set()
        self._votes: dict[tuple[str, str], list[str]] = {}

    def deliver(self, *, sid: str, sender: str, to: str, body: str, at_ms: int) -> None:
        """Take one delivery of a text; redeliveries change nothing."""
        text = bare_text(body)
        if sid in self._counted or text in CARRIERS:
            return
        named = self._named(text, to, at_ms)
        if named is None:
            return
        name, choice = named
        poll = self._polls[name]
        votes = self._votes.setdefault((name, sender), [])
        policy = poll.get("policy", "last")
        most = {"each": poll.get("limit", 1), "first": 1, "last": _MOST_TEXTS}.get(policy)
        if most is None or len(votes) < most:
            self._counted.add(sid)
            votes.append(choice)

    def counted(self, sid: str) -> bool:
        """Return whether a text was counted."""
        return sid in self._counted

    def forget(self, name: str, sender: str) -> None:
        """Remove the votes of a phone in a poll."""
        self._votes.pop((name, sender), None)

    def totals(self) -> dict[str, dict[str, int]]:
        """Return the votes by poll and choice; choices without a vote are left out."""
        counts: dict[str, Counter[str]] = {name: Counter() for name in self._polls}
        for (name, _), choices in self._votes.items():
            last = self._polls[name].get("policy", "last") == "last"
            counts[name].update(choices[-1:] if last else choices)
        return {name: dict(sorted((+count).items())) for name, count in counts.items()}

    def _named(self, text: str, to: str, at_ms: int) -> tuple[str, str] | None:
        """Return poll and choice by a word of one open poll, else by its keyword and a word."""
        polls = {n: p for n, p in self._polls.items() if _has_number(p, to) and _is_open(p, at_ms)}
        lead, _, rest = text.partition(" ")
        named = [(n, choice) for n, p in polls.items() if (choice := find_named_choice(p, text))]
        if not named:
            led = [(n, p) for n, p in polls.items() if lead and _keyword(p) == bare_text(lead)]
            named = [
                (n, choice) for n, p in led if (choice := find_named_choice(p, bare_text(rest)))
            ]
        return named[0] if len(named) == 1 else None


def _has_number(poll: Mapping[str, Any], to: str) -> bool:
    return to in (poll.get("numbers") or [to])


def _keyword(poll: Mapping[str, Any]) -> str:
    return bare_text(poll.get("keyword", ""))


def _is_open(poll: Mapping[str, Any], at_ms: int) -> bool:
    return _ms(poll.get("opens_at"), 0) <= at_ms < _ms(poll.get("closes_at"), 10**15)


@cache
def _loaded(toml: str) -> Mapping[str, Any]:
    return tomllib.loads(toml)


def find_named_choice(poll: Mapping[str, Any], text: str) -> str | None:
    """Return the key of the choice that a whole bare text names, or None."""
    leads = (lead.match(text) for lead in _LEADS)
    for candidate in (text, *(bare_text(text[lead.end() :]) for lead in leads if lead)):
        for place, choice in enumerate(poll["choices"], start=1):
            names: Iterable[str] = (choice["key"], choice["label"], *choice.get("words", ()))
            if candidate in {*map(bare_text, names), str(place)}:
                return str(choice["key"])
    return None


@lru_cache(maxsize=4096)
def bare_text(message: str) -> str:
    """Return a message in lower case, without symbols at its ends."""
    folded = normalize("NFKC", normalize("NFKC", message).casefold())
    words = " ".join(_KEYCAPS.sub("", folded).split())
    kinds = "".join(map(_kind, words))
    front = _FRONT.match(kinds)
    start = front.end() if front else 0
    back = _BACK.search(kinds, start)
    return words[start : back.start()] if back else words


def _kind(char: str) -> str:
    """Return `s` for a symbol, `m` for an invisible mark, `j` for a joiner, else `w`."""
    if category(char)[0] in "PSZ":
        return "s"
    return "m" if _MARK.match(char) else "j" if _JOINER.match(char) else "w"


def _ms(moment: datetime | None, otherwise: int) -> int:
    return otherwise if moment is None else int(moment.timestamp() * 1000)
