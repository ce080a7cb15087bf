"""The lab: texts to its own poll at a chosen rate, while its store throttles as DynamoDB does.

It has its own webhook on the throttled store, so it does not affect the demo. It starts when
it is first used, and stops texting while nobody reads snapshots.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Literal, Self

from services.adapters.dynamodb.directory import DynamoDirectory
from services.tools.lab.lab_delivery import LabDelivery
from services.tools.lab.lab_poll import begin_round, lab_poll, round_number, text_source
from services.tools.lab.plug import Plug, ballot_reader
from services.tools.lab.recent_writes import RecentWrites
from services.tools.lab.settings import LabPlugError, LabSettings, plug_change
from services.tools.lab.throttling_proxy import Write, create_throttling_proxy
from services.tools.lab.token_bucket import PARTITIONS, Throttle, partition_of
from services.tools.local import static_server
from services.tools.local.aws import LocalAws
from services.tools.local.deployment import Outputs
from services.tools.local.processes import Process
from services.tools.local.webhook import webhook
from services.tools.phones.delivery import WebhookEndpoint
from services.tools.phones.load_generator import LoadGenerator
from services.tools.phones.rate_meter import RateMeter
from services.voting import schema
from services.voting.poll import Round
from services.voting.sharding import all_shards

IDLE_SECONDS: Final = 10
"""The lab stops texting after this time without a snapshot."""
MAX_IN_FLIGHT: Final = 600
"""At 60 texts/s into one throttled partition about 300 wait for a reply."""

WriteResult = Literal["stored", "throttled"]


class Lab:
    """The lab. Its methods may be called from any thread."""

    def __init__(self, aws: LocalAws, outputs: Outputs, folder: Path, *, token: str) -> None:
        self.settings, self.plug = LabSettings(), Plug()
        self.round = Round(poll=lab_poll(1), number=0)
        self.stored: Counter[int] = Counter()
        """Ballots stored, by round."""
        self.throttled = 0
        """Writes throttled since the start; each attempt counts."""
        self._deployment = (aws, outputs, folder, token)
        self._throttle = Throttle(self.settings.write_capacity, clock=time.monotonic)
        self._writes: RateMeter[tuple[int, WriteResult]] = RateMeter(time.monotonic)
        self._recent_writes = RecentWrites()
        self._last_snapshot_at = -float(IDLE_SECONDS)
        self._lock = threading.RLock()
        self._resources = ExitStack()
        self._traffic: LoadGenerator | None = None
        self._server: Process | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    @property
    def traffic(self) -> LoadGenerator:
        """The load on the lab's poll; the first access starts the lab.

        Raises:
            LocalCloudError: its webhook did not start, or died.
        """
        with self._lock:
            if self._traffic is None:
                self._start()
            if self._server:
                self._server.check()
            assert self._traffic  # noqa: S101 - just started
            return self._traffic

    def change(self, changes: Mapping[str, object]) -> None:
        """Change some settings, or the plug. Other shards start a new round of the poll.

        Raises:
            LabSettingError, LabPlugError: a value is invalid; nothing is changed.
        """
        plug, others = plug_change(changes)
        with self._lock:
            before, wanted = self.settings, self.settings.changed(others)
            if wanted.shards != before.shards and self.plug.is_pulled:
                raise LabPlugError("shards: they cannot change while the plug is pulled")
            self.settings = wanted
            if plug is not None:
                (self.plug.pull if plug else self.plug.put_back)()
            if self.settings.write_capacity != before.write_capacity:
                self._throttle.provision(self.settings.write_capacity)
            if self._traffic and self.settings.shards != before.shards:
                self._next_round()

    def begin_round(self, shards: int) -> None:
        """Start a round with this number of shards, and the lab if it is not running."""
        with self._lock:
            self.settings = self.settings.changed({"shards": shards})
            if self._traffic:
                self._next_round()
            else:
                self._start()

    def reset_buckets(self) -> None:
        """Reset the saved burst capacity of every partition."""
        self._throttle.reset_buckets()

    def _next_round(self) -> None:
        self.round = begin_round(self._directory(), self.settings.shards)
        self.reset_buckets()

    def snapshot(self, after: int = 0) -> dict[str, Any]:
        """Return what the lab page shows; the tape begins after write number `after`.

        Rates are a second, averaged over the last 4 s. The tape has a letter for each write: `A`
        for the first choice, `B` for the second; lower case if the write was throttled.
        """
        traffic = self.traffic
        if time.monotonic() - self._last_snapshot_at > IDLE_SECONDS:
            self.reset_buckets()  # capacity saved while idle would hide the throttling
        self._last_snapshot_at = time.monotonic()
        self.plug.look(self._stored)
        rates, texts = self._writes.per_second(), traffic.meter.per_second()
        written, tape = self._recent_writes.since(after)
        return {
            "settings": asdict(self.settings),
            "round": self.round.number,
            "plug": {"pulled": self.plug.is_pulled, **asdict(self.plug.figures())},
            "stored": self.stored[self.round.number],
            "choices": [
                {"label": choice.label, **choice.colour} for choice in self.round.poll.choices
            ],
            "written": written,
            "tape": tape,
            "partition_rate": self._throttle.partition_rate,
            "partitions": [
                {
                    "keys": keys,
                    "stored": rates.get((place, "stored"), 0.0),
                    "throttled": rates.get((place, "throttled"), 0.0),
                    "saved": saved,
                }
                for place, (keys, saved) in enumerate(
                    zip(self.keys_by_partition(), self._throttle.saved(), strict=True)
                )
            ],
            "texts": {
                **{fate: texts.get(fate, 0.0) for fate in ("sent", "accepted", "refused")},
                "under_way": traffic.in_flight,
                "reply_ms": traffic.reply_ms(),
            },
        }

    def keys_by_partition(self) -> list[int]:
        """Return how many partition keys of the round each partition has."""
        poll, number = self.round.poll, self.round.number
        keys = (schema.ballot_pk(poll.id, number, shard) for shard in all_shards(poll.shards))
        counts = Counter(map(partition_of, keys))
        return [counts[partition] for partition in range(PARTITIONS)]

    def _start(self) -> None:
        aws, outputs, folder, token = self._deployment
        with ExitStack() as starting:
            store = create_throttling_proxy(
                aws.endpoint, outputs.votes_table, self._throttle, self._record_write,
                is_cut=lambda: self.plug.is_pulled,
            )  # fmt: skip
            proxy_url = starting.enter_context(static_server.serve_in_thread(store))
            self._server, url = starting.enter_context(
                webhook(aws, outputs, folder, name="webhook-of-the-lab", dynamodb=proxy_url)
            )
            self._next_round()
            self._stored = ballot_reader(aws, outputs)
            fallback_url = outputs.all["FallbackUrl"]
            delivery = LabDelivery(
                plug=self.plug, endpoint=WebhookEndpoint(url=url, token=token),
                fallback_url=fallback_url, fallback_address=aws.rest_api_address(fallback_url),
                round=lambda: self.round,
            )  # fmt: skip
            traffic = LoadGenerator(
                text_source(self.round.poll), delivery.deliver, rate=self._rate,
                connections=0, max_in_flight=MAX_IN_FLIGHT,
            )  # fmt: skip
            self._traffic = starting.enter_context(traffic)
            self._resources = starting.pop_all()

    def _rate(self) -> float:
        is_watched = time.monotonic() - self._last_snapshot_at < IDLE_SECONDS
        return self.settings.texts_per_second if is_watched else 0

    def _record_write(self, write: Write) -> None:
        number, picks = round_number(write.key), write.item.get("picks", {"M": {}})["M"]
        if number is None or not picks:
            return
        (choice,) = picks
        keys = [choice.key for choice in self.round.poll.choices]
        letter = chr(ord("A") + keys.index(choice))
        self._recent_writes.add(letter if write.stored else letter.lower())
        self._writes.add((write.partition, "stored" if write.stored else "throttled"))
        self.stored[number] += write.stored
        self.throttled += not write.stored

    def _directory(self) -> DynamoDirectory:
        aws, outputs, *_ = self._deployment
        return DynamoDirectory(
            client=aws.client("dynamodb"),
            table=outputs.polls_table,
            aggregates=outputs.aggregates_table,
            by=lambda: "local",
        )
