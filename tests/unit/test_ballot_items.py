"""Ballots as items: what is kept, and that it stays within one write unit."""

import pytest

from services.adapters.dynamodb.ballot_items import ballot_of, item_bytes, item_of
from services.voting import schema
from services.voting.ballot import Ballot, cast
from services.voting.poll import Choice, Policy, Round
from tests.support.polls import a_round, a_vote

ONE_WRITE_UNIT = 1024


def full_ballot(there: Round) -> Ballot:
    """Twenty texts over all choices."""
    ballot: Ballot | None = None
    keys = [choice.key for choice in there.poll.choices]
    for place in range(20):
        ballot = cast(there, ballot, a_vote(keys[place % len(keys)])).ballot
    assert ballot is not None
    return ballot


@pytest.mark.parametrize(("policy", "limit"), [(Policy.LAST, 1), (Policy.EACH, 20)])
def test_a_ballot_of_twenty_texts_costs_one_write_unit(policy: Policy, limit: int) -> None:
    """Also with every MessageSid remembered, in order."""
    there = a_round(policy=policy, limit=limit)

    assert item_bytes(item_of(full_ballot(there), there)) < ONE_WRITE_UNIT


def test_an_item_has_the_attributes_of_the_schema_and_no_phone_number() -> None:
    """One schema, for the writer and for whoever reads."""
    there = a_round()
    item = item_of(full_ballot(there), there)

    assert set(item) == {"pk", "sk", *schema.BALLOT_ATTRIBUTES}
    assert "5550" not in str(item)


def test_a_choice_that_is_gone_costs_a_word_and_no_vote() -> None:
    """The picks count; the trail only words a reply."""
    there = a_round(policy=Policy.EACH, limit=20)
    ballot = full_ballot(there)
    fewer = a_round(policy=Policy.EACH, limit=20, choices=there.poll.choices[:2])

    back = ballot_of(item_of(ballot, there), fewer)

    assert back.picks == ballot.picks
    assert [step.sid for step in back.texts] == [step.sid for step in ballot.texts]
    assert {step.choice for step in back.texts} == {"RED", "GREEN", ""}


def test_a_choice_added_at_the_end_moves_no_other() -> None:
    """A trail written before it reads the same after it."""
    there = a_round()
    longer = a_round(choices=(*there.poll.choices, Choice(key="PINK", label="Pink")))
    ballot = full_ballot(there)

    assert ballot_of(item_of(ballot, there), longer) == ballot
