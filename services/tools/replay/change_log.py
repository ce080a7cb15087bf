"""From the store's writes to a stream that misbehaves: splits, new labels, poison."""

import random
from collections.abc import Callable
from typing import Any, Final

from services.tools.replay.faults import Fault, FaultInjector
from services.tools.replay.stream import Record, Stream, TableWrite

TTL: Final = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


class ChangeLog:
    """Writes what the store tells into a stream. `on_record` hears of every record."""

    def __init__(
        self, injector: FaultInjector, draw: random.Random, *, shards: int,
        on_record: Callable[[Record], None],
    ) -> None:  # fmt: skip
        self.stream = Stream(draw, shards=shards, near_digit=injector.should_inject(Fault.DIGITS))
        self._injector = injector
        self._on_record = on_record

    def write(self, written: TableWrite, *, expired: bool = False) -> None:
        """One record, and perhaps what goes wrong around it."""
        keys = written.body["Keys"]
        if self._injector.should_inject(Fault.NEW_LABEL):
            self.stream.renew()
        if self._injector.should_inject(Fault.SPLIT):
            shard = self.stream.shard_of(keys["pk"]["S"], keys["sk"]["S"])
            rolls = self._injector.draw(Fault.SPLIT).random() < 1 / 2
            (self.stream.roll if rolls else self.stream.split)(shard)
        if self._injector.should_inject(Fault.MALFORMED):
            self.stream.append("INSERT", self._poison(written.body))
        who = {"userIdentity": TTL} if expired else {}
        self._on_record(self.stream.append(written.name, written.body, **who))

    def _poison(self, body: dict[str, Any]) -> dict[str, Any]:
        """A record in the same place of the stream, with an image that cannot be read."""
        image = dict(body.get("NewImage") or body["OldImage"])
        odd: list[dict[str, Any]] = [
            image | {"picks": {"S": "RED"}},
            image | {"picks": {"M": {"RED": {"N": "many"}}}},
            image | {"round": {"S": "one"}},
            {name: value for name, value in image.items() if name != "board"},
        ]
        return {"Keys": body["Keys"], "NewImage": self._injector.draw(Fault.MALFORMED).choice(odd)}
