"""A test oracle: the expected outcomes of a scenario, computed with lists and dictionaries.

Written from the description of the rules; it imports nothing from the core. It supports polls
that open and close at set times or by an operator and are reset at most once, and texts that are
redelivered within minutes.
"""

from dataclasses import dataclass, field


@dataclass
class PlainPoll:
    """A poll and its accepted texts. `words` maps names to choices."""

    name: str
    number: str
    words: dict[str, str]
    policy: str
    limit: int = 1
    opens: int | None = None
    closes: int | None = None
    hand: str = ""
    hand_at: int = 0
    round: int = 1
    accepted: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    """(round, phone, sid, choice, verdict), in order."""

    def phase(self, now: int) -> str:
        """The phase at a given time."""
        if self.hand == "closed":
            return "closed"
        if self.hand == "open":
            over = self.closes is not None and self.closes > self.hand_at and now >= self.closes
            return "closed" if over else "open"
        if self.closes is not None and now >= self.closes:
            return "closed"
        if self.opens is not None and now < self.opens:
            return "waiting"
        return "open"

    def open_by_hand(self, now: int) -> None:
        """Open the poll, unless it is open."""
        if self.phase(now) != "open":
            self.hand, self.hand_at = "open", now

    def close_by_hand(self, now: int) -> None:
        """Close the poll, unless it is closed."""
        if self.phase(now) != "closed":
            self.hand, self.hand_at = "closed", now

    def texts(self, phone: str) -> list[str]:
        """The choices of the accepted texts of a phone in this round, in order."""
        return [entry[3] for entry in self.accepted if entry[:2] == (self.round, phone)]

    def verdict(self, phone: str, choice: str) -> str:
        """The outcome of one more text to an open poll."""
        texts = self.texts(phone)
        if self.policy == "unlimited":
            return f"accepted {choice}"
        if self.policy == "first":
            return f"stands {texts[0]}" if texts else f"accepted {choice}"
        if self.policy == "each":
            left = self.limit - len(texts) - 1
            return f"accepted {choice} left {left}" if left >= 0 else "limit"
        if len(texts) >= 20:
            return "limit"
        if not texts:
            return f"accepted {choice}"
        return f"same {choice}" if texts[-1] == choice else f"changed {texts[-1]} {choice}"

    def count(self, round_number: int) -> dict[str, int]:
        """The votes of a round."""
        votes: list[str] = []
        entries = [entry for entry in self.accepted if entry[0] == round_number]
        for phone in {entry[1] for entry in entries}:
            texts = [entry[3] for entry in entries if entry[1] == phone]
            votes += texts if self.policy in {"each", "unlimited"} else texts[-1:]
        return {choice: votes.count(choice) for choice in set(votes)}


@dataclass
class PlainEvening:
    """Polls, and what each text is told."""

    polls: list[PlainPoll]

    def text(self, number: str, phone: str, sid: str, body: str, now: int) -> str:
        """Accept a text and return its outcome in the format of the oracle."""
        on_number = [poll for poll in self.polls if poll.number == number]
        matching = [poll for poll in on_number if body in poll.words]
        open_matching = [poll for poll in matching if poll.phase(now) == "open"]
        if body in {"stop", "help"}:
            return "silence"
        if not on_number:
            return "no poll"
        for poll in matching:
            for entry in poll.accepted:
                if entry[1:3] == (phone, sid):
                    return entry[4]
        if len(open_matching) == 1:
            return self._vote(open_matching[0], phone, sid, open_matching[0].words[body])
        if open_matching:
            return "unknown"
        return self._out_of_time(matching or on_number, now)

    def _vote(self, poll: PlainPoll, phone: str, sid: str, choice: str) -> str:
        verdict = poll.verdict(phone, choice)
        if not verdict.startswith(("limit", "stands")):
            poll.accepted.append((poll.round, phone, sid, choice, verdict))
        return verdict

    def _out_of_time(self, polls: list[PlainPoll], now: int) -> str:
        """The outcome of a text that names no choice of an open poll."""
        phases = {poll.phase(now) for poll in polls}
        if "open" in phases:
            return "unknown"
        return "waiting" if "waiting" in phases else "closed"
