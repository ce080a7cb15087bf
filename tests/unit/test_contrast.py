"""Whether a colour can be told from the background."""

import re
from pathlib import Path

import pytest

from services.polls.contrast import BACKGROUNDS, contrast

STYLES = Path(__file__).parents[2] / "dashboard" / "src"


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0), ("#0000FF", "#ffffff", 8.59),
    ],
)  # fmt: skip
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    """Known results of the WCAG formula, in both orders of the colours."""
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


def test_the_backgrounds_are_those_of_the_page() -> None:
    """The constants equal the palette of the dashboard."""
    sheets = "".join(path.read_text(encoding="utf-8") for path in sorted(STYLES.glob("*.css")))
    found = re.findall(r"--bg:\s*light-dark\((#\w+),\s*(#\w+)\)", sheets)

    assert found == [(BACKGROUNDS["light"], BACKGROUNDS["dark"])]
