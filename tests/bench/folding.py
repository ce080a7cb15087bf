"""How fast one Python process folds stream records, JSON decoding apart."""

import json
from time import process_time
from typing import Any

from lambdas.aggregator.records import changes_of
from services.adapters.memory import MemoryTallies
from services.voting.fold import fold

BATCH = 1_000
"""As many records as the event source mapping hands over at once."""


def fold_speed(batches: int = 500) -> tuple[float, float]:
    """Records folded in a second of CPU, and the CPU as a ratio to the decoding of their JSON.

    Both are of the fastest batch, in turn: translated, grouped, summed and applied, or decoded.
    """
    records = [_record(place) for place in range(BATCH)]
    text = json.dumps({"Records": records})
    pairs = [(_fold_seconds(records), _decode_seconds(text)) for _ in range(batches)]
    folding, decoding = (min(column) for column in zip(*pairs, strict=True))
    return BATCH / folding, folding / decoding


def _decode_seconds(text: str) -> float:
    started = process_time()
    json.loads(text)
    return process_time() - started


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
