"""`voteapp capacity`: its plans, its cost, and the page that it writes."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from services.tools.capacity import limits
from services.tools.capacity.board import BoardSize
from services.tools.capacity.partitions import write_rates
from services.tools.capacity.plan import Demand, plan_for
from services.tools.cost.prices import Prices

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def run(*arguments: str) -> Result:
    """Run the command as a shell would, on a wide terminal."""
    return CliRunner().invoke(app, ["capacity", *arguments], env={"COLUMNS": "300"})


def planned(*arguments: str) -> Any:
    """The answer as a document."""
    return json.loads(run(*arguments, "--json").stdout)


def test_an_ordinary_evening_needs_nothing_but_the_defaults() -> None:
    """Ten shards on a new table, and screens that read it directly."""
    answer = planned("--peak", "1000", "--viewers", "5000", "--days", "0.1")

    assert (answer["shards"], answer["partitions"]) == (10, 4)
    assert answer["options"] == {"expected_texts_per_second": "1000"}
    assert (answer["read_path"], answer["direct_viewers"]) == ("direct", 6_000)
    assert answer["quotas_to_raise"] == []


def test_a_televised_evening_needs_shards_a_warm_table_and_the_edge() -> None:
    """3,000 texts are 3,500 writes; a board of two days serves 750 screens."""
    answer = planned("--peak", "3000", "--viewers", "20000", "--days", "2")

    assert answer["write_units_per_second"] == 3_500
    assert answer["accepted_write_units_per_second"]["nearly_always"] >= 3_500
    assert answer["options"] == {
        "expected_texts_per_second": "3000",
        "warm_writes_per_second": f"{answer['partitions']}000",
        "audience": "large",
    }
    assert answer["board"] == {"rows": 78, "bytes": 29_080, "read_units": 4.0}
    assert answer["direct_viewers"] == 750
    assert answer["read_units_per_second"] == 750 * 4


@pytest.mark.parametrize("texts", [100, 2_000, 5_000, 10_000, 40_000])
def test_every_plan_takes_its_peak(texts: int) -> None:
    """In 95 of 100 placements, with no more shards than a poll may have."""
    plan = plan_for(Demand(texts_per_second=texts, viewers=0, days=1))

    assert plan.rates.nearly_always >= texts * 7 / 6
    assert 10 <= plan.shards <= 1_000
    assert plan.partitions * 1_000 >= texts * 7 / 6


def test_partitions_grow_with_the_peak_to_40_000_texts_a_second() -> None:
    """1.4 to 1.8 for each 1,000 texts, with the 1,000 shards that a poll may have."""
    peaks = (10_000, 20_000, 30_000, 40_000)
    plans = [plan_for(Demand(texts_per_second=one, viewers=0, days=1)) for one in peaks]

    assert [plan.shards for plan in plans] == [1_000] * 4
    assert [plan.partitions for plan in plans] == [14, 32, 50, 72]


def test_polls_at_the_same_time_share_the_texts() -> None:
    """Together they have more keys, so each needs fewer; their boards may be on one partition."""
    one = planned("--peak", "5000", "--viewers", "3000")
    four = planned("--peak", "5000", "--viewers", "3000", "--polls", "4")

    assert four["shards"] < one["shards"]
    assert four["write_units_per_second"] == one["write_units_per_second"]
    assert four["read_path"] == one["read_path"] == "large"


def test_what_an_account_may_not_do_yet_is_named() -> None:
    """With its default and what is needed."""
    answer = planned("--peak", "40000")
    shown = run("--peak", "40000").stdout

    assert [quota["default"] for quota in answer["quotas_to_raise"]] == [40_000, 10_000, 1_000]
    assert "DynamoDB, table-level write throughput, from 40,000 to " in shown
    assert "API Gateway, throttle rate of the account, from 10,000 to 80,000." in shown


@pytest.mark.parametrize(
    ("viewers", "read_path", "usd"),
    # Half an hour: 1,800,000 queries of 1.5 units with 11,450 bytes; 36,000,000 requests of
    # 1,500 bytes at $0.000001 and $0.085 a GB, and 750 calls of the reader a second.
    [("1000", "direct", 0.3375 + 1.8549), ("20000", "large", 36.0 + 4.59 + 0.253125 + 0.54)],
)
def test_the_reads_cost_what_their_plan_needs(viewers: str, read_path: str, usd: float) -> None:
    """The difference to an evening that nobody watches, apart from the page's files."""
    watched, unwatched = (planned("--viewers", count, "--days", "1") for count in (viewers, "0"))
    page = int(viewers) * (200_000 / 1e9 * 0.085 + 7 * 0.000001)
    more = watched["cost"]["aws_usd"] - unwatched["cost"]["aws_usd"] - page

    assert watched["read_path"] == read_path
    assert more == pytest.approx(usd, rel=0.02)


def test_the_assumptions_are_printed_with_their_sources() -> None:
    """For people and for scripts."""
    shown, answer = run().stdout, planned()

    assert "- One partition takes 1,000 write units and 3,000 read units" in shown
    assert "(DynamoDB, Designing partition keys to distribute your workload)" in shown
    assert all(one["what"] and one["source"] for one in answer["assumptions"])
    assert any("300 s" in one["what"] for one in answer["assumptions"])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--peak", "0"), "greater than or equal to 1"),
        (("--peak", "-5"), "greater than or equal to 1"),
        (("--peak", "40001"), "less than or equal to 40000"),
        (("--viewers", "-1"), "greater than or equal to 0"),
        (("--viewers", "60000000"), "less than or equal to 50000000"),
        (("--polls", "0"), "greater than or equal to 1"),
        (("--days", "0"), "0: must be more than 0"),
        (("--days", "-1"), "-1: must be more than 0"),
        (("--days", "nan"), "nan: must be more than 0"),
        (("--days", "4000"), "4000: at most 3,650, the highest retention_days of a poll"),
        (("--write", "no-such-folder"), "no such folder"),
    ],
)
def test_bad_input_is_refused_with_its_reason(arguments: tuple[str, ...], problem: str) -> None:
    """Nothing is calculated from it."""
    done = run(*arguments)

    assert done.exit_code == 2
    assert problem in " ".join(done.stderr.split())
    assert arguments[0] in done.stderr


def test_the_page_and_its_plot_are_what_the_command_writes(tmp_path: Path) -> None:
    """Run `voteapp capacity --write docs` for new ones."""
    (tmp_path / "images").mkdir()
    done = run("--write", str(tmp_path))

    assert done.exit_code == 0
    for name in ("capacity.md", "images/capacity.svg"):
        assert (ROOT / "docs" / name).read_text("utf-8") == (tmp_path / name).read_text("utf-8")


def test_the_plot_has_a_line_for_each_number_of_shards() -> None:
    """Names at their ends, the highest line first below 40,000 texts."""
    drawing = ET.parse(ROOT / "docs/images/capacity.svg").getroot()  # noqa: S314 - our own
    names = [text.text for text in drawing.iter(f"{SVG}text") if text.get("class") == "name"]
    lines = [line for line in drawing.iter(f"{SVG}polyline") if line.get("class") == "line"]
    ends = [float(str(line.get("points")).split(",")[-1]) for line in lines]

    assert names == ["10 shards", "64 shards", "256 shards", "1,000 shards"]
    assert ends == sorted(ends, reverse=True)


@pytest.mark.parametrize("page", ["README.md", "docs/adr/0007-the-page-reads-the-table.md"])
def test_the_viewers_that_pages_name_are_those_of_the_model(page: str) -> None:
    """On a new table, in the first four hours and after two days."""
    text = (ROOT / page).read_text("utf-8")
    hours, days = (BoardSize(partitions=4, days=open_for).viewers for open_for in (4 / 24, 2))

    assert re.search(rf"{hours:,}\s+(screens|viewers)", text)
    assert re.search(rf"{days:,}\s+after two days", text)


def test_the_rates_that_pages_name_are_those_of_the_model() -> None:
    """With the ten shards of a poll file on a new table, and where a deploy asks for a warm one."""
    defaults = write_rates(shards=10, partitions=4).nearly_always * 6 / 7
    readme, sharding, deploy = (
        (ROOT / page).read_text("utf-8")
        for page in ("README.md", "docs/sharding.md", "docs/deploy.md")
    )

    assert 1_400 <= defaults < 1_500
    assert "1,400\ntexts a second with the defaults, 40,000 with 1,000 shards" in readme
    assert "is enough for about 1,400\ntexts a second on a new table" in sharding
    assert [limits.write_units(texts) for texts in (3_428, 3_429)] == [4_000, 4_001]
    assert "Above 3,428 it needs `warm_writes_per_second`" in deploy


def test_the_prices_are_dated() -> None:
    """They are those of the estimate of the cost."""
    assert planned()["cost"]["prices_read_on"] == f"{Prices.load().read_on}"
