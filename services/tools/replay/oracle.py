"""What the count must come to, from the texts alone and by other means than the system's.

Written separately on purpose: it reads the poll files itself, takes words apart in its own
way, and knows nothing of shards, ballots or streams. It imports no code of the rules.
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
        named = self._named(said, to, at_ms)
        if named is None:
            return
        name, choice = named
        poll = self._polls[name]
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

    def _named(self, said: str, to: str, at_ms: int) -> tuple[str, str] | None:
        """A word that one open poll has; without any, a word after a keyword of one."""
        polls = {n: p for n, p in self._polls.items() if _listens(p, to) and _is_open(p, at_ms)}
        lead, _, rest = said.partition(" ")
        named = [(n, choice) for n, p in polls.items() if (choice := choice_named(p, said))]
        if not named:
            led = [(n, p) for n, p in polls.items() if lead and _keyword(p) == bare(lead)]
            named = [(n, choice) for n, p in led if (choice := choice_named(p, bare(rest)))]
        return named[0] if len(named) == 1 else None


def _listens(poll: Mapping[str, Any], to: str) -> bool:
    return to in (poll.get("numbers") or [to])


def _keyword(poll: Mapping[str, Any]) -> str:
    return bare(poll.get("keyword", ""))


def _is_open(poll: Mapping[str, Any], at_ms: int) -> bool:
    return _ms(poll.get("opens_at"), 0) <= at_ms < _ms(poll.get("closes_at"), 10**15)


@cache
def _loaded(toml: str) -> Mapping[str, Any]:
    return tomllib.loads(toml)


def choice_named(poll: Mapping[str, Any], said: str) -> str | None:
    """Key of the choice of a poll file that a whole bare text names, or None."""
    leads = (lead.match(said) for lead in _LEADS)
    for candidate in (said, *(bare(said[lead.end() :]) for lead in leads if lead)):
        for place, choice in enumerate(poll["choices"], start=1):
            names: Iterable[str] = (choice["key"], choice["label"], *choice.get("words", ()))
            if candidate in {*map(bare, names), str(place)}:
                return str(choice["key"])
    return None


@lru_cache(maxsize=4096)
def bare(text: str) -> str:
    """Cut a message at both ends, by a pattern over the kinds of its characters."""
    folded = normalize("NFKC", normalize("NFKC", text).casefold())
    words = " ".join(_KEYCAPS.sub("", folded).split())
    kinds = "".join(map(_kind, words))
    front = _FRONT.match(kinds)
    start = front.end() if front else 0
    back = _BACK.search(kinds, start)
    return words[start : back.start()] if back else words


def _kind(char: str) -> str:
    """Symbol (`s`), invisible mark (`m`), joiner of emoji (`j`) or part of a word (`w`)."""
    if category(char)[0] in "PSZ":
        return "s"
    return "m" if _MARK.match(char) else "j" if _JOINER.match(char) else "w"


def _ms(moment: datetime | None, otherwise: int) -> int:
    return otherwise if moment is None else int(moment.timestamp() * 1000)
