"""The lab: a poll of its own, texted at any rate, its store throttled as DynamoDB's is.

Has a webhook of its own, whose store is the throttled one: the demo beside it is left
alone. Starts when it is first asked for; rests while nobody looks.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, Literal, Self

from services.adapters.dynamodb.directory import DynamoDirectory
from services.tools.lab.lab_poll import NUMBER, begin_round, lab_poll, round_number
from services.tools.lab.recent_writes import Tape
from services.tools.lab.settings import LabSettings
from services.tools.lab.throttling_proxy import Write, throttled
from services.tools.lab.token_bucket import PARTITIONS, Throttle, partition_of
from services.tools.local import static_server
from services.tools.local.aws import LocalAws
from services.tools.local.deployment import Outputs
from services.tools.local.processes import Process
from services.tools.local.webhook import webhook
from services.tools.phones.crowd import Crowd, texted_choices
from services.tools.phones.load_generator import Line
from services.tools.phones.rate_meter import Meter
from services.tools.phones.sms import Kind, Text
from services.tools.phones.traffic import Traffic
from services.voting import schema
from services.voting.poll import Round
from services.voting.sharding import all_shards

LOOKED_SECONDS: Final = 10
"""So long after the last look does the lab go on texting."""
SEED: Final = 2015

Side = Literal["stored", "throttled"]


class Lab:
    """One lab. Its methods may be called from any thread."""

    def __init__(self, aws: LocalAws, outputs: Outputs, folder: Path, *, token: str) -> None:
        self.settings = LabSettings()
        self.round = Round(poll=lab_poll(1), number=0)
        self.stored: Counter[int] = Counter()
        """Ballots stored, by round."""
        self.throttled = 0
        """Writes throttled since the start, each attempt for itself."""
        self._where = (aws, outputs, folder, token)
        self._throttle = Throttle(self.settings.write_capacity, clock=time.monotonic)
        self._writes: Meter[tuple[int, Side]] = Meter(time.monotonic)
        self._tape = Tape()
        self._looked_at = -float(LOOKED_SECONDS)
        self._changing = threading.RLock()
        self._running = ExitStack()
        self._traffic: Traffic | None = None
        self._server: Process | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @property
    def traffic(self) -> Traffic:
        """The texts; starts the lab if it is not running yet.

        Raises:
            LocalCloudError: its webhook did not come up, or died.
        """
        with self._changing:
            if self._traffic is None:
                self._start()
            if self._server:
                self._server.check()
            assert self._traffic  # noqa: S101 - just started
            return self._traffic

    def change(self, wanted: Mapping[str, object]) -> None:
        """Move some of the sliders. Another number of shards is another round of the poll.

        Raises:
            LabSettingError: it does not take that; nothing is changed then.
        """
        with self._changing:
            before, self.settings = self.settings, self.settings.changed(wanted)
            if self.settings.write_capacity != before.write_capacity:
                self._throttle.provision(self.settings.write_capacity)
            if self._traffic and self.settings.shards != before.shards:
                self._next_round()

    def begin_round(self, shards: int) -> None:
        """Start a round with so many shards, and the lab if it is not running."""
        with self._changing:
            self.settings = self.settings.changed({"shards": shards})
            if self._traffic:
                self._next_round()
            else:
                self._start()

    def forget_savings(self) -> None:
        """Let every partition begin again with nothing saved up."""
        self._throttle.forget_savings()

    def _next_round(self) -> None:
        self.round = begin_round(self._directory(), self.settings.shards)
        self.forget_savings()

    def look(self, after: int = 0) -> dict[str, Any]:
        """Everything the page shows; of the tape, what was written after the `after`-th write.

        Rates are a second, over the last four. A letter of the tape is a choice by its place
        in the ballot, `A` for the first one stored, `a` for the first one throttled.
        """
        traffic = self.traffic
        if time.monotonic() - self._looked_at > LOOKED_SECONDS:
            self.forget_savings()  # made while it rested: they would hide everything
        self._looked_at = time.monotonic()
        rates, texts = self._writes.per_second(), traffic.meter.per_second()
        written, tape = self._tape.since(after)
        return {
            "settings": asdict(self.settings),
            "round": self.round.number,
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
                "under_way": traffic.under_way,
                "reply_ms": traffic.reply_ms(),
            },
        }

    def keys_by_partition(self) -> list[int]:
        """How many of the round's partition keys fall on each partition."""
        poll, number = self.round.poll, self.round.number
        keys = (schema.ballot_pk(poll.id, number, shard) for shard in all_shards(poll.shards))
        fall = Counter(map(partition_of, keys))
        return [fall[place] for place in range(PARTITIONS)]

    def _start(self) -> None:
        aws, outputs, folder, token = self._where
        with ExitStack() as starting:
            store = throttled(aws.endpoint, outputs.votes_table, self._throttle, self._note)
            endpoint = starting.enter_context(static_server.serving(store))
            self._server, url = starting.enter_context(
                webhook(aws, outputs, folder, name="webhook-of-the-lab", dynamodb=endpoint)
            )
            self._next_round()
            line = Line(url=url, token=token)
            traffic = Traffic(self._texts(), line, rate=self._rate)
            self._traffic = starting.enter_context(traffic)
            self._running = starting.pop_all()

    def _texts(self) -> Callable[[], Text]:
        choices = texted_choices(self.round.poll)
        crowd = Crowd(choices, to=NUMBER, seed=SEED, votes_per_phone=None)

        def next_text() -> Text:
            """A new phone's; the bare word, for "2" would be a vote in the demo's poll too."""
            text = crowd.make(Kind.NEW)
            return replace(text, body=str(text.choice))

        return next_text

    def _rate(self) -> float:
        looked = time.monotonic() - self._looked_at < LOOKED_SECONDS
        return self.settings.texts_per_second if looked else 0

    def _note(self, write: Write) -> None:
        number, picks = round_number(write.key), write.item.get("picks", {"M": {}})["M"]
        if number is None or not picks:
            return
        (choice,) = picks
        keys = [choice.key for choice in self.round.poll.choices]
        letter = chr(ord("A") + keys.index(choice))
        self._tape.write(letter if write.stored else letter.lower())
        self._writes.add((write.partition, "stored" if write.stored else "throttled"))
        self.stored[number] += write.stored
        self.throttled += not write.stored

    def _directory(self) -> DynamoDirectory:
        aws, outputs, *_ = self._where
        return DynamoDirectory(client=aws.client("dynamodb"), table=outputs.aggregates_table)
