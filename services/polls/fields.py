"""All keys of a poll file; validation, JSON Schema and reference use these tables."""

from collections.abc import Sequence
from datetime import datetime

from services.polls.validation import Field
from services.voting.addresses import E164
from services.voting.poll import MESSAGES_PER_BALLOT, Policy, ReplyMode
from services.voting.replies import DEFAULT_TEXTS, PLACEHOLDERS
from services.voting.sharding import DEFAULT_SHARDS, MAX_SHARDS

CURRENT = "current"
"""Stands in the address of the page for the poll that is open, and is no poll's id."""
POLL_ID = r"[a-z0-9][a-z0-9-]{0,23}"
_HUE = r"#[0-9a-fA-F]{6}"

FIELDS: Sequence[Field] = (
    Field("question", str, "What is asked, as the screen shows it.", required=True, low=1, high=120),
    Field("choices", list, "What may be voted for, in ballot order. While a round has ballots, new ones go to the end and none is taken away.", required=True, low=2, high=12, noun="choices"),
    Field("numbers", list, "Phone numbers (E.164) that the poll answers on; without it, all of the account.", entry_pattern=E164, form="write it as +15550100199"),
    Field("keyword", str, "Leading word that picks this poll where several share a number, as in FINALE RED.", pattern=r"\w{1,16}", form="one word of at most 16 letters and digits"),
    Field("policy", str, "How the texts of one phone count: the latest, the first, each up to the limit, or all of them. Fixed while a round has ballots.", one_of=tuple(Policy), default="last"),
    Field("limit", int, "Votes a phone, with policy each.", low=1, high=MESSAGES_PER_BALLOT, default=1),
    Field("opens_at", datetime, "When voting opens, with a time zone; without it, at once."),
    Field("closes_at", datetime, "When voting closes, with a time zone; without it, when you close it."),
    Field("visibility", str, "Whether guests see the count before it is certified. Fixed while a round has ballots.", one_of=("open", "sealed"), default="open"),
    Field("shards", int, "Partition keys that the ballots of a round are spread over: each takes 1,000 votes a second. Fixed while a round has ballots.", low=1, high=MAX_SHARDS, default=DEFAULT_SHARDS),
    Field("retention_days", int, "Days after the end of its round after which a ballot expires.", low=1, high=3650, default=30),
    Field("percent_from", int, "Votes below which the screen shows no percentages.", low=0, default=0),
    Field("phones", str, "File beside this one with the only phones that may vote, one a line. Stored as keyed hashes, by `voteapp poll apply`; without it, all may vote.", pattern=r"[\w.-]{1,64}", form="the name of a file beside this one: letters, digits, dots and dashes"),
    Field("replies", dict, "Which texts are answered, and how."),
)  # fmt: skip

CHOICE_FIELDS: Sequence[Field] = (
    Field("key", str, "Short name, kept in every ballot.", required=True, pattern=r"[A-Z0-9][A-Z0-9_-]{0,15}", form="capital letters, digits, - and _, at most 16"),
    Field("label", str, "What the screen shows.", required=True, low=1, high=60),
    Field("words", list, "What people may text beside key, label and place, in any script; the first is what the screen tells them to text.", entry_pattern=r"\S(?:.{0,38}\S)?", form="at most 40 characters, none at an end a blank"),
    Field("colour", (str, dict), "Colour of the bar, for both themes or one each; without it, the page's own.", pattern=_HUE, form="write it as #1b5fc1"),
)  # fmt: skip

COLOUR_FIELDS: Sequence[Field] = (
    Field("dark", str, "On the dark background.", pattern=_HUE, form="write it as #1b5fc1"),
    Field("light", str, "On the light background.", pattern=_HUE, form="write it as #1b5fc1"),
)

REPLY_FIELDS: Sequence[Field] = (
    Field("mode", str, "Answer all texts, only those that were not counted, or none.", one_of=tuple(ReplyMode), default="all"),
    *(Field(name, str, f"Instead of: {DEFAULT_TEXTS[name]}", low=1, high=320) for name in PLACEHOLDERS),
)  # fmt: skip
