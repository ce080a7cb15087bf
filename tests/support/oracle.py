"""What an evening must come to, by the plainest means: lists, dictionaries, no rule shared.

Written from the description of the rules and not from the core, of which it imports
nothing; slow and obvious. It knows polls that open and close by clock or hand, are reset
at most once, and texts that are delivered again within minutes.
"""

from dataclasses import dataclass, field


@dataclass
class PlainPoll:
    """A poll, and everything that ever happened to it. `words` maps what is said to choices."""

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
        """Where it is at a moment."""
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
        """Unless it is open."""
        if self.phase(now) != "open":
            self.hand, self.hand_at = "open", now

    def close_by_hand(self, now: int) -> None:
        """Unless it is closed."""
        if self.phase(now) != "closed":
            self.hand, self.hand_at = "closed", now

    def texts(self, phone: str) -> list[str]:
        """What a phone has had accepted in this round, in order."""
        return [entry[3] for entry in self.accepted if entry[:2] == (self.round, phone)]

    def verdict(self, phone: str, choice: str) -> str:
        """What one more text of an open poll is told."""
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

    def text(self, number: str, phone: str, sid: str, said: str, now: int) -> str:
        """Take one text in; what it is told, in the words of the oracle."""
        here = [poll for poll in self.polls if poll.number == number]
        hearing = [poll for poll in here if said in poll.words]
        open_hearing = [poll for poll in hearing if poll.phase(now) == "open"]
        if said in {"stop", "help"}:
            return "silence"
        if not here:
            return "no poll"
        for poll in hearing:
            for entry in poll.accepted:
                if entry[1:3] == (phone, sid):
                    return entry[4]
        if len(open_hearing) == 1:
            return self._vote(open_hearing[0], phone, sid, open_hearing[0].words[said])
        if open_hearing:
            return "unknown"
        return self._out_of_time(hearing or here, now)

    def _vote(self, poll: PlainPoll, phone: str, sid: str, choice: str) -> str:
        verdict = poll.verdict(phone, choice)
        if not verdict.startswith(("limit", "stands")):
            poll.accepted.append((poll.round, phone, sid, choice, verdict))
        return verdict

    def _out_of_time(self, polls: list[PlainPoll], now: int) -> str:
        """Of polls none of which has heard a vote now, the one that is nearest to hearing."""
        phases = {poll.phase(now) for poll in polls}
        if "open" in phases:
            return "unknown"
        return "waiting" if "waiting" in phases else "closed"
