"""What operators do to polls, over a store in memory: two of them at once, too."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from services.adapters.poll_store import PollStore
from services.polls.entry import DirectoryEntry
from services.tools.replay.lifecycle.polls import SimulatedPolls
from services.voting import lifecycle
from services.voting.errors import PollChangedError, RoundFinalError
from services.voting.poll import Phase, Round, State
from tests.support.polls import NOON, a_poll

DAY_MS = 86_400_000


@dataclass(slots=True, kw_only=True)
class Contested(SimulatedPolls):
    """A store in which somebody else is faster: `meanwhile` runs between a read and its write."""

    meanwhile: Callable[[PollStore], object] | None = None

    def entry(self, poll_id: str) -> DirectoryEntry:
        """The entry as it was before somebody else changed it."""
        found = SimulatedPolls.entry(self, poll_id)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile(self)
        return found


def a_store(**changes: object) -> Contested:
    """With the poll colors, open in its first round."""
    store = Contested(clock=lambda: NOON)
    round = replace(Round(poll=a_poll(), began_at_ms=NOON - DAY_MS), **changes)  # type: ignore[arg-type]
    store.held["colors"] = DirectoryEntry(round=round, revision=1)
    return store


def always(_: Round) -> bool:
    """Every round has ballots."""
    return True


def never(_: Round) -> bool:
    """No round has a ballot."""
    return False


def test_two_desks_that_reset_at_once_start_one_round() -> None:
    """Both confirmed the start of round 2; the later one finds it and leaves it alone."""
    store = a_store()
    store.meanwhile = lambda others: others.reset("colors", 1, begun=always)
    before, after = store.reset("colors", 1, begun=always)

    assert (before.round.number, after.round.number) == (2, 2)
    assert [ended.number for ended in store.past_rounds("colors")] == [1]
    assert store.held["colors"].revision == 2


def test_a_reset_that_comes_late_opens_the_round_of_the_other_desk() -> None:
    """It was asked for an open round, and gets it; not a third one."""
    store = a_store(state=State.CLOSED, state_at_ms=NOON - DAY_MS)
    store.meanwhile = lambda others: others.reset("colors", 1, begun=always)
    _, after = store.reset("colors", 1, begun=always, opened=True)

    assert (after.round.number, after.round.phase_at(NOON)) == (2, Phase.OPEN)


def test_a_round_without_ballots_is_not_reset() -> None:
    """A second reset changes nothing; there is no empty round between two."""
    store = a_store()
    before, after = store.reset("colors", 1, begun=never)

    assert before == after
    assert (after.round.number, store.past_rounds("colors")) == (1, [])


@pytest.mark.parametrize(
    "final", [{"certified_at_ms": NOON - 5}, {"expires_from_ms": NOON - 5, "state": State.CLOSED}]
)
def test_a_final_round_is_reset_although_no_ballot_is_left(final: dict[str, object]) -> None:
    """It can take no text any more: without a reset nobody could ever vote again."""
    _, after = a_store(**final).reset("colors", 1, begun=never)

    assert (after.round.number, after.round.certified_at_ms) == (2, None)


def test_what_was_closed_is_closed_in_the_next_round_unless_it_is_to_be_opened() -> None:
    """The operator's word outlives the round."""
    shut = {"state": State.CLOSED, "state_at_ms": NOON - DAY_MS}
    phases = [
        a_store(**shut).reset("colors", 1, begun=always, opened=opened)[1].round.phase_at(NOON)
        for opened in (False, True)
    ]

    assert phases == [Phase.CLOSED, Phase.OPEN]


def test_a_change_is_decided_anew_over_what_somebody_else_has_written() -> None:
    """Nobody's word is lost: the archive stays, and the close finds nothing to do."""
    store = a_store()
    store.meanwhile = lambda others: others.change(
        "colors", lambda round: lifecycle.archived(round, NOON)
    )
    _, after = store.change("colors", lambda round: lifecycle.closed(round, NOON))

    assert after.round.state is State.ARCHIVED


def test_after_five_tries_an_operator_is_told_to_try_again() -> None:
    """Somebody else has been faster each time."""
    tries = []

    def faster(others: PollStore) -> None:
        entry = others.entries()[0]
        others.write(entry)

    store = a_store()

    def decide(round: Round) -> Round:
        tries.append(round.number)
        store.meanwhile = faster
        return lifecycle.closed(round, NOON)

    store.meanwhile = faster
    with pytest.raises(PollChangedError):
        store.change("colors", decide)

    assert len(tries) == 5


def test_a_poll_that_an_operator_opens_is_not_archived_with_its_file_any_more() -> None:
    """The mark that a deploy left is taken away: the operator's word is newer."""
    store = a_store(state=State.ARCHIVED, state_at_ms=NOON - DAY_MS)
    store.held["colors"] = replace(store.held["colors"], file_removed=True)
    _, after = store.change("colors", lambda round: lifecycle.opened(round, NOON))

    assert not after.file_removed


def test_a_certified_round_is_not_opened_again() -> None:
    """Its result is final."""
    store = a_store(certified_at_ms=NOON - 5, state=State.CLOSED, state_at_ms=NOON - DAY_MS)

    with pytest.raises(RoundFinalError):
        store.change("colors", lambda round: lifecycle.opened(round, NOON))


def test_a_change_that_changes_nothing_is_not_written() -> None:
    """Its time stays, so that a certificate under way is not refused for it."""
    store = a_store(state=State.CLOSED, state_at_ms=NOON - DAY_MS)
    before, after = store.change("colors", lambda round: lifecycle.closed(round, NOON))

    assert before == after
    assert store.held["colors"].revision == 1
