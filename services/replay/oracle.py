"""What the count must come to, from the texts alone and by other means than the system's.

Written separately on purpose: it reads the poll files itself, takes words apart in its own
way, and knows nothing of shards, ballots or streams. It imports no code of the rules.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final
from unicodedata import category

CARRIERS: Final = {
    *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"),
    *("help", "info", "start", "yes", "unstop"),
}
_LEAD: Final = re.compile(r"^(i )?vote( for)? ")
_MOST_TEXTS: Final = 20


class Truth:
    """The truth about one evening: `hear` every delivery in order, then ask for `totals`."""

    def __init__(self, definitions: Mapping[str, str]) -> None:
        self._polls = {name: _loaded(toml) for name, toml in sorted(definitions.items())}
        self._heard: set[str] = set()
        self._votes: dict[tuple[str, str], list[str]] = {}

    def hear(self, *, sid: str, sender: str, to: str, body: str, at_ms: int) -> None:
        """One delivery of a text. It counts at most once."""
        said = bare(body)
        if sid in self._heard or said in CARRIERS:
            return
        named = self._named(said, to)
        if named is None:
            return
        name, choice = named
        poll = self._polls[name]
        if not _ms(poll.get("opens_at"), 0) <= at_ms < _ms(poll.get("closes_at"), 10**15):
            return
        mine = self._votes.setdefault((name, sender), [])
        policy = poll.get("policy", "last")
        most = {"each": poll.get("limit", 1), "first": 1, "last": _MOST_TEXTS}.get(policy)
        if most is None or len(mine) < most:
            self._heard.add(sid)
            mine.append(choice)

    def counted(self, sid: str) -> bool:
        """Whether a text counts."""
        return sid in self._heard

    def forget(self, name: str, sender: str) -> None:
        """An operator removes a phone's ballot: its votes go."""
        self._votes.pop((name, sender), None)

    def totals(self) -> dict[str, dict[str, int]]:
        """Votes by poll and choice; choices without a vote are left out."""
        counts: dict[str, Counter[str]] = {name: Counter() for name in self._polls}
        for (name, _), choices in self._votes.items():
            last = self._polls[name].get("policy", "last") == "last"
            counts[name].update(choices[-1:] if last else choices)
        return {name: dict(sorted((+count).items())) for name, count in counts.items()}

    def _named(self, said: str, to: str) -> tuple[str, str] | None:
        here = {n: p for n, p in self._polls.items() if to in p.get("numbers", [to])}
        lead, _, rest = said.partition(" ")
        keyed = [n for n, p in here.items() if p.get("keyword") and bare(lead) == p["keyword"]]
        if keyed:
            choice = choice_named(here[keyed[0]], bare(rest))
            return (keyed[0], choice) if choice else None
        for name, poll in here.items():
            if choice := choice_named(poll, said):
                return name, choice
        return None


@cache
def _loaded(toml: str) -> Mapping[str, Any]:
    return tomllib.loads(toml)


def choice_named(poll: Mapping[str, Any], said: str) -> str | None:
    for candidate in (said, bare(_LEAD.sub("", f"{said} ", count=1))):
        for place, choice in enumerate(poll["choices"], start=1):
            names: Iterable[str] = (choice["key"], choice["label"], *choice.get("words", ()))
            if candidate in {*map(bare, names), str(place)}:
                return str(choice["key"])
    return None


def bare(text: str) -> str:
    words = " ".join(text.casefold().split())
    return words.strip("".join(char for char in words if category(char)[0] in "PSZ"))


def _ms(moment: datetime | None, otherwise: int) -> int:
    return otherwise if moment is None else int(moment.timestamp() * 1000)
