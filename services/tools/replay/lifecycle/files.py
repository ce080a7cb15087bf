"""Generates random poll files, which share words, numbers and keywords on purpose."""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

NUMBERS: Final = ("+15550100198", "+15550100199")
IDS: Final = ("band", "encore", "heat")
KEYWORDS: Final = ("", "", "band", "heat", "big", "more")
CHOICES: Final = (
    (("RED", "Red", ""), ("BLUE", "Blue", "sky"), ("GREEN", "Green", "")),
    (("RED", "Big Red", "rot"), ("BAND", "Band", "the band"), ("DJ", "DJ", "")),
    (("ONE", "Song One", "first song"), ("TWO", "Song Two", ""), ("HEAT", "Heat", "hot")),
)
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS


@dataclass(slots=True)
class PollFile:
    """The content of a poll file."""

    name: str
    choices: list[tuple[str, str, str]]
    settings: dict[str, Any] = field(default_factory=dict)
    opens_at_ms: int | None = None
    closes_at_ms: int | None = None

    @property
    def toml(self) -> str:
        """The file as TOML."""
        lines = [f'question = "{self.name}?"']
        lines += [f"{key} = {_literal(value)}" for key, value in sorted(self.settings.items())]
        if self.opens_at_ms is not None:
            lines.append(f"opens_at = {_moment(self.opens_at_ms)}")
        if self.closes_at_ms is not None:
            lines.append(f"closes_at = {_moment(self.closes_at_ms)}")
        for key, label, word in self.choices:
            lines += ["[[choices]]", f'key = "{key}"', f'label = "{label}"']
            lines += [f'words = ["{word}"]'] if word else []
        return "\n".join(lines)


def draw_file(draw: random.Random, name: str, now_ms: int) -> PollFile:
    """Return a random poll file."""
    file = PollFile(name=name, choices=list(draw.choice(CHOICES)))
    policy = draw.choice(("last", "last", "first", "each", "unlimited"))
    file.settings = {
        "policy": policy,
        "shards": draw.choice((1, 2, 3)),
        "retention_days": draw.choice((1, 1, 2)),
        "visibility": draw.choice(("open", "open", "sealed")),
    }
    if policy == "each":
        file.settings["limit"] = draw.randint(1, 4)
    if keyword := draw.choice(KEYWORDS):
        file.settings["keyword"] = keyword
    if draw.random() < 1 / 3:
        file.settings["numbers"] = [draw.choice(NUMBERS)]
    _draw_times(draw, file, now_ms)
    return file


def edit_file(draw: random.Random, before: PollFile, now_ms: int) -> PollFile:
    """Return a copy of a poll file with a random change."""
    file = replace(before, choices=list(before.choices), settings=dict(before.settings))
    match draw.randrange(8):
        case 0:
            file.settings["shards"] = draw.choice((1, 2, 3, 4))
        case 1:
            file.settings["policy"] = draw.choice(("last", "first", "unlimited"))
            file.settings.pop("limit", None)
        case 2:
            file.settings["retention_days"] = draw.choice((1, 2, 30))
        case 3:
            draw.shuffle(file.choices)
        case 4:
            file.choices.append(("MORE", "One more", ""))
            file.choices = file.choices[:4]
        case 5:
            place = draw.randrange(len(file.choices))
            key, label, _ = file.choices[place]
            file.choices[place] = (key, label, draw.choice(("", "rot", "sky", "hot")))
        case _:
            _draw_times(draw, file, now_ms)
    return file


def _draw_times(draw: random.Random, file: PollFile, now_ms: int) -> None:
    start = now_ms // 1000 * 1000
    file.opens_at_ms = file.closes_at_ms = None
    if draw.random() < 1 / 3:
        file.opens_at_ms = start + draw.choice((-HOUR_MS, 10_000, 60_000))
    if draw.random() < 1 / 2:
        after = draw.choice((20_000, 120_000, HOUR_MS, DAY_MS, 3 * DAY_MS, -60_000))
        file.closes_at_ms = (file.opens_at_ms or start) + after


def _literal(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(f'"{entry}"' for entry in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
