"""Appends the store's writes to a stream, with splits, new labels and malformed records."""

import random
from collections.abc import Callable
from typing import Any, Final

from services.tools.replay.faults import Fault, FaultInjector
from services.tools.replay.stream import Record, Stream, TableWrite

TTL: Final = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


class ChangeLog:
    """Appends writes to a stream and calls `on_record` with every record."""

    def __init__(
        self, injector: FaultInjector, draw: random.Random, *, shards: int,
        on_record: Callable[[Record], None],
    ) -> None:  # fmt: skip
        self.stream = Stream(draw, shards=shards, near_digit=injector.should_inject(Fault.DIGITS))
        self._injector = injector
        self._on_record = on_record

    def write(self, written: TableWrite, *, expired: bool = False) -> None:
        """Append a record, and perhaps inject a fault before it."""
        keys = written.body["Keys"]
        if self._injector.should_inject(Fault.NEW_LABEL):
            self.stream.renew()
        if self._injector.should_inject(Fault.SPLIT):
            shard = self.stream.shard_of(keys["pk"]["S"], keys["sk"]["S"])
            rolls = self._injector.draw(Fault.SPLIT).random() < 1 / 2
            (self.stream.roll if rolls else self.stream.split)(shard)
        if self._injector.should_inject(Fault.MALFORMED):
            self.stream.append("INSERT", self._malformed(written.body))
        extra = {"userIdentity": TTL} if expired else {}
        self._on_record(self.stream.append(written.name, written.body, **extra))

    def _malformed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a record with the same keys and a malformed image."""
        image = dict(body.get("NewImage") or body["OldImage"])
        images: list[dict[str, Any]] = [
            image | {"picks": {"S": "RED"}},
            image | {"picks": {"M": {"RED": {"N": "many"}}}},
            image | {"round": {"S": "one"}},
            {name: value for name, value in image.items() if name != "board"},
        ]
        return {
            "Keys": body["Keys"],
            "NewImage": self._injector.draw(Fault.MALFORMED).choice(images),
        }
