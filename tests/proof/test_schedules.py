"""Thousands of random schedules with random faults: not one miscount."""

import json
from concurrent.futures import ProcessPoolExecutor
from typing import Self

import pytest

from services.tools.replay.faults import ALL
from services.tools.replay.lifecycle.run import run_lifecycle
from services.tools.replay.prove import Proof, main, prove, render_table, run_schedule

SCHEDULES = 1_000
FIRST = 1_000_000
"""Others than those of `make prove`."""


class Here:
    """A pool that stays in this process."""

    def __init__(self, _: int) -> None: ...
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...
    def map(self, _: object, shares: list[range]) -> list[Proof]:
        """Return a miscount in each share."""
        return [Proof(schedules=len(share), wrong=[share[0]]) for share in shares]


@pytest.fixture(scope="module")
def proof() -> Proof:
    """All of them, on two processes."""
    whole = Proof()
    shares = [range(n, n + 100) for n in range(FIRST, FIRST + SCHEDULES, 100)]
    with ProcessPoolExecutor(2) as pool:
        for share in pool.map(prove, shares):
            whole.add(share)
    return whole


def test_many_random_schedules_and_no_miscount(proof: Proof) -> None:
    """Through webhook, ballots, stream and aggregator; the oracle knows none of them."""
    assert proof.schedules == SCHEDULES
    assert proof.wrong == []


def test_many_lifecycle_runs_and_no_violation(proof: Proof) -> None:
    """Opened, closed, reset, archived, applied, certified, repaired, forgotten, expired."""
    assert proof.violations == {}
    assert proof.votes > 10 * SCHEDULES


def test_operators_did_everything_many_times_and_were_refused_often(proof: Proof) -> None:
    """A proof in which nobody does anything would prove nothing."""
    done = {
        name: proof.commands[name] >= 200
        for name in (
            "apply", "open", "close", "archive", "reset", "certify", "repair", "forget", "expire",
            "stream lost",
        )
    }  # fmt: skip
    done["extend"] = proof.commands["extend"] >= 70  # in every second run only
    refused = {name: proof.refused[name] >= 200 for name in ("apply", "open", "certify", "expire")}

    assert set(done.values()) == {True}
    assert set(refused.values()) == {True}


def test_every_fault_was_injected_many_times(proof: Proof) -> None:
    """A proof without faults would prove nothing."""
    assert {fault: proof.hit[fault] >= 100 for fault in ALL} == dict.fromkeys(ALL, True)


def test_a_schedule_is_the_same_whenever_it_is_run() -> None:
    """So that one that miscounts can be looked at again."""
    assert run_schedule(FIRST) == run_schedule(FIRST)
    assert run_lifecycle(FIRST) == run_lifecycle(FIRST)


def test_a_miscount_is_reported_with_how_to_run_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the exit code says so."""
    monkeypatch.setattr("services.tools.replay.prove.ProcessPoolExecutor", Here)
    code = main(["--schedules", "10"])

    assert code == 1
    assert "--only 0" in capsys.readouterr().out


def test_the_table_names_every_fault(proof: Proof) -> None:
    """Whoever reads it sees what was done."""
    commands = len({*proof.commands, *proof.refused})
    deliveries = len(proof.outages) + 1 + len(proof.ways) + len(proof.reasons)

    assert render_table(proof, 1).row_count == len(ALL) + 1 + commands + deliveries


def test_the_sums_can_be_read_by_a_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--json`, with what was down and how the counted texts came."""
    monkeypatch.setattr("services.tools.replay.prove.ProcessPoolExecutor", Here)
    code = main(["--schedules", "10", "--json"])
    sums = json.loads(capsys.readouterr().out)

    assert code == 1
    assert sums["wrong"] == [0]
    assert sums["outages"] == {}
    assert sums["ways"] == {}
