"""The `Ballots` and `Recounts` ports: one suite, every adapter."""

import asyncio

from services.voting.ballot import Ballot, cast
from services.voting.barring import bar_text, forget_votes
from services.voting.poll import Policy, Round
from tests.contract.conftest import Store
from tests.support.polls import NOON, a_round, a_vote


def ballot_of(round: Round, choice: str, *, phone: int = 0, on: Ballot | None = None) -> Ballot:
    """The ballot that one more vote makes."""
    ballot = cast(round, on, a_vote(choice, phone=phone)).ballot
    assert ballot is not None
    return ballot


async def test_a_new_ballot_is_stored_and_read_back_whole(store: Store) -> None:
    """The ballot that was created is found."""
    round = a_round()
    ballot = ballot_of(round, "GREEN")

    assert await store.ballots.create(ballot) is True
    assert await store.ballots.find(ballot.pk, ballot.sk) == ballot


async def test_a_ballot_is_created_once(store: Store) -> None:
    """A second create leaves the first ballot as it is."""
    round = a_round()
    first, second = ballot_of(round, "GREEN"), ballot_of(round, "RED")
    await store.ballots.create(first)

    assert await store.ballots.create(second) is False
    assert await store.ballots.find(first.pk, first.sk) == first


async def test_of_many_at_once_one_creates_the_ballot(store: Store) -> None:
    """Ten phones with one number cannot vote ten times."""
    round = a_round()
    rivals = [ballot_of(round, "RED") for _ in range(10)]

    created = await asyncio.gather(*(store.ballots.create(r) for r in rivals))

    assert sum(created) == 1


async def test_a_missing_ballot_is_none(store: Store) -> None:
    """Nobody has voted under that key."""
    assert await store.ballots.find("colors:1#0", "nobody") is None


async def test_a_ballot_is_replaced_where_it_stands_unchanged(store: Store) -> None:
    """The rewrite finds as many writes as it was decided on."""
    round = a_round()
    first = ballot_of(round, "GREEN")
    await store.ballots.create(first)
    second = ballot_of(round, "RED", on=first)

    assert await store.ballots.replace(second, expected=1) is True
    assert await store.ballots.find(first.pk, first.sk) == second


async def test_a_ballot_rewritten_meanwhile_is_not_replaced(store: Store) -> None:
    """A rewrite decided on an old ballot is refused and changes nothing."""
    round = a_round()
    first = ballot_of(round, "GREEN")
    await store.ballots.create(first)
    second, rival = ballot_of(round, "RED", on=first), ballot_of(round, "BLUE", on=first)
    await store.ballots.replace(second, expected=1)

    assert await store.ballots.replace(rival, expected=1) is False
    assert await store.ballots.find(first.pk, first.sk) == second


async def test_the_lock_of_a_rewrite_counts_writes_and_not_texts(store: Store) -> None:
    """An erased and rewritten ballot has one text again, but it is not the same ballot."""
    round = a_round(policy=Policy.EACH, limit=5)
    first = ballot_of(round, "RED")
    await store.ballots.create(first)
    decided = ballot_of(round, "GREEN", on=first)
    empty = forget_votes(first, 5)
    again = ballot_of(round, "BLUE", on=empty)

    assert await store.ballots.replace(empty, expected=1) is True
    assert await store.ballots.replace(again, expected=2) is True
    assert await store.ballots.replace(decided, expected=1) is False
    assert await store.ballots.find(first.pk, first.sk) == again
    assert (len(again.texts), again.writes) == (1, 3)


async def test_marks_and_moments_of_a_ballot_come_back_whole(store: Store) -> None:
    """Of forgotten and barred texts; with an expiry or without one."""
    for round in (a_round(), a_round(number=2, closes_at_ms=NOON)):
        empty = forget_votes(ballot_of(round, "RED"), NOON + 3)
        ballot = ballot_of(round, "BLUE", on=bar_text(round, empty, a_vote("GREEN")))
        await store.ballots.create(ballot)

        assert (len(ballot.forgotten), len(ballot.barred), ballot.writes) == (1, 1, 4)
        assert await store.ballots.find(ballot.pk, ballot.sk) == ballot


async def test_a_barred_ballot_keeps_a_first_vote_out(store: Store) -> None:
    """The later of two creates fails."""
    round, vote = a_round(), a_vote("RED")
    barred, voted = bar_text(round, None, vote), cast(round, None, vote).ballot
    assert voted

    assert await store.ballots.create(barred) is True
    assert await store.ballots.create(voted) is False
    assert await store.ballots.find(voted.pk, voted.sk) == barred


async def test_a_ballot_that_is_gone_is_not_replaced(store: Store) -> None:
    """A ballot removed between read and rewrite is not created again."""
    round = a_round()

    assert await store.ballots.replace(ballot_of(round, "RED"), expected=1) is False


async def test_a_full_ballot_with_every_choice_comes_back_in_order(store: Store) -> None:
    """Twenty texts keep their MessageSids, their order and their sums."""
    round = a_round(policy=Policy.EACH, limit=20)
    ballot = ballot_of(round, "RED")
    for place in range(1, 20):
        ballot = ballot_of(round, ("RED", "GREEN", "BLUE")[place % 3], on=ballot)
    await store.ballots.create(ballot)

    assert await store.ballots.find(ballot.pk, ballot.sk) == ballot
    assert sum(ballot.picks.values()) == 20


async def test_a_recount_sees_every_ballot_of_its_round_once(store: Store) -> None:
    """Over all shards, and none of another round or poll."""
    round, later = a_round(), a_round(number=2)
    mine = [ballot_of(round, "RED", phone=phone) for phone in range(40)]
    other = [ballot_of(later, "RED", phone=phone) for phone in range(5)]
    for ballot in (*mine, *other):
        await store.ballots.create(ballot)

    found = list(store.recounts.ballots(round))

    assert sorted(b.sk for b in found) == sorted(b.sk for b in mine)
    assert len({b.pk for b in found}) > 1
