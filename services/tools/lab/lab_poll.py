"""The poll of the lab, which exists only in a demo and has any number of shards.

Its choices share no word with the demo's poll, so that no text counts in both.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from services.adapters.clock import now_ms
from services.adapters.poll_store import PollStore
from services.polls.definition import parse_poll
from services.polls.entry import DirectoryEntry
from services.tools.phones.crowd import Crowd, texted_choices
from services.tools.phones.sms import SimulatedText, TextKind
from services.voting import schema
from services.voting.errors import PollUnknownError
from services.voting.lifecycle import next_round
from services.voting.poll import Poll, Round, State
from services.voting.probe_names import LAB_NUMBER, LAB_POLL

POLL: Final = LAB_POLL
NUMBER: Final = LAB_NUMBER
SEED: Final = 2015
_DEFINITION: Final = """\
question = "How many shards does it take?"
numbers = ["{number}"]
policy = "unlimited"
shards = {shards}
retention_days = 1

[[choices]]
key = "CORAL"
label = "Coral"
colour = {{ dark = "#ff5d47", light = "#c8371b" }}

[[choices]]
key = "MINT"
label = "Mint"
colour = {{ dark = "#36d6a0", light = "#0b8f63" }}

[[choices]]
key = "SKY"
label = "Sky"
colour = {{ dark = "#4f9dff", light = "#1b5fc1" }}
"""


def lab_poll(shards: int) -> Poll:
    """Return the lab's poll; every text creates a ballot, so that one text is one write."""
    text = _DEFINITION.format(number=NUMBER, shards=shards)
    return parse_poll(text, source=f"{POLL}.toml")


def begin_round(directory: PollStore, shards: int) -> Round:
    """Start the lab's next round with this number of shards, which is fixed for a round.

    The round has no `previous`: no text of the lab is redelivered, and looking for it in the
    previous round would be a second write for each text.
    """
    poll, at_ms = lab_poll(shards), now_ms()

    def decide(round: Round) -> Round:
        following = next_round(round, at_ms)
        return replace(following, poll=poll, state=State.AUTO, state_at_ms=at_ms, previous=None)

    try:
        _, after = directory.change(POLL, decide)
    except PollUnknownError:
        after = directory.write(DirectoryEntry(round=Round(poll=poll), number=NUMBER))
    return after.round


def text_source(poll: Poll) -> Callable[[], SimulatedText]:
    """Return a function that makes the next text: a vote of a new phone."""
    crowd = Crowd(texted_choices(poll), to=NUMBER, seed=SEED, votes_per_phone=None)

    def next_text() -> SimulatedText:
        # The word of the choice: "2" would be a vote in the demo's poll, too.
        text = crowd.make(TextKind.NEW)
        return replace(text, body=str(text.choice))

    return next_text


def round_number(ballot_pk: str) -> int | None:
    """Return the lab round that a ballot's partition key belongs to; None for other polls."""
    start = schema.ballot_pk(POLL, 0, 0).partition("0")[0]
    if not ballot_pk.startswith(start):
        return None
    return int(ballot_pk.removeprefix(start).partition("#")[0])
