"""A redelivered text counts once, because the directory keeps past rounds; on both stores."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.memory import MemoryBallots
from services.polls.definition import parse_poll
from services.voting import lifecycle
from services.voting.ballot import OutcomeKind
from services.voting.directory import Directory
from services.voting.intake import Intake, IntakeResult
from services.voting.message import Message
from services.voting.poll import Poll
from tests.support.directory import COLORS, Watch, always, colors_with
from tests.support.polls import COLORS_TOML, NUMBER, PSEUDONYMS, a_text

BOTH = pytest.mark.parametrize("endpoint", ["moto", "emulator"], indirect=True)
SUCCESSOR = parse_poll(f'numbers = ["{NUMBER}"]\n{COLORS_TOML}', source="successor.toml")
"""On the same number with the same words."""


@dataclass
class Webhook:
    """The real intake over the real directory, which is read for each text."""

    directory: DynamoDirectory
    watch: Watch
    ballots: MemoryBallots = field(default_factory=MemoryBallots)

    async def current(self) -> Directory:
        """Load the directory."""
        return self.directory.load()

    async def text(self, message: Message) -> IntakeResult:
        """A text arrives."""
        intake = Intake(directory=self, ballots=self.ballots, clock=self.watch)
        return await intake.accept(message, pseudonyms=PSEUDONYMS)

    def counted(self, sid: str) -> int:
        """Count the ballots that contain this MessageSid."""
        return sum(step.sid == sid for held in self.ballots.held.values() for step in held.texts)

    def reset(self) -> None:
        """An operator starts the next round."""
        self.directory.reset("colors", 1, begun=always)

    def reset_and_apply(self, line: str) -> None:
        """Reset, close, wait, apply a changed file, open."""
        self.directory.reset("colors", 1, begun=always)
        self.directory.change("colors", lambda r: lifecycle.closed(r, self.watch()))
        self.watch.now_ms += 73_000
        poll = with_reversed_choices() if line == "order" else colors_with(line)
        self.directory.apply([poll])
        self.directory.change("colors", lambda r: lifecycle.opened(r, self.watch()))

    def archive(self) -> None:
        """An operator archives the poll."""
        self.directory.change("colors", lambda r: lifecycle.archived(r, self.watch()))

    def lose_the_file(self) -> None:
        """A deploy removes the file and adds another poll with the same words."""
        self.directory.apply([SUCCESSOR])


def with_reversed_choices() -> Poll:
    """The same poll with its choices in reverse order."""
    head, *choices = COLORS.definition.split("[[choices]]")
    text = "[[choices]]".join([head, *(f"{one.rstrip()}\n" for one in reversed(choices))])
    return parse_poll(text, source="colors.toml")


TURNS: dict[str, Callable[[Webhook], None]] = {
    "reset": Webhook.reset,
    "reset, other shards": lambda w: w.reset_and_apply("shards = 128"),
    "reset, other policy": lambda w: w.reset_and_apply('policy = "unlimited"'),
    "reset, other order": lambda w: w.reset_and_apply("order"),
    "archived": Webhook.archive,
    "file gone": Webhook.lose_the_file,
}


@BOTH
@pytest.mark.parametrize("turn", TURNS)
async def test_a_text_counts_once_whatever_operators_and_deploys_do_meanwhile(
    directory: DynamoDirectory, watch: Watch, turn: str
) -> None:
    """For five minutes after the change it gets the same reply again, and no vote."""
    directory.apply([COLORS])
    watch.now_ms += 3_600_000
    webhook, text = Webhook(directory, watch), a_text("red")
    first = await webhook.text(text)
    TURNS[turn](webhook)
    at_once = await webhook.text(text)
    watch.now_ms = directory.entry("colors").round.changed_at_ms + 220_000
    later = await webhook.text(text)

    assert first.outcome.kind is OutcomeKind.ACCEPTED
    assert at_once == later == first
    assert webhook.counted(text.sid) == 1


@BOTH
@pytest.mark.parametrize(("later_ms", "counted"), [(299_000, 1), (301_000, 2)])
@pytest.mark.parametrize("turn", ["reset", "file gone"])
async def test_what_comes_again_after_five_minutes_is_taken_for_a_new_vote(
    directory: DynamoDirectory, watch: Watch, turn: str, later_ms: int, counted: int
) -> None:
    """Past rounds are checked for five minutes; Twilio does not redeliver later."""
    directory.apply([COLORS])
    watch.now_ms += 3_600_000
    webhook, text = Webhook(directory, watch), a_text("red")
    await webhook.text(text)
    TURNS[turn](webhook)
    watch.now_ms += later_ms
    await webhook.text(text)

    assert webhook.counted(text.sid) == counted
