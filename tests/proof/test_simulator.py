"""The simulator checks itself: it does nothing by itself, and every fault it names hurts."""

import random
from typing import Any

import pytest

from services.adapters.memory import MemoryTallies
from services.tools.replay.algorithms import SUCCESS
from services.tools.replay.event_source import EventSource
from services.tools.replay.faults import ALL, Fault, FaultInjector, UnknownFaultError, parse_faults
from services.tools.replay.stream import Stream
from tests.support.broken_algorithms import BROKEN_ALGORITHMS, FAULTS_OF_TEXTS, forgetful
from tests.support.scenarios import changed_minds, first_votes, run

SEEDS = range(8)


def drawing(seed: int) -> random.Random:
    """A generator that gives the same again."""
    return random.Random(seed)  # noqa: S311 - it guards nothing


def body(item: int) -> dict[str, Any]:
    """A record of one item."""
    return {"Keys": {"pk": {"S": f"colors:1#{item % 10}"}, "sk": {"S": f"voter{item}"}}}


def delivered_by(stream: Stream, **how: Any) -> list[dict[str, Any]]:
    """Every record that a mapping without faults hands to its function, in order."""
    seen: list[dict[str, Any]] = []

    def function(event: dict[str, Any], _: object) -> dict[str, Any]:
        seen.extend(event["Records"])
        return {**SUCCESS}

    injector = FaultInjector((), "1", length=1)
    EventSource(stream, function, MemoryTallies(), injector, draw=drawing(2), **how).drain()
    return seen


def test_without_faults_every_record_comes_once_and_in_order() -> None:
    """Through splits, rolls and a new label: those are no faults by themselves."""
    stream = Stream(drawing(1), shards=3)
    for number in range(300):
        stream.append("INSERT", body(number % 40))
        if number % 60 == 30:
            stream.split(next(stream.open()))
            stream.roll(next(stream.open()))
        if number == 200:
            stream.renew()
    seen = delivered_by(stream)
    orders: dict[tuple[str, str], list[str]] = {}
    for record in seen:
        item = (record["eventSourceARN"], record["dynamodb"]["Keys"]["sk"]["S"])
        orders.setdefault(item, []).append(record["eventID"])

    assert len(seen) == 300
    assert len({record["eventID"] for record in seen}) == 300
    # Across labels nothing is ordered; within one, the records of an item are.
    assert all(ids == sorted(ids) for ids in orders.values())


def test_a_child_shard_waits_for_its_parent() -> None:
    """An item's INSERT in the parent is delivered before its MODIFY in the child."""
    stream = Stream(drawing(1), shards=1)
    for number in range(50):
        stream.append("INSERT", body(number))
    stream.split(next(stream.open()))
    for number in range(50):
        stream.append("MODIFY", body(number))

    assert [record["eventName"] for record in delivered_by(stream)] == ["INSERT"] * 50 + [
        "MODIFY"
    ] * 50


def test_sequence_numbers_grow_within_a_shard_and_gain_a_digit() -> None:
    """From 21 digits to 22."""
    stream = Stream(drawing(1), shards=1, near_digit=True)
    numbers = [stream.append("INSERT", body(n))["dynamodb"]["SequenceNumber"] for n in range(60)]

    assert [int(number) for number in numbers] == sorted(map(int, numbers))
    assert {len(number) for number in numbers} == {21, 22}


@pytest.mark.parametrize("fault", BROKEN_ALGORITHMS)
def test_each_fault_of_the_stream_breaks_the_algorithm_that_ignores_it(fault: Fault) -> None:
    """The same algorithm is exact without the fault, and ours is exact with it."""
    function, tallies = BROKEN_ALGORITHMS[fault]
    # One shard to begin with, and nobody changes their mind where that would hurt by itself.
    scenario = changed_minds(12) if fault is Fault.SPLIT else first_votes(24)
    how: dict[str, Any] = {"shards": 1}
    well = [run(scenario, function=function, tallies=tallies(), seed=s, **how) for s in SEEDS]
    hurt = [
        run(scenario, fault, function=function, tallies=tallies(), seed=s, **how) for s in SEEDS
    ]
    ours = [run(scenario, fault, seed=seed, **how) for seed in SEEDS]

    assert all(outcome.ours == outcome.truth for outcome in well)
    assert any(outcome.injected.get(fault) for outcome in hurt)
    assert any(outcome.ours != outcome.truth for outcome in hurt)
    assert all(outcome.exact for outcome in ours)


@pytest.mark.parametrize("fault", FAULTS_OF_TEXTS)
def test_each_fault_of_a_text_breaks_the_webhook_that_forgets_it(fault: Fault) -> None:
    """Redeliveries count again, or an old choice comes back."""
    scenario = changed_minds(12)
    well = [run(scenario, seed=seed, store=forgetful()) for seed in SEEDS]
    hurt = [run(scenario, fault, seed=seed, store=forgetful()) for seed in SEEDS]
    ours = [run(scenario, fault, seed=seed) for seed in SEEDS]

    assert all(outcome.ours == outcome.truth for outcome in well)
    assert any(outcome.ours != outcome.truth for outcome in hurt)
    assert all(outcome.exact for outcome in ours)


def test_every_fault_is_checked() -> None:
    """None is left out."""
    assert {*BROKEN_ALGORITHMS, *FAULTS_OF_TEXTS} == set(Fault) == ALL


def test_only_what_was_switched_on_is_injected() -> None:
    """One fault alone is one fault alone."""
    outcome = run(changed_minds(20), Fault.AGAIN, Fault.SPLIT)

    assert set(outcome.injected) == {Fault.AGAIN, Fault.SPLIT}


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    """Byte for byte: the transcript covers every answer and every record."""
    scenario = changed_minds(15)
    one, two, other = (run(scenario, *ALL, seed=seed) for seed in (5, 5, 6))

    assert one == two
    assert one.transcript != other.transcript


def test_faults_are_named_in_words() -> None:
    """All, none, or some of them."""
    assert parse_faults("all") == ALL
    assert parse_faults("none") == frozenset()
    assert parse_faults("again, split") == {Fault.AGAIN, Fault.SPLIT}
    with pytest.raises(UnknownFaultError, match="'lightning'"):
        parse_faults("again,lightning")
