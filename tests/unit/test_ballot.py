"""The rules of a ballot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voting.ballot import Ballot, Decision, Outcome, OutcomeKind, cast, recorded_outcome
from services.voting.poll import Policy, Round
from tests.support.polls import NOON, a_round, a_sid, a_vote

CHOICES = ("RED", "GREEN", "BLUE")


def cast_all(round: Round, choices: list[str]) -> tuple[Ballot | None, list[Outcome]]:
    """Cast several votes of one phone, one after the other."""
    ballot: Ballot | None = None
    outcomes = []
    for choice in choices:
        decision = cast(round, ballot, a_vote(choice))
        ballot = decision.ballot or ballot
        outcomes.append(decision.outcome)
    return ballot, outcomes


@pytest.mark.parametrize(
    ("policy", "limit", "texts", "picks", "kinds"),
    [
        ("last", 1, ["RED"], {"RED": 1}, ["accepted"]),
        ("last", 1, ["RED", "BLUE"], {"BLUE": 1}, ["accepted", "changed"]),
        ("last", 1, ["RED", "RED"], {"RED": 1}, ["accepted", "same"]),
        ("last", 1, ["RED", "BLUE", "RED"], {"RED": 1}, ["accepted", "changed", "changed"]),
        ("last", 1, ["RED", "BLUE", "BLUE"], {"BLUE": 1}, ["accepted", "changed", "same"]),
        ("last", 1, ["RED", "RED", "BLUE"], {"BLUE": 1}, ["accepted", "same", "changed"]),
        ("last", 1, ["RED"] * 21, {"RED": 1}, ["accepted", *["same"] * 19, "limit"]),
        ("first", 1, ["RED", "BLUE"], {"RED": 1}, ["accepted", "stands"]),
        ("first", 1, ["RED"], {"RED": 1}, ["accepted"]),
        ("first", 1, ["RED", "RED"], {"RED": 1}, ["accepted", "stands"]),
        ("first", 1, ["RED", "BLUE", "GREEN"], {"RED": 1}, ["accepted", "stands", "stands"]),
        ("each", 2, ["RED", "BLUE"], {"RED": 1, "BLUE": 1}, ["accepted", "accepted"]),
        ("each", 2, ["RED", "RED", "RED"], {"RED": 2}, ["accepted", "accepted", "limit"]),
        ("each", 1, ["RED", "BLUE"], {"RED": 1}, ["accepted", "limit"]),
        ("each", 3, ["RED", "BLUE", "RED"], {"RED": 2, "BLUE": 1}, ["accepted"] * 3),
        ("each", 20, ["RED"] * 21, {"RED": 20}, [*["accepted"] * 20, "limit"]),
    ],
)
def test_a_policy_decides_what_texts_become(
    policy: str, limit: int, texts: list[str], picks: dict[str, int], kinds: list[str]
) -> None:
    """Every transition of the policies with one ballot a phone."""
    ballot, outcomes = cast_all(a_round(policy=Policy(policy), limit=limit), texts)

    assert ballot is not None
    assert dict(ballot.picks) == picks
    assert [outcome.kind for outcome in outcomes] == kinds


def test_with_no_limit_every_text_is_a_ballot_of_its_own() -> None:
    """The MessageSid is part of the key, as in the 2015 VoteApp."""
    round = a_round(policy=Policy.UNLIMITED)
    first, second = (cast(round, None, a_vote("RED")).ballot for _ in range(2))

    assert first
    assert second
    assert first.pk == second.pk
    assert first.sk != second.sk
    assert first.picks == second.picks == {"RED": 1}


@pytest.mark.parametrize(
    ("policy", "limit", "again"),
    [
        (policy, limit, again)
        for policy, limit, texts in (("last", 1, 3), ("first", 1, 1), ("each", 3, 3))
        for again in range(texts)
    ],
)
def test_a_redelivery_of_any_text_has_its_first_outcome(
    policy: str, limit: int, again: int
) -> None:
    """Checked for every text of the ballot and every policy with several texts."""
    round = a_round(policy=Policy(policy), limit=limit)
    votes = [a_vote(choice) for choice in ("RED", "BLUE", "BLUE")]
    ballot: Ballot | None = None
    outcomes = []
    for vote in votes:
        decision = cast(round, ballot, vote)
        ballot = decision.ballot or ballot
        outcomes.append(decision.outcome)

    assert cast(round, ballot, votes[again]) == Decision(outcome=outcomes[again])


def test_with_no_limit_a_redelivery_finds_its_own_ballot() -> None:
    """It is accepted as before, without another vote."""
    round = a_round(policy=Policy.UNLIMITED)
    vote = a_vote("RED")
    ballot = cast(round, None, vote).ballot

    assert cast(round, ballot, vote) == Decision(
        outcome=Outcome(kind=OutcomeKind.ACCEPTED, choice="RED", at_ms=NOON)
    )


def test_a_phone_may_change_its_mind_nineteen_times() -> None:
    """A ballot stores twenty MessageSids; further texts are refused, and the last vote remains."""
    ballot, outcomes = cast_all(a_round(), [CHOICES[n % 3] for n in range(21)])

    assert ballot is not None
    assert len(ballot.texts) == 20
    assert outcomes[20] == Outcome(kind=OutcomeKind.LIMIT, previous=CHOICES[19 % 3], left=0)
    assert ballot.picks == {CHOICES[19 % 3]: 1}


def test_a_change_says_from_what_to_what() -> None:
    """The outcome carries both choices."""
    _, outcomes = cast_all(a_round(), ["RED", "BLUE"])

    assert outcomes[1] == Outcome(
        kind=OutcomeKind.CHANGED, choice="BLUE", previous="RED", at_ms=NOON
    )


def test_votes_left_are_told() -> None:
    """Three allowed: two, one, none left."""
    _, outcomes = cast_all(a_round(policy=Policy.EACH, limit=3), ["RED"] * 3)

    assert [outcome.left for outcome in outcomes] == [2, 1, 0]


def test_a_text_of_several_is_told_its_choice_its_time_and_what_is_left_again() -> None:
    """The ballot stores when each of them came."""
    round = a_round(policy=Policy.EACH, limit=3)
    red = a_vote("RED")
    first = cast(round, None, red).ballot
    blue = a_vote("BLUE", at_ms=NOON + 5_000)
    second = cast(round, first, blue)

    assert second.outcome == Outcome(
        kind=OutcomeKind.ACCEPTED, choice="BLUE", left=1, at_ms=NOON + 5_000
    )
    assert recorded_outcome(round, second.ballot, red.sid) == Outcome(
        kind=OutcomeKind.ACCEPTED, choice="RED", left=2, at_ms=NOON
    )


def test_a_ballot_keeps_its_first_time_and_tells_its_last() -> None:
    """`cast_at_ms` stays, `changed_at_ms` is updated."""
    round = a_round()
    first = cast(round, None, a_vote("RED", at_ms=NOON)).ballot
    second = cast(round, first, a_vote("BLUE", at_ms=NOON + 5_000)).ballot

    assert second
    assert (second.cast_at_ms, second.changed_at_ms) == (NOON, NOON + 5_000)


@given(st.lists(st.sampled_from(CHOICES), min_size=1, max_size=20))
def test_every_write_of_a_ballot_adds_one_to_its_writes(choices: list[str]) -> None:
    """`writes` is the version of the optimistic lock, and proves that the stream is drained."""
    ballot, _ = cast_all(a_round(), choices)

    assert ballot is not None
    assert ballot.writes == len(choices)


def test_a_text_that_changes_nothing_writes_nothing() -> None:
    """Refused and redelivered texts cause no write and no stream record."""
    round = a_round(policy=Policy.FIRST)
    vote = a_vote("RED")
    ballot = cast(round, None, vote).ballot

    assert cast(round, ballot, vote).ballot is None
    assert cast(round, ballot, a_vote("BLUE")).ballot is None


POLICIES = st.sampled_from(
    [(Policy.LAST, 1), (Policy.FIRST, 1), (Policy.EACH, 3), (Policy.EACH, 20)]
)


@given(POLICIES, st.lists(st.sampled_from(CHOICES), min_size=1, max_size=25), st.data())
def test_a_redelivered_text_changes_nothing_and_has_its_first_outcome(
    policy: tuple[Policy, int], choices: list[str], data: st.DataObject
) -> None:
    """Regardless of later texts and of the number of redeliveries."""
    round = a_round(policy=policy[0], limit=policy[1])
    ballot: Ballot | None = None
    outcomes: dict[str, Outcome] = {}
    for choice in choices:
        vote = a_vote(choice)
        decision = cast(round, ballot, vote)
        if decision.ballot is not None:
            ballot, outcomes[vote.sid] = decision.ballot, decision.outcome
    sid = data.draw(st.sampled_from(sorted(outcomes)))

    again = cast(round, ballot, a_vote("BLUE", sid=sid))

    assert again == Decision(outcome=outcomes[sid])
    assert recorded_outcome(round, ballot, sid) == outcomes[sid]
    assert recorded_outcome(round, ballot, a_sid()) is None


@given(POLICIES, st.lists(st.sampled_from(CHOICES), min_size=1, max_size=25))
def test_picks_follow_from_the_texts_that_were_accepted(
    policy: tuple[Policy, int], choices: list[str]
) -> None:
    """The votes of a ballot are those of its texts under the policy."""
    round = a_round(policy=policy[0], limit=policy[1])
    ballot, _ = cast_all(round, choices)

    assert ballot is not None
    choices_in_order = [text.choice for text in ballot.texts]
    counted = choices_in_order if policy[0] is Policy.EACH else choices_in_order[-1:]
    assert ballot.picks == {choice: counted.count(choice) for choice in counted}
