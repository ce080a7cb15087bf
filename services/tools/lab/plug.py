"""What becomes of the texts that meet the pulled plug, text by text.

A text takes part if it was sent while the plug was pulled, or if an attempt to deliver it failed
then. The figures begin anew when the plug is pulled after all of these have arrived.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from services.adapters.dynamodb.keys import key_of, pk_of, sk_of
from services.adapters.secrets import SecretStore
from services.tools.local.aws import LocalAws
from services.tools.local.deployment import Outputs
from services.tools.phones.sms import SimulatedText
from services.voting.identity import Pseudonyms
from services.voting.poll import Round

MAX_KEYS: Final = 100
"""Keys in one BatchGetItem, at most."""


StoredBallots = Callable[[Sequence[tuple[Round, SimulatedText]]], list[bool]]
"""Tells for each text whether its ballot is in the store."""


class PlugFate(StrEnum):
    """Where a text ended, or where it is."""

    WEBHOOK = "by_webhook"
    """Counted by the webhook, at an attempt after the plug was put back."""
    QUEUED = "queued"
    """Taken by the fallback, and in no ballot yet."""
    FALLBACK = "by_fallback"
    """Counted from the fallback's queue: its ballot was read from the store."""
    LOST = "lost"
    """Given up by Twilio: neither the webhook nor the fallback took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlugFigures:
    """Numbers of texts; `sent` is the sum of all others."""

    sent: int = 0
    waiting: int = 0
    """Texts that are being delivered: Twilio tries again."""
    by_webhook: int = 0
    queued: int = 0
    by_fallback: int = 0
    lost: int = 0


class Plug:
    """The plug of the lab's store. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self.is_pulled = False
        self._sent = 0
        self._fates: Counter[PlugFate] = Counter()
        self._queued: deque[tuple[Round, SimulatedText]] = deque()
        self._lock = threading.Lock()

    def pull(self) -> None:
        """Cut the store from the webhook."""
        figures = self.figures()
        with self._lock:
            if not self.is_pulled and not figures.waiting and not figures.queued:
                self._sent, self._fates = 0, Counter()
            self.is_pulled = True

    def put_back(self) -> None:
        """Connect the store again."""
        self.is_pulled = False

    def take_part(self) -> None:
        """Count a text that takes part from now on."""
        with self._lock:
            self._sent += 1

    def end(self, fate: PlugFate, text: SimulatedText, round: Round) -> None:
        """Count where the delivery of a text that takes part ended."""
        with self._lock:
            self._fates[fate] += 1
            if fate is PlugFate.QUEUED:
                self._queued.append((round, text))

    def figures(self) -> PlugFigures:
        """Return the numbers as they are now."""
        with self._lock:
            ended = {fate.value: self._fates[fate] for fate in PlugFate}
            return PlugFigures(sent=self._sent, waiting=self._sent - sum(ended.values()), **ended)

    def look(self, stored: StoredBallots) -> None:
        """Look for the ballots of the next queued texts, at most `MAX_KEYS`, in turn."""
        with self._lock:
            texts = [self._queued.popleft() for _ in range(min(MAX_KEYS, len(self._queued)))]
        found = [False] * len(texts)
        try:
            found = stored(texts) if texts else []
        finally:
            with self._lock:
                missing = [
                    text for text, is_there in zip(texts, found, strict=True) if not is_there
                ]
                self._queued.extend(missing)
                counted = len(texts) - len(missing)
                self._fates[PlugFate.FALLBACK] += counted
                self._fates[PlugFate.QUEUED] -= counted


def ballot_reader(aws: LocalAws, outputs: Outputs) -> StoredBallots:
    """Return a reader of the deployed store itself, which has no plug."""
    secrets = SecretStore(aws.client("secretsmanager"), outputs.secret_arn).read()
    pseudonyms = Pseudonyms(secrets.voter_pepper)
    return partial(stored_ballots, aws.client("dynamodb"), outputs.votes_table, pseudonyms)


def stored_ballots(
    dynamodb: Any,  # noqa: ANN401 - a boto3 client
    table: str,
    pseudonyms: Pseudonyms,
    texts: Sequence[tuple[Round, SimulatedText]],
) -> list[bool]:
    """Tell for each text whether its ballot is in the table; a ballot of the lab has one text."""
    keys = [
        round.ballot_key(pseudonyms.voter(round.poll.id, round.number, text.sender), text.sid)
        for round, text in texts
    ]
    request = {"Keys": [key_of(*key) for key in keys], "ConsistentRead": True}
    answer: Mapping[str, Any] = dynamodb.batch_get_item(RequestItems={table: request})
    found = {(pk_of(item), sk_of(item)) for item in answer["Responses"].get(table, [])}
    return [key in found for key in keys]
