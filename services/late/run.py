"""Reconciles rounds of a deployment: for `voteapp reconcile`, and on a schedule."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.adapters.clock import now_ms
from services.adapters.dynamodb.allow_lists import DynamoAllowLists
from services.adapters.dynamodb.ballots import DynamoBallots
from services.adapters.dynamodb.directory_reader import DirectoryReader
from services.adapters.dynamodb.ongoing import OngoingReconciliations
from services.adapters.dynamodb.operators_log import DynamoOperatorsLog
from services.adapters.dynamodb.recounts import DynamoRecounts
from services.adapters.dynamodb.threaded_client import ThreadedClient
from services.adapters.fuzzy_match import one_edit_away
from services.adapters.twilio.message_log import Listing, LoggedText, MessageLog
from services.adapters.twilio.numbers import TwilioNumbers
from services.late.late_texts import LateTexts
from services.late.permit import Permit
from services.late.reconciliation import Reconciler
from services.late.report import Report
from services.late.scope import Scope, scope_of
from services.voting.history import history_of
from services.voting.identity import Pseudonyms
from services.voting.placement import LatePlacements
from services.voting.poll import Round
from services.voting.probe_names import is_probe

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REQUEST_SECONDS: Final = 60
"""Time for one read or write, with retries; there is more of it than in a webhook."""


def ignore_texts(texts: int) -> None:
    """Do nothing; the default callback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliations:
    """The rounds of a deployment, and the account at Twilio whose log has their texts."""

    numbers: TwilioNumbers
    client: "DynamoDBClient"
    votes_table: str
    polls_table: str
    voter_pepper: bytes

    def rounds(self) -> Mapping[str, list[Round]]:
        """Read the rounds of every readable poll, the current one last.

        Polls of checks are left out: Twilio knows nothing of their numbers.
        """
        reader = DirectoryReader(client=self.client, table=self.polls_table)
        rounds = (entry.round for entry in reader.entries())
        current = [round for round in rounds if not is_probe(round.poll.id)]
        return {one.poll.id: [*reader.past_rounds(one.poll.id), one] for one in current}

    def run(
        self,
        round: Round,
        *,
        writes: bool = True,
        since_ms: int | None = None,
        on_texts: Callable[[int], None] = ignore_texts,
    ) -> Report:
        """Reconcile a round with the log of the account.

        `since_ms`: see `services.voting.history.history_of`. `on_texts` is called with the number
        of texts that were listed since the last call.

        Raises:
            TwilioError: the credentials, a number or a call; nothing was changed.
            NotBalancedError: the report does not add up.
            StoreUnavailableError: run it again.
        """
        scope = scope_of(round, self.rounds(), since_ms)
        for number in scope.numbers:
            self.numbers.find(number)
        permit = self._permit(round)
        reconciler = self._reconciler(scope, writes=writes, since_ms=since_ms, permit=permit)
        texts = self._listed(scope, on_texts)
        report = asyncio.run(reconciler.run(round, texts, now_ms=now_ms()))
        permit.end()  # not after an error: a write may still be in flight
        return report

    def _permit(self, round: Round) -> Permit:
        def is_certified() -> bool:
            now = {one.id: one for one in self.rounds()[round.poll.id]}
            return now[round.id].certified_at_ms is not None

        return Permit(
            announcements=OngoingReconciliations(client=self.client, table=self.polls_table),
            round=round,
            clock=now_ms,
            is_certified=is_certified,
        )

    def _reconciler(
        self, scope: Scope, *, writes: bool, since_ms: int | None, permit: Permit
    ) -> Reconciler:
        client = ThreadedClient(self.client, REQUEST_SECONDS)
        changes = DynamoOperatorsLog(self.client, self.polls_table).changes()
        return Reconciler(
            late=LateTexts(
                ballots=DynamoBallots(client, self.votes_table),
                clock=now_ms,
                pseudonyms=Pseudonyms(self.voter_pepper),
                was_listed=DynamoAllowLists(client, self.polls_table).was_listed,
            ),
            placements=LatePlacements(history_of(changes, since_ms=since_ms), one_edit_away),
            ballots=DynamoRecounts(self.client, self.votes_table).ballots,
            rounds=scope.rounds,
            writes=writes,
            may_write=permit.is_given,
        )

    def _listed(self, scope: Scope, on_texts: Callable[[int], None]) -> Iterator[LoggedText]:
        """The texts to the numbers of a round, newest first for each number."""
        for number in scope.numbers or (None,):
            read = 0

            def show(listing: Listing) -> None:
                nonlocal read
                on_texts(listing.texts - read)
                read = listing.texts

            yield from MessageLog(self.numbers.client, show).received(number, scope.since_ms)
