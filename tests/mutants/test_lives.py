"""The rules at the edges of time and of polls, each taken away: the simulator must notice.

Each test puts back a fault that the system once had, and runs lifecycles until one of them
ends in a violation. Without the fault the same lifecycles have none (`tests/proof`).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.adapters.dynamodb.ballot_items import item_of
from services.adapters.dynamodb.keys import key_of
from services.tools.replay.lifecycle import merging as merging_run
from services.tools.replay.lifecycle import operator, traffic
from services.tools.replay.lifecycle.boards import SimulatedBoards
from services.tools.replay.lifecycle.run import run_lifecycle
from services.tools.replay.lifecycle.store import DelayedWrite, SimulatedVotes
from services.voting import ballot, directory, intake, lifecycle, merging, schema
from services.voting.audit import Audit
from services.voting.ballot import Ballot
from services.voting.directory import Directory, TextMatch
from services.voting.identity import Pseudonyms
from services.voting.merging import BaseRow, MergePlan, plan_merge
from services.voting.message import ParsedText
from services.voting.poll import Round
from services.voting.redelivery import EarlierRounds, earlier_rounds
from services.voting.sharding import shard_of

FIRST = 500_000
RUNS = 1_500
SECONDS_PER_DAY = 86_400

Patch = pytest.MonkeyPatch


def violation(containing: str) -> str | None:
    """The first violation of that kind in the lifecycle runs, or None if all hold."""
    for number in range(FIRST, FIRST + RUNS):
        found = run_lifecycle(number).violation
        if found is not None and containing in found:
            return found
    return None


def an_expiry_that_runs_from_the_vote(patch: Patch) -> None:
    """A ballot expired so many days after its text, while its round could still take others."""

    def from_the_vote(round: Round, at_ms: int) -> int:
        return at_ms // 1000 + round.poll.retention_days * SECONDS_PER_DAY

    patch.setattr(ballot, "expiry_of", from_the_vote)
    patch.setattr("services.adapters.poll_store.with_expiry", lambda round, _: round)


def a_repair_that_ignores_expiry(patch: Patch) -> None:
    """What had expired was taken off the board."""
    patch.setattr(Audit, "ballot_problems", property(lambda _: ()))
    patch.setattr("services.tools.operations.audits.why_final", lambda *_: None)


def a_reset_that_looks_at_the_ballots_alone(patch: Patch) -> None:
    """A round whose ballots had expired was not reset."""
    patch.setattr(operator, "has_begun", lambda round, **p: p["recounts"].has_ballots(round))
    patch.setattr(Round, "is_final_at", lambda *_: False)


def a_change_that_looks_at_the_board_alone(patch: Patch) -> None:
    """A deploy moved the ballots' shards while their records waited to be folded."""

    def counted(round: Round, **ports: Any) -> bool:
        return bool(ports["tallies"].totals(round.board, round.number).voters)

    patch.setattr(operator, "has_begun", counted)


def a_change_under_a_first_vote_on_its_way(patch: Patch) -> None:
    """An open poll without a ballot got other shards."""
    patch.setattr("services.polls.plan.is_quiet", lambda *_: True)


def a_certificate_that_does_not_wait(patch: Patch) -> None:
    """A text that was accepted before the close became a ballot after the certificate."""
    patch.setattr("services.voting.audit.has_settled", lambda *_: True)


def a_certified_round_that_can_be_opened(patch: Patch) -> None:
    """A certified round accepted more texts."""
    patch.setattr(Round, "is_final_at", Round.is_expiring_at)
    patch.setattr(lifecycle, "why_final", lambda *_: None)
    patch.setattr("services.polls.plan.why_final", lambda *_: None)


def a_stream_taken_for_drained(patch: Patch) -> None:
    """A vote that was not folded yet was repaired, and then counted again."""
    patch.setattr(Audit, "drain_problems", property(lambda _: ()))


def keywords_before_whole_words(patch: Patch) -> None:
    """A word of an open poll went to a poll whose keyword it begins with."""
    words_first = Directory.match_text

    def keyword_first(
        self: Directory, number: str, text: ParsedText, now_ms: int, *more: Any
    ) -> TextMatch:
        for one in self.answering(number, now_ms):
            if text.after_keyword(one.poll.first_word):
                found = directory._by_keyword([one], text, None)
                assert found
                return found
        return words_first(self, number, text, now_ms, *more)

    patch.setattr(Directory, "match_text", keyword_first)
    patch.setattr("services.polls.definition.check_name_conflicts", lambda _: iter(()))


def a_text_looked_for_in_its_own_round_alone(patch: Patch) -> None:
    """Delivered again after a reset or a close, it counted in the next round, too."""
    patch.setattr(intake, "earlier_rounds", lambda *_: EarlierRounds())


def a_text_on_its_way_that_nobody_bars(patch: Patch) -> None:
    """Its first delivery landed in the old round after its second had counted in the new one."""

    def landed(*where: Any) -> EarlierRounds:
        return replace(earlier_rounds(*where), has_pending_writes=False)

    patch.setattr(intake, "earlier_rounds", landed)


def a_ballot_that_forgetting_deletes(patch: Patch) -> None:
    """A rewrite on its way brought the forgotten vote back."""

    def delete(self: Any, there: Round, phone: str, pseudonyms: Pseudonyms, _: int) -> int:
        voter = pseudonyms.voter(there.poll.id, there.number, phone)
        pk = schema.ballot_pk(there.poll.id, there.number, shard_of(voter, there.poll.shards))
        mine = [sk for sk in self.held.get(pk, {}) if sk.startswith(voter)]
        for sk in mine:
            body = {"Keys": key_of(pk, sk), "OldImage": item_of(self.held[pk].pop(sk))}
            self.stream.append("REMOVE", body)
        return len(mine)

    async def unchanged_by_texts(self: Any, after: Ballot, *, expected: int) -> bool:
        if self.is_delayed():
            await DelayedWrite()
        found = self.held.get(after.pk, {}).get(after.sk)
        if found is None or len(found.texts) != len(after.texts) - 1:
            return False
        self._store("MODIFY", found, after)
        return expected > 0

    patch.setattr(SimulatedVotes, "forget", delete)
    patch.setattr(SimulatedVotes, "replace", unchanged_by_texts)


def a_channel_that_is_another_voter(patch: Patch) -> None:
    """One person voted by text and by WhatsApp."""
    patch.setattr(traffic, "without_channel", lambda address: address)


def a_fold_that_takes_any_board(patch: Patch) -> None:
    """A record with an impossible board stopped its shard for good."""

    def any_place(board: str, number: str) -> tuple[str, int]:
        return board, int(number)

    patch.setattr("lambdas.aggregator.records._place", any_place)


def a_row_that_is_merged_while_its_shard_is_listed(patch: Patch) -> None:
    """Votes that came after a quiet day were counted in a row that nobody summed."""

    def nothing_is_live(rows: Any, base: BaseRow, **more: Any) -> MergePlan | None:
        return plan_merge(rows, base, **{**more, "live_shards": ()})

    patch.setattr(merging_run, "plan_merge", nothing_is_live)


def a_row_that_is_deleted_at_once(patch: Patch) -> None:
    """A reader that had read the base row before missed the row."""
    patch.setattr(merging, "PHASE_MS", 0)


def a_correction_that_is_merged(patch: Patch) -> None:
    """The next repair counted in a row that nobody summed."""
    patch.setattr(merging, "CORRECTION", ("no", "correction"))
    patch.setattr(merging, "IDLE_MS", -(10**15))


def a_reader_that_counts_merged_rows(patch: Patch) -> None:
    """Their votes were on the board twice."""
    patch.setattr(merging, "counted_rows", lambda rows, _: list(rows))


def a_merge_without_conditions(patch: Patch) -> None:
    """Of two runs at once, one undid what the other had done."""
    patch.setattr(SimulatedBoards, "is_as_read", lambda *_: True)


FAULTS: list[tuple[Callable[[Patch], None], str]] = [
    (an_expiry_that_runs_from_the_vote, "a phone holds"),
    (a_repair_that_ignores_expiry, "the board shows"),
    (a_reset_that_looks_at_the_ballots_alone, "reset of a round with votes did nothing"),
    (a_change_that_looks_at_the_board_alone, ""),
    (a_change_under_a_first_vote_on_its_way, ""),
    (a_certificate_that_does_not_wait, "after its certificate"),
    (a_certified_round_that_can_be_opened, "after its certificate"),
    (a_stream_taken_for_drained, ""),
    (keywords_before_whole_words, "alone, answered by"),
    (a_text_looked_for_in_its_own_round_alone, "counted in"),
    (a_text_on_its_way_that_nobody_bars, "counted in"),
    (a_ballot_that_forgetting_deletes, ""),
    (a_channel_that_is_another_voter, "a ballot held"),
    (a_fold_that_takes_any_board, "never folded"),
    (a_row_that_is_merged_while_its_shard_is_listed, ""),
    (a_row_that_is_deleted_at_once, "a reader sees another sum"),
    (a_correction_that_is_merged, ""),
    (a_reader_that_counts_merged_rows, "a reader sees another sum"),
    (a_merge_without_conditions, "a reader sees another sum"),
]


@pytest.mark.parametrize(("fault", "kind"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_the_simulator_notices(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[Patch], None], kind: str
) -> None:
    """An old fault, put back, ends in a violation."""
    fault(monkeypatch)

    assert violation(kind) is not None
