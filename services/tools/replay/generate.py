"""Generates a scenario; the same seed gives the same texts.

Voters arrive at a steady rate, with peaks and a rush before the close. Some change their votes,
some text messages from a corpus of real ones, some text STOP, some are late; Twilio loses a few
texts and redelivers others.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from services.tools.replay.texts import Scenario, ScenarioText
from services.voting.poll import Choice

DATA: Final = Path(__file__).parent / "data"
NUMBER: Final = "+15550100199"
PHONES: Final = 100_000
"""Number of fictional numbers: +1 555 01x xxxx."""
OPENS_AT_MS: Final = 1_904_155_200_000
"""4 May 2030, 20:00 UTC."""
MINUTE_MS: Final = 60_000

PHRASES: Final = ("{word}", "{lower}", "{label}", "Vote for {label}", " {word}!!", "i vote {lower}")
CARRIER_WORDS: Final = ("STOP", "HELP", "START", "Unsubscribe", "INFO")
ODD_TEXTS: Final = (
    "RЕD",  # noqa: RUF001 - the second letter is Cyrillic
    "R\u200dED", "red\x00", "RED GREEN", "redd", "", "👍", "z" * 1600, "דאבל", "the red one",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The shares of voters, texts or polls for which each event happens."""

    changed: float = 0.10
    again: float = 0.03
    garbage: float = 0.06
    odd: float = 0.0
    carrier: float = 0.01
    redelivered: float = 0.04
    lost: float = 0.005
    late: float = 0.02
    both_polls: float = 0.3
    peaks: int = 3


QUIET: Final = Behaviour(peaks=1)
USUAL: Final = Behaviour()
ADVERSARIAL: Final = Behaviour(
    changed=0.4, again=0.2, garbage=0.15, odd=0.15, carrier=0.05, redelivered=0.35, lost=0.03,
    late=0.08, both_polls=0.5, peaks=5,
)  # fmt: skip
STYLES: Final = {"quiet": QUIET, "finale": USUAL, "adversarial": ADVERSARIAL}


def make_scenario(
    *, voters: int, minutes: float, seed: int, style: str = "finale", polls: Sequence[str] = ()
) -> Scenario:
    """Generate a scenario. `style` is a key of `STYLES`, `polls` are ids of built-in polls.

    Raises:
        ValueError: there are fewer fictional numbers than voters.
    """
    if not 0 < voters <= PHONES:
        raise ValueError(f"--voters: {voters}: choose 1 to {PHONES}")
    length_ms = round(minutes * MINUTE_MS)
    ids = polls or (("colors",) if style == "quiet" else ("colors", "encore"))
    scenario = Scenario(
        name=style,
        definitions={poll_id: _definition(poll_id, length_ms) for poll_id in ids},
        texts=(),
        made_with={"voters": voters, "seed": seed, "length_ms": length_ms},
    )
    generator = _TextGenerator(
        scenario,
        STYLES[style],
        random.Random(f"{style}:{seed}"),  # noqa: S311 - a repeatable scenario
        length_ms,
    )
    texts = sorted(generator.texts(voters), key=lambda text: text.at_ms)
    return replace(scenario, texts=tuple(texts))


@cache
def corpus() -> tuple[str, ...]:
    """Return real text messages; none of them is a vote."""
    return tuple((DATA / "sms-corpus.txt").read_text(encoding="utf-8").split("\n")[:-1])


@cache
def _template(poll_id: str) -> str:
    return (DATA / "polls" / f"{poll_id}.toml").read_text(encoding="utf-8")


def _definition(poll_id: str, length_ms: int) -> str:
    opens, closes = (
        datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
        for at_ms in (OPENS_AT_MS, OPENS_AT_MS + length_ms)
    )
    times = f"opens_at = {opens}\ncloses_at = {closes}"
    return _template(poll_id).replace("OPENS_AND_CLOSES", times)


class _TextGenerator:
    """Generates the texts of a scenario, phone by phone."""

    def __init__(
        self, scenario: Scenario, behaviour: Behaviour, draw: random.Random, length_ms: int
    ) -> None:
        self._behaviour = behaviour
        self._draw = draw
        self._length_ms = length_ms
        self._polls = scenario.polls
        self._offset = draw.randrange(PHONES)
        self._peaks = sorted(draw.uniform(0.1, 0.85) for _ in range(behaviour.peaks))
        self._keywords: Mapping[str, str] = {p.id: p.keyword for p in self._polls}

    def texts(self, voters: int) -> Iterator[ScenarioText]:
        """Yield the texts of all phones, in no order."""
        for number in range(voters):
            phone = f"+155501{(self._offset + number * 7919) % PHONES:05d}"
            for poll in self._polls:
                if poll is self._polls[0] or self._happens("both_polls"):
                    yield from self._votes(phone, poll.id, poll.choices)
            yield from self._other_texts(phone)

    def _votes(self, phone: str, poll_id: str, choices: Sequence[Choice]) -> Iterator[ScenarioText]:
        at_ms = self._arrival()
        favourite = self._favourite(choices, at_ms)
        yield self._text(phone, at_ms, self._phrase(poll_id, favourite))
        while (changed := self._happens("changed")) or self._happens("again"):
            at_ms += round(self._draw.expovariate(1 / 20_000)) + 500
            if changed:
                favourite = self._draw.choice(choices)
            yield self._text(phone, at_ms, self._phrase(poll_id, favourite))

    def _other_texts(self, phone: str) -> Iterator[ScenarioText]:
        if self._happens("garbage"):
            yield self._text(phone, self._arrival(), self._draw.choice(corpus()))
        if self._happens("odd"):
            yield self._text(phone, self._arrival(), self._draw.choice(ODD_TEXTS))
        if self._happens("carrier"):
            yield self._text(phone, self._arrival(), self._draw.choice(CARRIER_WORDS))

    def _arrival(self) -> int:
        """Return a time in epoch ms: steady, in a peak, before the close, or too late."""
        draw, kind = self._draw, self._draw.random()
        if self._happens("late"):
            place = draw.uniform(1.0, 1.1)
        elif kind < 0.35:  # noqa: PLR2004 - share of steady arrivals
            place = draw.random()
        elif kind < 0.8:  # noqa: PLR2004 - share of peaks
            place = draw.choice(self._peaks) + abs(draw.gauss(0, 0.02))
        else:
            place = 1 - abs(draw.gauss(0, 0.04))
        return OPENS_AT_MS + round(min(max(place, 0.0), 1.2) * self._length_ms)

    def _favourite(self, choices: Sequence[Choice], at_ms: int) -> Choice:
        """Return a random choice; the most likely one changes over time."""
        elapsed = (at_ms - OPENS_AT_MS) / self._length_ms
        pulls = [1 + abs((place + 1) * 0.9 - 2.4 * elapsed) for place in range(len(choices))]
        return self._draw.choices(choices, pulls)[0]

    def _phrase(self, poll_id: str, choice: Choice) -> str:
        word, phrase = choice.word, self._draw.choice(PHRASES)
        text = phrase.format(word=word, lower=word.lower(), label=choice.label)
        return f"{self._keywords[poll_id]} {text.strip()}" if self._keywords[poll_id] else text

    def _text(self, phone: str, at_ms: int, body: str) -> ScenarioText:
        lost = self._happens("lost")
        after: tuple[int, ...] = ()
        if not lost and self._happens("redelivered"):
            times = self._draw.randint(1, 2)
            after = tuple(sorted(self._draw.randint(800, 60_000) for _ in range(times)))
        sid = f"SM{self._draw.getrandbits(128):032x}"
        return ScenarioText(
            at_ms=at_ms, sender=phone, to=NUMBER, body=body, sid=sid, lost=lost, after_ms=after
        )

    def _happens(self, event: str) -> bool:
        return self._draw.random() < float(getattr(self._behaviour, event))
