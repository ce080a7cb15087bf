"""Replays one batch of the fallback queue; says which items go back to it, and for how long."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.adapters import log
from services.adapters.secrets import Secrets, UnusableSecretError
from services.adapters.ttl_cache import Cached
from services.adapters.twilio.forms import MalformedFormError
from services.late.backoff import UNEXPECTED_SECONDS, delay_seconds
from services.late.late_texts import LateTexts, WasListed
from services.late.queue_items import QueueItem, UnreadableItemError, read_item
from services.late.replay import Replayer, ReplayOutcome
from services.voting.errors import StoreUnavailableError
from services.voting.history import History
from services.voting.identity import Pseudonyms
from services.voting.message import Message
from services.voting.placement import LatePlacements
from services.voting.ports import Ballots, Clock

LOAD_SECONDS: Final = 15
"""Time for reading the secret, and for reading the history."""

REPLAY_SECONDS: Final = 20
"""Time for the texts of a batch. With both loads, less than the function's timeout."""

MIN_RELOAD_SECONDS: Final = 5
"""After a wrong signature the secrets are read again if they are older than this."""

_UNAVAILABLE = (StoreUnavailableError, UnusableSecretError, TimeoutError)


class TokenNotSetError(StoreUnavailableError):
    """Twilio's auth token is not set, so nobody can tell whether an item is forged."""

    def __init__(self) -> None:
        super().__init__("verifying a signature without Twilio's auth token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The parts that the replayer is built from.

    `load_history` blocks. `delay` hides an item of the queue (its receipt) for so many seconds.
    """

    secrets: Cached[Secrets]
    load_history: Callable[[], History]
    ballots: Ballots
    was_listed: WasListed
    delay: Callable[[str, int], None]
    clock: Clock
    fallback_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An item as SQS delivered it."""

    id: str
    receipt: str
    body: str
    receives: int
    sent_ms: int

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Received":
        """Read a record of the event; Lambda, "Example Amazon SQS message event"."""
        attributes = record["attributes"]
        return cls(
            id=record["messageId"],
            receipt=record["receiptHandle"],
            body=record["body"],
            receives=int(attributes["ApproximateReceiveCount"]),
            sent_ms=int(attributes["SentTimestamp"]),
        )


class Batch:
    """One batch. Items that fail go back to the queue; all others are deleted from it."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._pending: list[Received] = []
        """Items that go back if the secret or the history cannot be read."""
        self._failed: list[str] = []
        """Ids of the items that go back."""

    async def replay(self, records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Replay all items; return the partial batch response for Lambda."""
        read = [(one, item) for one in map(Received.of, records) if (item := self._read(one))]
        self._pending = [one for one, _ in read]
        try:
            await self._replay(read)
        except Exception as error:  # noqa: BLE001 - the items must go back with their delay
            await asyncio.gather(*(self._put_back(one, error) for one in self._pending))
        return {"batchItemFailures": [{"itemIdentifier": one} for one in self._failed]}

    async def _replay(self, read: Sequence[tuple[Received, QueueItem]]) -> None:
        if not read:
            return
        async with asyncio.timeout(LOAD_SECONDS):
            signed, secrets = await self._verify(read)
        texts = [(one, item, text) for one, item in signed if (text := self._text(one, item))]
        self._pending = [one for one, _, _ in texts]
        if not texts:
            return
        async with asyncio.timeout(LOAD_SECONDS):
            history = await asyncio.to_thread(self._deps.load_history)
        replayer = self._replayer(history, secrets)
        await asyncio.gather(*(self._replay_text(*each, replayer) for each in texts))

    def _read(self, one: Received) -> QueueItem | None:
        url = self._deps.fallback_url
        try:
            return read_item(one.body, sent_ms=one.sent_ms, fallback_url=url)
        except UnreadableItemError as error:
            log.event("replay.forged", reason=error.reason)
            return None

    async def _verify(
        self, read: Sequence[tuple[Received, QueueItem]]
    ) -> tuple[list[tuple[Received, QueueItem]], Secrets]:
        """Return the signed items; drop the others once the newest secret says so, too."""
        secrets = await self._deps.secrets.current()
        if not all(item.form.is_signed(secrets.twilio_auth_token) for _, item in read):
            secrets = await self._deps.secrets.current(max_age_seconds=MIN_RELOAD_SECONDS)
        if not secrets.are_set:
            raise TokenNotSetError
        signed = [one for one in read if one[1].form.is_signed(secrets.twilio_auth_token)]
        for _ in range(len(read) - len(signed)):
            log.event("replay.forged", reason="signature")
        return signed, secrets

    def _text(self, one: Received, item: QueueItem) -> Message | None:
        try:
            return item.form.message()
        except MalformedFormError as error:
            self._log(one, item, outcome=ReplayOutcome.REFUSED, reason="malformed")
            log.event("replay.malformed", reason=error.reason)
            return None

    async def _replay_text(
        self, one: Received, item: QueueItem, text: Message, replayer: Replayer
    ) -> None:
        try:
            async with asyncio.timeout(REPLAY_SECONDS):
                done = await replayer.replay(text, item.at_ms)
        except Exception as error:  # noqa: BLE001 - the other items of the batch are replayed
            await self._put_back(one, error)
            return
        self._log(one, item, outcome=done.outcome, reason=done.reason, poll=done.poll_id)
        if done.ready_at_ms is not None:
            wait_ms = max(0, done.ready_at_ms - self._deps.clock())
            await self._delay(one, wait_ms // 1000 + 1)

    async def _put_back(self, one: Received, error: Exception) -> None:
        if isinstance(error, _UNAVAILABLE):
            seconds, name = delay_seconds(one.receives), "replay.unavailable"
        else:
            seconds, name = UNEXPECTED_SECONDS, "replay.failed"
        log.event(name, error=type(error).__name__, receives=one.receives, seconds=seconds)
        await self._delay(one, seconds)

    async def _delay(self, one: Received, seconds: int) -> None:
        """Let the item come back later; without that it does after the visibility timeout."""
        self._failed.append(one.id)
        try:
            await asyncio.to_thread(self._deps.delay, one.receipt, seconds)
        except Exception as error:  # noqa: BLE001 - it comes back anyhow
            log.event("replay.delay_failed", error=type(error).__name__)

    def _log(
        self,
        one: Received,
        item: QueueItem,
        *,
        outcome: ReplayOutcome,
        reason: str | None,
        poll: str | None = None,
    ) -> None:
        age_ms = self._deps.clock() - item.at_ms
        log.event(
            "replay.text",
            outcome=outcome,
            reason=reason,
            poll=poll,
            age_ms=age_ms,
            receives=one.receives,
        )

    def _replayer(self, history: History, secrets: Secrets) -> Replayer:
        return Replayer(
            late=LateTexts(
                ballots=self._deps.ballots,
                clock=self._deps.clock,
                pseudonyms=Pseudonyms(secrets.voter_pepper),
                was_listed=self._deps.was_listed,
            ),
            placements=LatePlacements(history),
        )
