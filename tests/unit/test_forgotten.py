"""A forgotten vote stays forgotten, and a later text of the phone is a new vote."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.adapters.dynamodb.ballot_items import ballot_of, item_bytes, item_of
from services.voting import lifecycle
from services.voting.ballot import (
    Ballot,
    Decision,
    Outcome,
    OutcomeKind,
    Vote,
    cast,
    recorded_outcome,
    sid_fingerprint,
)
from services.voting.barring import bar_text, forget_votes
from services.voting.poll import Policy, Round
from tests.support.intake_harness import IntakeHarness
from tests.support.polls import NOON, a_round, a_sid, a_text, a_vote

SILENT = Decision(outcome=Outcome(kind=OutcomeKind.BARRED))
POLICIES = [(Policy.LAST, 1), (Policy.FIRST, 1), (Policy.EACH, 3), (Policy.UNLIMITED, 1)]


def after(round: Round, votes: list[Vote]) -> Ballot:
    """The ballot after these votes."""
    ballot: Ballot | None = None
    for vote in votes:
        ballot = cast(round, ballot, vote).ballot or ballot
    assert ballot is not None
    return ballot


def test_forgetting_empties_a_ballot_and_keeps_what_later_writes_build_on() -> None:
    """Key, board, expiry and `writes` stay, `forgotten_at_ms` is added, and the votes are removed."""
    round = a_round(policy=Policy.EACH, limit=3, closes_at_ms=NOON)
    before = after(round, [a_vote("RED"), a_vote("BLUE")])
    empty = forget_votes(before, NOON + 7)

    assert (empty.picks, empty.texts, empty.times) == ({}, (), ())
    assert (empty.cast_at_ms, empty.changed_at_ms) == (0, 0)
    assert (empty.writes, empty.forgotten_at_ms) == (3, NOON + 7)
    assert (empty.pk, empty.sk, empty.board, empty.expires_at_s) == (
        before.pk, before.sk, before.board, before.expires_at_s,
    )  # fmt: skip


def test_a_new_vote_keeps_when_the_ones_before_it_were_forgotten() -> None:
    """A text that Twilio received before that time must not be inserted later."""
    round = a_round()
    empty = forget_votes(after(round, [a_vote("RED")]), NOON + 7)
    again = cast(round, empty, a_vote("BLUE", at_ms=NOON + 9)).ballot

    assert again
    assert (again.forgotten, again.forgotten_at_ms) == (empty.forgotten, NOON + 7)


def test_texts_of_a_ballot_without_times_came_with_its_first_one() -> None:
    """Such a ballot is of an earlier version; the next text is stored with its time."""
    round = a_round()
    older = replace(after(round, [a_vote("RED"), a_vote("GREEN")]), times=())
    again = cast(round, older, a_vote("BLUE", at_ms=NOON + 9_000)).ballot

    assert again
    assert again.times == (0, 0, 9)


def test_an_emptied_ballot_holds_no_message_sid() -> None:
    """It stores only a fingerprint of four characters for each text."""
    vote = a_vote("RED")
    round = a_round()
    item = item_of(forget_votes(after(round, [vote]), NOON))

    assert vote.sid not in str(item)
    assert item["forgotten"] == {"S": sid_fingerprint(vote.sid)}
    assert len(sid_fingerprint(vote.sid)) == 4
    assert ballot_of(item) == forget_votes(after(round, [vote]), NOON)


@pytest.mark.parametrize(("policy", "limit"), POLICIES)
def test_a_forgotten_text_that_comes_again_changes_nothing(policy: Policy, limit: int) -> None:
    """There is no reply either."""
    round, vote = a_round(policy=policy, limit=limit), a_vote("RED")
    empty = forget_votes(after(round, [vote]), NOON)

    assert cast(round, empty, vote) == SILENT
    assert recorded_outcome(round, empty, vote.sid) == SILENT.outcome


@pytest.mark.parametrize(("policy", "limit"), POLICIES[:3])
def test_a_later_text_is_a_new_vote_as_if_the_phone_had_never_voted(
    policy: Policy, limit: int
) -> None:
    """It is neither a change nor refused, and the whole limit is available."""
    round = a_round(policy=policy, limit=limit)
    empty = forget_votes(after(round, [a_vote("RED"), a_vote("BLUE")]), NOON)
    later = a_vote("GREEN", at_ms=NOON + 99)
    decision, fresh = cast(round, empty, later), cast(round, None, later)

    assert decision.outcome == fresh.outcome
    assert decision.outcome.kind is OutcomeKind.ACCEPTED
    assert decision.ballot
    assert fresh.ballot
    assert decision.ballot.picks == fresh.ballot.picks == {"GREEN": 1}
    assert decision.ballot.texts == fresh.ballot.texts
    assert decision.ballot.cast_at_ms == NOON + 99
    assert decision.ballot.writes == empty.writes + 1


def test_a_text_forgotten_before_a_new_vote_is_still_known() -> None:
    """The fingerprints stay in the ballot when votes are forgotten again."""
    round = a_round()
    first, second, third = (a_vote(choice) for choice in ("RED", "GREEN", "BLUE"))
    once = forget_votes(after(round, [first]), NOON)
    voted = cast(round, once, second).ballot
    assert voted
    twice = forget_votes(voted, NOON + 1)
    ballot = cast(round, twice, third).ballot

    assert cast(round, voted, first) == cast(round, ballot, first) == SILENT
    assert cast(round, ballot, second) == SILENT
    assert cast(round, ballot, third).outcome.kind is OutcomeKind.ACCEPTED


@pytest.mark.parametrize(("policy", "limit"), POLICIES)
async def test_a_forgotten_text_delivered_again_gets_no_reply(policy: Policy, limit: int) -> None:
    """In the same round, and also after a reset."""
    harness = IntakeHarness([replace(a_round(policy=policy, limit=limit), began_at_ms=NOON - 1)])
    text = a_text("red")
    await harness.take(text)
    ((key, ballot),) = harness.ballots.held.items()
    harness.ballots.held[key] = forget_votes(ballot, NOON)
    again = await harness.take(text)
    harness.rounds = [lifecycle.next_round(harness.rounds[0], NOON)]
    after_reset = await harness.take(text)
    later = await harness.say("blue")

    assert (again.outcome.kind, again.reply) == (OutcomeKind.BARRED, None)
    assert (after_reset.outcome.kind, after_reset.reply) == (OutcomeKind.BARRED, None)
    assert later.outcome.kind is OutcomeKind.ACCEPTED
    assert harness.counted(text.sid) == 0


def test_a_barred_ballot_refuses_its_text_and_takes_any_other() -> None:
    """It has the key of a first vote, so a write in flight finds it."""
    round, vote = a_round(), a_vote("RED")
    empty = bar_text(round, None, vote)
    taken = cast(round, empty, a_vote("BLUE"))

    assert (empty.pk, empty.sk) == round.ballot_key(vote.voter, vote.sid)
    assert (empty.writes, empty.picks) == (1, {})
    assert cast(round, empty, vote) == SILENT
    assert bar_text(round, empty, vote) is empty
    assert recorded_outcome(round, empty, vote.sid) is None
    assert taken.outcome.kind is OutcomeKind.ACCEPTED
    assert taken.ballot
    assert taken.ballot.writes == 2
    assert cast(round, taken.ballot, vote) == SILENT


def test_what_an_item_remembers_comes_back_whole() -> None:
    """Texts, both kinds of fingerprints, and the time survive a round trip."""
    round = a_round(policy=Policy.EACH, limit=20)
    ballot = forget_votes(after(round, [a_vote("RED") for _ in range(3)]), NOON)
    for choice in ("RED", "BLUE"):
        ballot = bar_text(round, ballot, a_vote(choice))
        ballot = cast(round, ballot, a_vote(choice)).ballot or ballot

    assert (len(ballot.forgotten), len(ballot.barred), len(ballot.texts)) == (3, 2, 2)
    assert ballot_of(item_of(ballot)) == ballot
    assert item_bytes(item_of(ballot)) < 1024


ACTIONS = st.lists(st.sampled_from(["RED", "BLUE", "again", "forget", "bar"]), max_size=40)


@given(st.sampled_from(POLICIES[:3]), ACTIONS, st.integers(0, 10**6))
def test_whatever_happens_to_a_ballot_it_counts_what_was_accepted_and_not_forgotten(
    policy: tuple[Policy, int], actions: list[str], seed: int
) -> None:
    """Compared with a plain list of the texts that were accepted since votes were last forgotten."""
    draw = random.Random(seed)  # noqa: S311 - a repeatable choice
    round, ballot, writes = a_round(policy=policy[0], limit=policy[1]), None, 0
    accepted: list[Vote] = []
    counted_votes: list[Vote] = []
    for action in actions:
        before: Ballot | None = ballot
        if action == "forget" and ballot is not None:
            ballot, counted_votes = forget_votes(ballot, NOON), []
        elif action == "bar":
            ballot = bar_text(round, ballot, a_vote("RED", sid=a_sid()))
        elif action == "again" and accepted:
            assert cast(round, ballot, draw.choice(accepted[-20:])).ballot is None
        elif action in {"RED", "BLUE"}:
            vote = a_vote(action)
            ballot = cast(round, before, vote).ballot or ballot
            if ballot is not before:
                counted_votes = [*counted_votes, vote]
                accepted.append(vote)
        writes += ballot is not before
    counted = [vote.choice for vote in counted_votes]
    counted = counted if policy[0] is Policy.EACH else counted[-1:]

    assert (ballot.writes if ballot else 0) == writes
    assert [text.sid for text in ballot.texts] == [v.sid for v in counted_votes] if ballot else True
    assert dict(ballot.picks if ballot else {}) == {c: counted.count(c) for c in counted}
