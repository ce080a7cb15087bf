"""The `Ballots` and `Recounts` ports: one suite, every adapter."""

import asyncio

from services.voting.ballot import Ballot, cast
from services.voting.barring import bar_text, forget_votes
from services.voting.poll import Policy, Round
from tests.contract.conftest import Store
from tests.support.polls import NOON, a_round, a_vote


def ballot_of(there: Round, choice: str, *, phone: int = 0, on: Ballot | None = None) -> Ballot:
    """The ballot that one more vote makes."""
    ballot = cast(there, on, a_vote(choice, phone=phone)).ballot
    assert ballot is not None
    return ballot


async def test_a_new_ballot_is_stored_and_read_back_whole(store: Store) -> None:
    """What was created is what is found."""
    there = a_round()
    ballot = ballot_of(there, "GREEN")

    assert await store.ballots.create(ballot, there) is True
    assert await store.ballots.find(ballot.pk, ballot.sk, there) == ballot


async def test_a_ballot_is_created_once(store: Store) -> None:
    """A second create leaves the first ballot as it is."""
    there = a_round()
    first, second = ballot_of(there, "GREEN"), ballot_of(there, "RED")
    await store.ballots.create(first, there)

    assert await store.ballots.create(second, there) is False
    assert await store.ballots.find(first.pk, first.sk, there) == first


async def test_of_many_at_once_one_creates_the_ballot(store: Store) -> None:
    """Ten phones with one number cannot vote ten times."""
    there = a_round()
    rivals = [ballot_of(there, "RED") for _ in range(10)]

    created = await asyncio.gather(*(store.ballots.create(r, there) for r in rivals))

    assert sum(created) == 1


async def test_a_missing_ballot_is_none(store: Store) -> None:
    """Nobody has voted under that key."""
    assert await store.ballots.find("colors:1#0", "nobody", a_round()) is None


async def test_a_ballot_is_replaced_where_it_stands_unchanged(store: Store) -> None:
    """The rewrite finds as many writes as it was decided on."""
    there = a_round()
    first = ballot_of(there, "GREEN")
    await store.ballots.create(first, there)
    second = ballot_of(there, "RED", on=first)

    assert await store.ballots.replace(second, there, expected=1) is True
    assert await store.ballots.find(first.pk, first.sk, there) == second


async def test_a_ballot_rewritten_meanwhile_is_not_replaced(store: Store) -> None:
    """A rewrite decided on an old ballot is refused and changes nothing."""
    there = a_round()
    first = ballot_of(there, "GREEN")
    await store.ballots.create(first, there)
    second, rival = ballot_of(there, "RED", on=first), ballot_of(there, "BLUE", on=first)
    await store.ballots.replace(second, there, expected=1)

    assert await store.ballots.replace(rival, there, expected=1) is False
    assert await store.ballots.find(first.pk, first.sk, there) == second


async def test_the_lock_of_a_rewrite_counts_writes_and_not_texts(store: Store) -> None:
    """Forgotten and voted anew, a ballot holds one text again: it is another one all the same."""
    there = a_round(policy=Policy.EACH, limit=5)
    first = ballot_of(there, "RED")
    await store.ballots.create(first, there)
    decided = ballot_of(there, "GREEN", on=first)
    empty = forget_votes(first, 5)
    again = ballot_of(there, "BLUE", on=empty)

    assert await store.ballots.replace(empty, there, expected=1) is True
    assert await store.ballots.replace(again, there, expected=2) is True
    assert await store.ballots.replace(decided, there, expected=1) is False
    assert await store.ballots.find(first.pk, first.sk, there) == again
    assert (len(again.texts), again.writes) == (1, 3)


async def test_marks_and_moments_of_a_ballot_come_back_whole(store: Store) -> None:
    """Of forgotten and barred texts; with an expiry or without one."""
    for there in (a_round(), a_round(number=2, closes_at_ms=NOON)):
        empty = forget_votes(ballot_of(there, "RED"), NOON + 3)
        ballot = ballot_of(there, "BLUE", on=bar_text(there, empty, a_vote("GREEN")))
        await store.ballots.create(ballot, there)

        assert (len(ballot.forgotten), len(ballot.barred), ballot.writes) == (1, 1, 4)
        assert await store.ballots.find(ballot.pk, ballot.sk, there) == ballot


async def test_a_barred_ballot_keeps_a_first_vote_out(store: Store) -> None:
    """Whoever comes first, the other one's write fails."""
    there, vote = a_round(), a_vote("RED")
    barred, voted = bar_text(there, None, vote), cast(there, None, vote).ballot
    assert voted

    assert await store.ballots.create(barred, there) is True
    assert await store.ballots.create(voted, there) is False
    assert await store.ballots.find(voted.pk, voted.sk, there) == barred


async def test_a_ballot_that_is_gone_is_not_replaced(store: Store) -> None:
    """A ballot removed between reading and rewriting does not come back by itself."""
    there = a_round()

    assert await store.ballots.replace(ballot_of(there, "RED"), there, expected=1) is False


async def test_a_full_ballot_with_every_choice_comes_back_in_order(store: Store) -> None:
    """Twenty texts keep their MessageSids, their order and their sums."""
    there = a_round(policy=Policy.EACH, limit=20)
    ballot = ballot_of(there, "RED")
    for place in range(1, 20):
        ballot = ballot_of(there, ("RED", "GREEN", "BLUE")[place % 3], on=ballot)
    await store.ballots.create(ballot, there)

    assert await store.ballots.find(ballot.pk, ballot.sk, there) == ballot
    assert sum(ballot.picks.values()) == 20


async def test_a_recount_sees_every_ballot_of_its_round_once(store: Store) -> None:
    """Over all shards, and none of another round or poll."""
    there, later = a_round(), a_round(number=2)
    mine = [ballot_of(there, "RED", phone=phone) for phone in range(40)]
    other = [ballot_of(later, "RED", phone=phone) for phone in range(5)]
    for ballot in (*mine, *other):
        await store.ballots.create(ballot, there)

    found = list(store.recounts.ballots(there))

    assert sorted(b.sk for b in found) == sorted(b.sk for b in mine)
    assert len({b.pk for b in found}) > 1
