"""Random evenings: the core and a plain oracle, written apart, say and count the same."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from services.adapters.memory import MemoryBallots, MemoryDirectory
from services.voting import lifecycle
from services.voting.ballot import Outcome, OutcomeKind
from services.voting.intake import Intake
from services.voting.message import Message
from services.voting.poll import Choice, Policy, Poll, Round
from tests.support.oracle import PlainEvening, PlainPoll
from tests.support.polls import NOON, PSEUDONYMS, a_phone

SHARED, OTHER, NOBODYS = "+15550100111", "+15550100122", "+15550100133"
CHOICES = {
    "dish": ("PIZZA", "PASTA"),
    "song": ("WALTZ", "TANGO", "PIZZA2"),
    "award": ("IRIS", "PASTA"),
}
NUMBERS = {"dish": SHARED, "song": SHARED, "award": OTHER}
EVENING_MS = 280_000
"""A text may be delivered again so long after a reset, and a little longer."""
SAID = ("pizza", "pasta", "waltz", "tango", "iris", "1", "2", "3", "purple", "stop", "help")

times = st.one_of(st.none(), st.integers(0, 120).map(lambda second: NOON + second * 1000))
rules = st.sampled_from([("last", 1), ("first", 1), ("each", 1), ("each", 3), ("unlimited", 1)])
events = st.lists(
    st.one_of(
        st.tuples(st.just("text"), st.sampled_from([SHARED, SHARED, OTHER, NOBODYS]), st.integers(0, 3), st.sampled_from(SAID)),
        st.tuples(st.just("text"), st.just(SHARED), st.just(0), st.sampled_from(["pizza", "pasta"])),
        st.tuples(st.just("again"), st.integers(0, 60)),
        st.tuples(st.just("wait"), st.integers(1, 40)),
        st.tuples(st.sampled_from(["open", "close", "reset"]), st.sampled_from(sorted(CHOICES))),
    ),
    min_size=5,
    max_size=60,
)  # fmt: skip


@dataclass
class Both:
    """The same scenario in the core and in the oracle."""

    plain: PlainEvening
    rounds: MemoryDirectory
    now: int = NOON
    ballots: MemoryBallots = field(default_factory=MemoryBallots)
    sent: list[Message] = field(default_factory=list)

    def text(self, message: Message) -> tuple[str, str]:
        """The outcomes of a text in both."""
        intake = Intake(directory=self.rounds, ballots=self.ballots, clock=lambda: self.now)
        answer = asyncio.run(intake.accept(message, pseudonyms=PSEUDONYMS))
        plainly = self.plain.text(
            message.to, message.sender, message.sid, message.body.lower(), self.now
        )
        return spelled(answer.outcome, self.policy_of(answer.poll_id)), plainly

    def policy_of(self, poll_id: str | None) -> Policy | None:
        """The policy of a poll."""
        found = [r.poll.policy for r in self.rounds.rounds if r.poll.id == poll_id]
        return found[0] if found else None

    def say(self, word: str, name: str) -> None:
        """Change the state of a round in both."""
        place = [r.poll.id for r in self.rounds.rounds].index(name)
        round, plain = self.rounds.rounds[place], self.plain.polls[place]
        if word == "reset":
            if round.number == 1:
                plain.round = 2
                self.rounds.rounds[place] = lifecycle.next_round(round, self.now)
            return
        if word == "open":
            plain.open_by_hand(self.now)
            self.rounds.rounds[place] = lifecycle.opened(round, self.now)
        else:
            plain.close_by_hand(self.now)
            self.rounds.rounds[place] = lifecycle.closed(round, self.now)

    def counted(self, name: str, number: int) -> dict[str, int]:
        """The core's count of a round."""
        round = next(r for r in self.rounds.rounds if r.poll.id == name)
        picks: Counter[str] = Counter()
        for ballot in self.ballots.ballots(replace(round, number=number)):
            picks.update(ballot.picks)
        return {choice: count for choice, count in picks.items() if count}


def spelled(outcome: Outcome, policy: Policy | None) -> str:
    """An outcome in the format of the oracle."""
    choice, previous = outcome.choice, outcome.previous
    left = f" left {outcome.left}" if policy is Policy.EACH else ""
    words = {
        OutcomeKind.RESERVED: "silence",
        OutcomeKind.NO_POLL: "no poll",
        OutcomeKind.ACCEPTED: f"accepted {choice}{left}",
        OutcomeKind.SAME: f"same {choice}",
        OutcomeKind.CHANGED: f"changed {previous} {choice}",
        OutcomeKind.STANDS: f"stands {previous}",
    }
    return words.get(outcome.kind, str(outcome.kind))


@st.composite
def evenings(draw: st.DrawFn) -> Both:
    """Three polls, two of them on one number, of any policy and times."""
    plain, rounds = [], []
    for name, keys in CHOICES.items():
        (policy, limit), opens, closes = draw(rules), draw(times), draw(times)
        if opens is not None and closes is not None and closes <= opens:
            closes = opens + 30_000
        choices = tuple(Choice(key=key, label=key.title()) for key in keys)
        poll = Poll(
            id=name, question="?", choices=choices, numbers=(NUMBERS[name],),
            policy=Policy(policy), limit=limit, opens_at_ms=opens, closes_at_ms=closes,
        )  # fmt: skip
        words = {str(place): key for place, key in enumerate(keys, start=1)}
        words |= {key.lower(): key for key in keys}
        rounds.append(Round(poll=poll))
        plain_poll = PlainPoll(
            name=name, number=NUMBERS[name], words=words, policy=policy, limit=limit
        )
        plain_poll.opens, plain_poll.closes = opens, closes
        plain.append(plain_poll)
    return Both(PlainEvening(plain), MemoryDirectory(rounds))


@settings(max_examples=400)
@given(evenings(), events)
def test_a_random_evening_says_and_counts_what_the_oracle_does(
    both: Both, happening: list[tuple[object, ...]]
) -> None:
    """Every reply to every text, first or again, and every total of every round."""
    for serial, event in enumerate(happening):
        match event:
            case ("wait", int(seconds)):
                both.now = min(both.now + seconds * 1000, NOON + EVENING_MS)
                continue
            case ("text", str(to), int(phone), str(body)):
                sid = f"SM{serial:032x}"
                message = Message(sid=sid, sender=a_phone(phone), to=to, body=body.title())
                both.sent.append(message)
            case ("again", int(place)):
                if not both.sent:
                    continue
                message = both.sent[place % len(both.sent)]
            case (str(word), str(name)):
                both.say(word, name)
                continue
        ours, plainly = both.text(message)

        assert ours == plainly, (serial, event)
    for name in CHOICES:
        plain = next(poll for poll in both.plain.polls if poll.name == name)
        for number in (1, 2):
            assert both.counted(name, number) == plain.count(number)
