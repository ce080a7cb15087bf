"""Algorithms that one fault each breaks; if one is not broken, its fault is not injected.

All of them are exact as long as nothing goes wrong. Each leaves out one thing that the real
aggregator, or the real webhook, does.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lambdas.aggregator.batch import stream_label
from lambdas.aggregator.records import changes_of
from services.adapters.memory import MemoryTallies
from services.tools.replay.algorithms import (
    SUCCESS,
    UncheckedTallies,
    add_differences,
    apply_unchecked,
)
from services.tools.replay.event_source import Event, Function
from services.tools.replay.faults import Fault
from services.tools.replay.stores import MemoryEngine
from services.voting.ballot import AcceptedText, Ballot
from services.voting.fold import fold
from services.voting.ports import Tallies
from services.voting.tally import Change


def no_watermark(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """`NewImage - OldImage`, always added."""
    return add_differences(event, tallies)


def no_padding(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """Sequence numbers compared as they come."""
    changes, _ = changes_of(event["Records"])
    bare = [change._replace(sequence=change.sequence.lstrip("0")) for change in changes]
    return _folded(event, bare, tallies)


def no_shard(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """One watermark for all shards."""
    return _folded({**event, "shardId": "any"}, changes_of(event["Records"])[0], tallies)


def no_label(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """A watermark that does not know which stream it is of."""
    return _folded(event, changes_of(event["Records"])[0], tallies, label="any")


def window_state(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """Sums up in the window's state and writes at its end, as the documentation suggests."""
    held = {**(event["state"] or {})}
    changes, _ = changes_of(event["Records"])
    for change in changes:
        held[f"{len(held)}"] = change
    if event["isFinalInvokeForWindow"] or event["isWindowTerminatedEarly"]:
        apply_unchecked(list(held.values()), tallies)
        held = {}
    return {"state": held}


def every_removal(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """Takes a vote back however its ballot went."""
    known = [{k: v for k, v in r.items() if k != "userIdentity"} for r in event["Records"]]
    return _folded(event, changes_of(known)[0], tallies)


def new_images(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """Adds what a ballot counts for now, whatever it counted for before."""
    known = [
        {**r, "dynamodb": {k: v for k, v in r["dynamodb"].items() if k != "OldImage"}}
        for r in event["Records"]
    ]
    return _folded(event, changes_of(known)[0], tallies)


def strict(event: Event, tallies: Tallies) -> Mapping[str, Any]:
    """Raises on a record that it cannot read, as code does by itself."""
    changes, _ = changes_of(event["Records"])
    if any(change.bad for change in changes):
        raise ValueError("a record that cannot be read")
    return _folded(event, changes, tallies)


def _folded(
    event: Event, changes: list[Change], tallies: Tallies, *, label: str | None = None
) -> Mapping[str, Any]:
    if event["Records"]:
        label = label or stream_label(event["Records"])
        fold(changes, tallies, stream_label=label, stream_shard=event["shardId"])
    return SUCCESS


class ForgetfulBallots:
    """A webhook that does not remember which texts it has accepted."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def create(self, ballot: Ballot) -> bool:
        """As the port."""
        return bool(await self._inner.create(ballot))

    async def find(self, pk: str, sk: str) -> Ballot | None:
        """The ballot without the MessageSids of its texts."""
        found: Ballot | None = await self._inner.find(pk, sk)
        if found is None:
            return None
        return replace(found, texts=tuple(AcceptedText("", step.choice) for step in found.texts))

    async def replace(self, ballot: Ballot, *, expected: int) -> bool:
        """As the port."""
        return bool(await self._inner.replace(ballot, expected=expected))


def forgetful() -> MemoryEngine:
    """A store for a webhook that forgets."""
    engine = MemoryEngine()
    engine.ballots = ForgetfulBallots(engine.ballots)
    return engine


BrokenAlgorithm = tuple[Function, Callable[[], Tallies]]
_without_watermark: BrokenAlgorithm = (no_watermark, UncheckedTallies)

BROKEN_ALGORITHMS: Mapping[Fault, BrokenAlgorithm] = {
    Fault.AGAIN: _without_watermark,
    Fault.OVERLAP: _without_watermark,
    Fault.LOST_ANSWER: _without_watermark,
    Fault.CRASH: _without_watermark,
    Fault.LATE_WRITE: _without_watermark,
    Fault.STALE_RECORDS: _without_watermark,
    Fault.HORIZON: _without_watermark,
    Fault.TWO_MAPPINGS: _without_watermark,
    Fault.THROTTLED: _without_watermark,
    Fault.TRIM: _without_watermark,
    Fault.DIGITS: (no_padding, MemoryTallies),
    Fault.SPLIT: (no_shard, MemoryTallies),
    Fault.NEW_LABEL: (no_label, MemoryTallies),
    Fault.WINDOWS: (window_state, UncheckedTallies),
    Fault.EXPIRY: (every_removal, MemoryTallies),
    Fault.SAME_CHOICE: (new_images, MemoryTallies),
    Fault.MALFORMED: (strict, MemoryTallies),
}
"""Of the stream. What goes wrong with texts breaks the webhook that forgets."""

FAULTS_OF_TEXTS = (Fault.TWICE, Fault.CONCURRENT, Fault.STALE_TEXT, Fault.LANDED)
