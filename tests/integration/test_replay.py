"""`voteapp evening` and `voteapp replay`, through the command line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.tools.replay.faults import ALL
from services.tools.replay.generate import STYLES, corpus, make_scenario
from services.tools.replay.oracle import Oracle
from services.tools.replay.playback import play
from services.tools.replay.texts import (
    BUILT_IN,
    Scenario,
    ScenarioError,
    read_scenario,
    scenario_lines,
    write_scenario,
)
from tests.support.scenarios import a_scenario

SCENARIOS = sorted(path.name.removesuffix(".jsonl.gz") for path in BUILT_IN.glob("*.jsonl.gz"))


def replay(*arguments: str) -> Any:
    """Run the command."""
    return CliRunner().invoke(app, ["replay", *arguments])


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_built_in_scenario_is_what_its_seed_makes(name: str) -> None:
    """Nobody has touched the files; only fictional numbers are in them."""
    held = read_scenario(BUILT_IN / f"{name}.jsonl.gz")
    made = make_scenario(
        voters=held.made_with["voters"],
        minutes=held.made_with["length_ms"] / 60_000,
        seed=held.made_with["seed"],
        style=name,
    )

    assert list(scenario_lines(held)) == list(scenario_lines(made))
    assert {text.sender[:7] for text in held.texts} == {"+155501"}
    assert (BUILT_IN / f"{name}.jsonl.gz").stat().st_size < 200_000


def test_there_are_a_quiet_scenario_a_finale_and_an_adversarial_one() -> None:
    """One of each style."""
    assert set(SCENARIOS) == set(STYLES)


def test_the_finale_has_all_kinds_of_texts() -> None:
    """Peaks, changed minds, redeliveries, lost and late texts, real garbage, STOP."""
    scenario = read_scenario(BUILT_IN / "finale.jsonl.gz")
    start = scenario.texts[0].at_ms
    length = scenario.made_with["length_ms"]
    by_half_minute = [0] * 40
    for text in scenario.texts:
        by_half_minute[min(39, (text.at_ms - start) * 20 // length)] += 1
    bodies = {text.body for text in scenario.texts}

    assert max(by_half_minute) > 4 * sorted(by_half_minute[:20])[10]
    assert len({text.sender for text in scenario.texts}) < len(scenario.texts) * 0.8
    assert sum(bool(text.after_ms) for text in scenario.texts) > 50
    assert sum(text.lost for text in scenario.texts) > 5
    assert sum(text.at_ms >= start + length for text in scenario.texts) > 20
    assert len(bodies & set(corpus())) > 50
    assert "STOP" in bodies


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_built_in_scenario_is_counted_exactly_under_all_faults(name: str) -> None:
    """And both simpler algorithms are wrong."""
    answer = replay(name, "--faults", "all", "--engine", "memory", "--json")
    run = json.loads(answer.stdout)

    assert answer.exit_code == 0, answer.output
    assert run["exact"]
    assert run["ours"] == run["truth"] != {}
    assert run["counters_2015"] != run["truth"]
    assert run["differences"] != run["truth"]
    # Two mappings are drawn once a run, and not in each.
    assert set(run["injected"]) | {"two-mappings"} == set(ALL)


def test_the_2015_algorithm_miscounts_even_where_nothing_fails() -> None:
    """Adding differences does not: it needs a redelivery."""
    run = json.loads(replay("quiet", "--engine", "memory", "--json").stdout)

    assert run["injected"] == {}
    assert run["differences"] == run["ours"] == run["truth"]
    assert sum(run["counters_2015"]["colors"].values()) > 5 * sum(run["truth"]["colors"].values())


def test_the_same_seed_prints_the_same_byte_for_byte() -> None:
    """Another seed does not."""
    arguments = ("quiet", "--faults", "all", "--engine", "memory", "--json", "--seed")
    one, two, other = replay(*arguments, "3"), replay(*arguments, "3"), replay(*arguments, "4")

    assert one.stdout == two.stdout
    assert one.stdout != other.stdout


def a_short_scenario() -> Scenario:
    """A dozen texts."""
    texts = [(n, ("red", "green", "encore slow")[n % 3]) for n in range(9)]
    return a_scenario(*texts, (0, "blue"), (1, "blue"), (0, "hello"))


def test_moto_gives_the_same_run_as_memory(tmp_path: Path) -> None:
    """The real adapters on moto's tables and moto's own stream: the same transcript."""
    write_scenario(a_short_scenario(), tmp_path / "short.jsonl")
    arguments = (str(tmp_path / "short.jsonl"), "--faults", "all", "--json", "--engine")
    moto, memory = (json.loads(replay(*arguments, name).stdout) for name in ("moto", "memory"))

    assert moto["exact"]
    assert {**moto, "engine": ""} == {**memory, "engine": ""}


def test_the_emulators_tables_and_stream_give_the_same_run_too() -> None:
    """Over HTTP, with the webhook's own client."""
    scenario = a_short_scenario()
    one = play(scenario, faults=ALL, seed=1, engine="ministack").outcome
    two = play(scenario, faults=ALL, seed=1, engine="memory").outcome

    assert one == two


def test_the_table_is_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Truth, ours, both others, faults, speed, verdict."""
    monkeypatch.setenv("COLUMNS", "120")
    said = replay("quiet", "--faults", "again,split", "--engine", "memory").stdout

    for words in ("truth", "ours", "2015: adds NewImage", "adds NewImage - OldImage"):
        assert words in said
    assert "the same batch delivered twice" in said
    assert "votes/s" in said
    assert "exact ✓" in said


def test_a_miscount_exits_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an oracle whose count is higher."""
    totals = Oracle.totals
    monkeypatch.setattr(Oracle, "totals", lambda self: {**totals(self), "colors": {"RED": 10**6}})
    answer = replay("quiet", "--engine", "memory")

    assert answer.exit_code == 1
    assert "NOT EXACT" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "nowhere: no such file"),
        (("quiet", "--faults", "thunder"), "'thunder'"),
        (("quiet", "--engine", "abacus"), "--engine: 'abacus'"),
        (("quiet", "--speed", "2x"), "--speed: '2x'"),
    ],
)
def test_what_cannot_be_replayed_is_refused(arguments: tuple[str, ...], words: str) -> None:
    """In words, and with exit code 1."""
    answer = replay(*arguments)

    assert answer.exit_code == 1
    assert words in answer.stderr


def test_a_file_that_is_no_scenario_is_refused(tmp_path: Path) -> None:
    """With the command that makes one."""
    path = tmp_path / "other.jsonl"
    path.write_text('{"some": "thing"}\n')

    with pytest.raises(ScenarioError, match="voteapp evening make"):
        read_scenario(path)


def test_a_scenario_can_be_made_read_and_replayed(tmp_path: Path) -> None:
    """The command's defaults are for a big one; this is a small one."""
    path = tmp_path / "mine.jsonl.gz"
    made = CliRunner().invoke(
        app,
        ["evening", "make", str(path), "--voters", "40", "--minutes", "2", "--seed", "9", "--json"],
    )
    document = json.loads(made.stdout)

    assert document["voters"] == 40
    assert document["texts"] == len(read_scenario(path).texts)
    assert replay(str(path), "--faults", "all", "--engine", "memory").exit_code == 0


def test_the_pace_of_a_scenario_can_be_kept() -> None:
    """At ten times its speed, ten seconds take one."""
    scenario = a_scenario((1, "red"), (2, "red"), every_ms=10_000)

    assert play(scenario, faults=frozenset(), seed=1, engine="memory", speed="10x").seconds >= 0.95
    assert play(scenario, faults=frozenset(), seed=1, engine="memory").seconds < 0.9


def test_without_the_aggregators_library_only_the_replay_is_refused() -> None:
    """A demo's set-up has no moto and no Powertools: every other command works there."""
    code = (
        "import sys; sys.modules['aws_lambda_powertools'] = sys.modules['moto'] = None\n"
        "from services.cli.app import app; app(['replay', 'quiet', '--engine', 'memory'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "make replay" in done.stderr
