"""The documented writes of a new table are those of the simulation."""

from pathlib import Path

from tests.bench.new_table import lines, simulate

PAGE = Path(__file__).parents[2] / "docs" / "sharding.md"


def test_the_page_on_sharding_has_the_simulated_rates() -> None:
    """Run `python -m tests.bench.new_table` for new ones."""
    assert "\n".join(lines()) in PAGE.read_text(encoding="utf-8")


def test_one_key_gets_one_partition() -> None:
    """Whichever it is."""
    assert simulate(1) == (1_000, 1_000)
