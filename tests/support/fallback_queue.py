"""The fallback's queue in tests: items as API Gateway writes them, and batches of them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from lambdas.replayer.batch import Batch, Dependencies
from services.adapters.memory import MemoryBallots
from services.adapters.secrets import Secrets
from services.adapters.ttl_cache import Cached
from services.voting.errors import StoreUnavailableError
from services.voting.history import History, RoundChange
from services.voting.poll import Round
from tests.support.polls import NOON, NUMBER, PEPPER, a_phone
from tests.support.webhook import TOKEN, signature_of

Delay = Callable[[str, int], None]
FALLBACK_URL = "https://fallback.example.com/fallback/sms"


def an_item(fields: Mapping[str, str], *, url: str = FALLBACK_URL, **changes: Any) -> str:
    """An item of a signed form that arrived at noon; with other values, or without if None."""
    signature = changes.pop("signature", None) or signature_of(fields, url)
    item = {
        "body": quote_plus(urlencode(fields)),
        "signature": quote_plus(signature),
        "host": url.split("/")[2],
        "path": url.removeprefix("https://").partition("/")[1] + url.split("/", 3)[3],
        "at_ms": str(NOON),
    } | changes
    return json.dumps({name: value for name, value in item.items() if value is not None})


def a_form(body: str, sid: str, *, phone: int = 0, **changes: str) -> dict[str, str]:
    """The form of a text of a phone, as Twilio posts it to a fallback URL."""
    return {
        "MessageSid": sid, "From": a_phone(phone), "To": NUMBER, "Body": body,
        "ErrorCode": "11205", "ErrorUrl": "https://votes.example.com/sms",
    } | changes  # fmt: skip


@dataclass
class FallbackQueue:
    """A queue whose items are replayed one batch at a time, at a time that the test sets."""

    changes: list[RoundChange]
    ballots: MemoryBallots = field(default_factory=MemoryBallots)
    now_ms: int = NOON
    token: str = TOKEN
    listed: set[tuple[str, int]] = field(default_factory=set)
    """Ids on the allow lists, each from a time on."""
    is_history_down: bool = False
    items: dict[str, str] = field(default_factory=dict)
    receives: dict[str, int] = field(default_factory=dict)
    delays: dict[str, int] = field(default_factory=dict)
    """Seconds for which the last batch hid its items."""

    @classmethod
    def of(cls, *rounds: Round, **changes: Any) -> "FallbackQueue":
        """A queue whose polls have had these rounds, each since it began."""
        logged = [RoundChange(at_ms=one.began_at_ms, round=one) for one in rounds]
        return cls(changes=logged, **changes)

    def put(self, item: str, name: str = "") -> str:
        """Put an item into the queue; its id."""
        name = name or f"item-{len(self.receives)}"
        self.items[name], self.receives[name] = item, 0
        return name

    async def replay(
        self, *names: str, delay: Delay | None = None, secrets: Cached[Secrets] | None = None
    ) -> set[str]:
        """Deliver items, all by default, in one batch; those that stay in the queue."""
        batch, self.delays = list(names or self.items), {}
        for name in batch:
            self.receives[name] += 1
        dependencies = self._dependencies(delay, secrets)
        answer = await Batch(dependencies).replay([self._record(one) for one in batch])
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        for name in set(batch) - failed:
            self.items.pop(name, None)
        return failed

    def _record(self, name: str) -> dict[str, Any]:
        attributes = {
            "ApproximateReceiveCount": str(self.receives[name]), "SentTimestamp": str(NOON)
        }  # fmt: skip
        body = self.items[name]
        return {
            "messageId": name, "receiptHandle": name, "body": body, "attributes": attributes
        }  # fmt: skip

    def _dependencies(self, delay: Delay | None, secrets: Cached[Secrets] | None) -> Dependencies:
        return Dependencies(
            secrets=secrets or Cached(lambda: Secrets(self.token, PEPPER), seconds=60),
            load_history=self._load_history,
            ballots=self.ballots,
            was_listed=self._was_listed,
            delay=delay or self.delays.__setitem__,
            clock=lambda: self.now_ms,
            fallback_url=FALLBACK_URL,
        )

    def _load_history(self) -> History:
        if self.is_history_down:
            raise StoreUnavailableError("Query")
        return History(self.changes)

    async def _was_listed(self, poll_id: str, phone_id: str, at_ms: int) -> bool:
        del poll_id
        return any(phone_id == one and since <= at_ms for one, since in self.listed)
