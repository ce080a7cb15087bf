"""Ballots as items: what is kept, and that it stays within one write unit."""

from dataclasses import replace
from typing import Any

import pytest

from services.adapters.dynamodb.ballot_items import ballot_of, item_bytes, item_of
from services.voting import schema
from services.voting.ballot import Ballot, OutcomeKind, cast
from services.voting.barring import forget_votes
from services.voting.poll import Choice, Policy, Round
from tests.support.polls import NOON, a_poll, a_round, a_vote

ONE_WRITE_UNIT = 1024


def full_ballot(there: Round) -> Ballot:
    """Twenty texts over all choices."""
    ballot: Ballot | None = None
    keys = [choice.key for choice in there.poll.choices]
    for place in range(20):
        ballot = cast(there, ballot, a_vote(keys[place % len(keys)])).ballot
    assert ballot is not None
    return ballot


@pytest.mark.parametrize(
    ("policy", "size"),
    [(Policy.FIRST, 242), (Policy.LAST, 990), (Policy.EACH, 1_002), (Policy.UNLIMITED, 277)],
)
def test_the_largest_ballot_of_any_poll_costs_one_write_unit(policy: Policy, size: int) -> None:
    """Twenty texts for twelve choices, with all keys, ids and numbers as long as they can be."""
    longest = tuple(Choice(key=f"K{n:015}", label=f"{n}") for n in range(12))
    poll = a_poll(
        id="x" * 24, choices=longest, policy=policy, limit=20, shards=1000, visibility="sealed",
        closes_at_ms=NOON,
    )  # fmt: skip
    ballot: Ballot | None = None
    for place in range(20):
        before = None if policy is Policy.UNLIMITED else ballot
        vote = a_vote(longest[place % 12].key, phone=1, at_ms=NOON + place)
        ballot = cast(Round(poll=poll, number=9_999), before, vote).ballot or ballot
    assert ballot is not None
    assert len(ballot.pk.partition("#")[2]) == 3

    assert item_bytes(item_of(ballot)) == size
    assert size <= ONE_WRITE_UNIT


def test_a_text_cast_later_keeps_its_time() -> None:
    """The time of every text is stored, whatever the replies of the poll say."""
    there = a_round()
    first, second = a_vote("RED"), a_vote("BLUE", at_ms=NOON + 61_900)
    ballot = cast(there, cast(there, None, first).ballot, second).ballot
    assert ballot is not None
    item = item_of(ballot)

    assert item["times"] == {"S": "0000000Z"}
    assert ballot_of(item).times == (0, 61)


def test_an_item_has_the_attributes_of_the_schema_and_no_phone_number() -> None:
    """One schema, for the writer and for whoever reads."""
    there = a_round()
    item = item_of(full_ballot(there))

    assert set(item) == {"pk", "sk", "choices", "times", *schema.BALLOT_ATTRIBUTES}
    assert "5550" not in str(item)


@pytest.mark.parametrize(
    ("policy", "choices", "trail"),
    [
        (Policy.EACH, None, "21021021021021021021"),
        (Policy.LAST, [{"S": "RED"}, {"S": "BLUE"}], "10210210210210210210"),
    ],
)
def test_a_ballot_is_read_without_its_poll(
    policy: Policy, choices: list[dict[str, str]] | None, trail: str
) -> None:
    """The item has the keys of all its choices, whatever the poll has become since."""
    ballot = full_ballot(a_round(policy=policy, limit=20))
    item = item_of(ballot)

    assert ballot_of(item) == ballot
    assert item.get("choices", {"L": None})["L"] == choices
    assert item["trail"] == {"S": trail}


@pytest.mark.parametrize(
    ("sid", "stored"),
    [
        ("SM" + "00" * 16, "S" + "A" * 22),
        ("MM" + "ff" * 16, "M" + "_" * 21 + "w"),
        ("SM" + "0AFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "SM0AFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"),
        ("SM1", "SM1"),
    ],
)
def test_every_message_sid_comes_back_as_it_was(sid: str, stored: str) -> None:
    """Twilio's own spelling is shortened; any other is kept, because it is another text."""
    ballot = cast(a_round(), None, a_vote("RED", sid=sid)).ballot
    assert ballot is not None
    item = item_of(ballot)

    assert item["sids"] == {"S": stored}
    assert ballot_of(item) == ballot


def without_choices(item: dict[str, Any], sids: list[str], trail: str) -> dict[str, Any]:
    """The item as it was written before it had the keys of its choices, and its times."""
    rest = {name: value for name, value in item.items() if name not in {"choices", "times"}}
    return {**rest, "sids": {"L": [{"S": sid} for sid in sids]}, "trail": {"S": trail}}


@pytest.mark.parametrize(
    ("policy", "texts", "trail", "known"),
    [
        (Policy.FIRST, ["GREEN"], "1", ["GREEN"]),
        (Policy.LAST, ["RED", "GREEN"], "01", ["", "GREEN"]),
        (Policy.LAST, ["GREEN", "RED", "GREEN"], "101", ["GREEN", "", "GREEN"]),
        (Policy.LAST, ["RED", "GREEN", "RED"], "-1-", ["", "", ""]),
        (Policy.EACH, ["RED", "RED"], "00", ["RED", "RED"]),
        (Policy.EACH, ["RED", "GREEN"], "01", ["", ""]),
        (Policy.UNLIMITED, ["BLUE"], "2", ["BLUE"]),
    ],
)
def test_a_ballot_from_before_the_keys_counts_and_tells_what_is_certain(
    policy: Policy, texts: list[str], trail: str, known: list[str]
) -> None:
    """The picks count as ever; a choice that only the poll could tell is left open."""
    there = a_round(policy=policy, limit=20)
    ballot: Ballot | None = None
    for choice in texts:
        ballot = cast(there, ballot, a_vote(choice)).ballot
    assert ballot is not None
    sids = [text.sid for text in ballot.texts]

    read = ballot_of(without_choices(item_of(ballot), sids, trail))

    assert [text.sid for text in read.texts] == sids
    assert [text.choice for text in read.texts] == known
    assert replace(read, texts=ballot.texts, times=ballot.times) == ballot
    assert read.times == ()
    assert ballot_of(item_of(read)) == read


def test_a_forgotten_ballot_from_before_the_keys_is_empty() -> None:
    """It has neither texts nor picks."""
    ballot = forget_votes(full_ballot(a_round()), NOON)

    assert ballot_of(without_choices(item_of(ballot), [], "")) == ballot


def test_a_ballot_from_before_the_keys_takes_the_next_text() -> None:
    """The text changes the vote, and a redelivered one changes nothing."""
    there = a_round()
    first = cast(there, None, a_vote("RED")).ballot
    assert first is not None
    (text,) = first.texts
    old = ballot_of(without_choices(item_of(first), [text.sid], "0"))

    again = cast(there, old, a_vote("RED", sid=text.sid))
    after = cast(there, old, a_vote("GREEN"))

    assert (again.ballot, again.outcome.kind) == (None, OutcomeKind.ACCEPTED)
    assert after.outcome.kind is OutcomeKind.CHANGED
    assert after.outcome.previous == "RED"
    assert after.ballot is not None
    assert after.ballot.picks == {"GREEN": 1}
