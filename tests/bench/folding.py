"""How many stream records one Python process folds in a second, JSON decoding apart."""

from time import process_time
from typing import Any

from lambdas.aggregator.records import changes_of
from services.adapters.memory import MemoryTallies
from services.voting.fold import fold

BATCH = 1_000
"""As many records as the event source mapping hands over at once."""


def records_per_second(batches: int = 500) -> float:
    """Records translated, grouped, summed and applied in a second of CPU: the fastest batch."""
    records = [_record(place) for place in range(BATCH)]
    return BATCH / min(_fold_seconds(records) for _ in range(batches))


def _fold_seconds(records: list[dict[str, Any]]) -> float:
    started = process_time()
    changes, lost = changes_of(records)
    folded = fold(changes, MemoryTallies(), stream_label="label", stream_shard="shard")
    seconds = process_time() - started
    assert (folded.folded, lost) == (BATCH, 0)
    return seconds


def _record(place: int) -> dict[str, Any]:
    """Three votes of four are first votes, the fourth is a changed one."""
    changed = place % 4 == 0
    body = {"SequenceNumber": str(10**21 + place), "NewImage": _image("RED")}
    if changed:
        body["OldImage"] = _image("BLUE")
    return {
        "eventName": "MODIFY" if changed else "INSERT",
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/Votes/stream/label",
        "dynamodb": body,
    }


def _image(choice: str) -> dict[str, Any]:
    return {
        "pk": {"S": "colors:1#3"}, "sk": {"S": "0" * 32}, "board": {"S": "open#colors"},
        "picks": {"M": {choice: {"N": "1"}}}, "n": {"N": "1"}, "round": {"N": "1"},
        "changed_at": {"N": "1800000000000"},
    }  # fmt: skip
