"""The table and the plot of what was measured: they say what the figures say."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from services.tools.demo.experiment import Experiment, Measurement
from services.tools.demo.sharding_page import BEGIN, END, insert_figures, render_plot, render_table

SVG = "{http://www.w3.org/2000/svg}"
DOCS = Path(__file__).parents[2] / "docs"


def measured(
    shards: int, *, accepted: float, refused: float = 0, counted: int = 700
) -> Measurement:
    """One line of figures."""
    return Measurement(
        shards=shards, partitions=min(shards, 7), fullest_keys=1, sent=60, accepted=accepted,
        refused=refused, throttled=refused * 20, reply_ms=8001 if refused else 14, stored=700,
        counted=counted,
    )  # fmt: skip


ROWS = [measured(1, accepted=24, refused=36), measured(10, accepted=60)]


def test_each_number_of_shards_is_a_line() -> None:
    """With its units in the head."""
    text = render_table(ROWS, Experiment())

    assert "| 1 | 1 of 10 | 1 | 24.0 | 36.0 | 720 | 8.0 s |" in text
    assert "| 10 | 7 of 10 | 1 | 60.0 | 0.0 | 0 | 14 ms |" in text
    assert "60 texts/s into a table for 240 writes/s: 24 for each of its 10 partitions" in text
    assert "every one of them, and none twice" in text


def test_a_count_that_differs_from_the_ballots_is_reported() -> None:
    """In capitals, on the page."""
    text = render_table([measured(1, accepted=24, counted=699)], Experiment())

    assert "NOT the same" in text
    assert not measured(1, accepted=24, counted=699).exact


def test_only_what_was_measured_is_written_into_the_page() -> None:
    """And again in place of what was there."""
    page = f"before\n{BEGIN}\nold\n{END}\nafter"
    new = insert_figures(page, "new")

    assert new == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter"
    assert insert_figures(new, "new") == new


def test_a_page_without_a_place_for_figures_is_refused() -> None:
    """Before anything is measured."""
    with pytest.raises(ValueError, match="has no part between"):
        insert_figures("a page", "figures")


def test_the_plot_s_bars_are_as_high_as_the_figures() -> None:
    """Accepted solid, given up dashed, in one scale."""
    bars = ET.fromstring(render_plot(ROWS, Experiment())).findall(f"{SVG}rect")  # noqa: S314 - our own
    high = [(bar.get("class"), float(bar.get("height", "0"))) for bar in bars[1:]]

    assert [name for name, _ in high] == ["stored", "refused", "stored"]
    assert high[0][1] / high[2][1] == pytest.approx(24 / 60, abs=0.01)
    assert (high[0][1] + high[1][1] + 3) / high[2][1] == pytest.approx(1, abs=0.01)


def test_the_documentation_has_figures_and_plot() -> None:
    """Written by the command that they stand beside."""
    page = (DOCS / "sharding.md").read_text()
    figures = page.partition(BEGIN)[2].partition(END)[0]

    assert "| 20 |" in figures
    assert "none twice" in figures
    assert ET.parse(DOCS / "images" / "sharding.svg").getroot().tag == f"{SVG}svg"  # noqa: S314 - our own
