"""The bill: arithmetic that can be checked by hand, and a page that repeats it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from services.tools.cost.bill import Bill, bill_for
from services.tools.cost.prices import Prices
from services.tools.cost.usage import Event

ROOT = Path(__file__).parents[2]
EVENING = Event(voters=1_000_000, minutes=60, viewers=0, texts_per_voter=1.0, replies=False)


def run(*arguments: str) -> Result:
    """Run the command as a shell would."""
    return CliRunner().invoke(app, ["cost", *arguments])


def markdown(*arguments: str) -> str:
    """What the command prints as Markdown."""
    return run(*arguments, "--markdown").stdout


def bill(evening: Event) -> Bill:
    """At the prices of the file."""
    return bill_for(evening, Prices.load())


def line(evening: Event, service: str, what: str) -> float:
    """One line of the evening."""
    (found,) = [o.usd for o in bill(evening).lines if (o.service, o.what) == (service, what)]
    return found


@pytest.mark.parametrize(
    ("service", "what", "usd"),
    [
        ("DynamoDB", "votes", 0.625),  # a million write units
        ("API Gateway", "requests", 1.00),
        ("Twilio", "texts received", 10_800.0),  # 0.0083 and 0.0025 of carriers'
        ("Twilio", "replies sent", 0.0),
    ],
)
def test_a_million_votes_cost_what_a_million_of_each_costs(
    service: str, what: str, usd: float
) -> None:
    """The price of a million is on the price pages."""
    assert line(EVENING, service, what) == pytest.approx(usd)


def test_a_changed_vote_costs_three_writes_in_all() -> None:
    """The first put, the one that fails, and the rewrite; and a read."""
    changed = replace(EVENING, texts_per_voter=2.0)

    assert line(changed, "DynamoDB", "votes") == pytest.approx(3 * 0.625 + 0.125)


def test_a_screen_costs_half_a_read_a_second_and_its_bytes() -> None:
    """An hour of a thousand screens: 3.6 million looks."""
    watched = replace(EVENING, viewers=1_000)

    assert line(watched, "DynamoDB", "screens read") == pytest.approx(3.6 * 0.125 / 2)
    assert line(watched, "Data transfer", "to the screens") == pytest.approx(7.2 * 0.09)


def test_a_screen_of_a_large_audience_costs_a_request_to_cloudfront_a_second() -> None:
    """However many there are, 13 caches read the table; a request costs more than a direct read."""
    direct, large = (
        bill(replace(EVENING, viewers=20_000, audience=audience))
        for audience in ("direct", "large")
    )
    items = {(line.service, line.what): line.usd for line in large.lines}
    reads, requests = 13 * 3600, 20_000 * 3600

    assert items["DynamoDB", "screens read"] == pytest.approx(reads * 0.125e-6)
    assert items["Lambda", "reader"] == pytest.approx(reads * (2e-7 + 0.02 * 0.0000133334))
    assert items["CloudFront", "boards"] == pytest.approx(requests * (1e-6 + 1300 * 0.085e-9))
    assert ("Data transfer", "to the screens") not in items
    assert large.usd > direct.usd


def test_the_texts_dominate_every_evening() -> None:
    """What the system itself takes is less than a hundredth."""
    for voters, viewers in ((200, 5), (20_000, 1_000), (500_000, 5_000)):
        whole = bill(Event(voters=voters, minutes=30, viewers=viewers))
        service, share = whole.dominant

        assert service == "Twilio"
        assert share > 0.99


def test_containers_cost_by_the_hour_and_functions_by_the_text() -> None:
    """Idle, the container stack is the dearer one."""
    lambdas, containers = (replace(EVENING, webhook=kind) for kind in ("lambda", "container"))

    assert "Fargate" in bill(containers).by_service()
    assert "Fargate" not in bill(lambdas).by_service()
    assert bill(containers).monthly_usd > bill(lambdas).monthly_usd


def test_a_schedule_reads_all_ballots_at_every_run() -> None:
    """An hour and 65 minutes after it, every five minutes: 25 runs of a million ballots."""
    scheduled = replace(EVENING, reconcile_minutes=5)
    seconds = 25 * 1_000_000 * 0.003

    assert line(scheduled, "DynamoDB", "ballots reconciled") == pytest.approx(25 * 0.125 / 8)
    assert line(scheduled, "Lambda", "scheduled reconciliations") == pytest.approx(
        seconds * 0.0000133334
    )


def test_a_schedule_costs_also_while_no_poll_is_open() -> None:
    """8,760 runs a month of two seconds, three alarms and a metric; without it nothing."""
    with_it, without = (
        {(o.service, o.what): o.usd for o in bill(replace(EVENING, reconcile_minutes=m)).monthly}
        for m in (5, 0)
    )
    more = {key: usd for key, usd in with_it.items() if key not in without}

    assert more == {
        ("Lambda", "scheduled reconciliations"): pytest.approx(8_760 * (2e-7 + 2 * 0.0000133334)),
        ("Secrets Manager", "scheduled reads"): pytest.approx(8_760 * 0.000005),
        ("CloudWatch", "watching the schedule"): pytest.approx(0.60),
    }
    assert bill(replace(EVENING, reconcile_minutes=5)).usd > bill(EVENING).usd


def test_the_lines_add_up() -> None:
    """By service and in all."""
    whole = bill(replace(EVENING, viewers=100, replies=True))

    assert sum(whole.by_service().values()) == pytest.approx(whole.usd)
    assert whole.usd_per_vote == pytest.approx(whole.usd / EVENING.voters)


def test_every_price_names_its_page_and_is_used() -> None:
    """A price that nothing uses is no price of ours."""
    prices = Prices.load()
    source = (ROOT / "services/tools/cost/bill.py").read_text(encoding="utf-8")

    assert prices.by_name
    for name, price in prices.by_name.items():
        assert price.page
        assert price.unit
        assert f'of("{name}")' in source


def test_both_kinds_of_webhook_are_shown_unless_one_is_asked_for() -> None:
    """Side by side."""
    both = run("--voters", "2000", "--minutes", "60", "--viewers", "100")
    one = run("--voters", "2000", "--webhook", "container")

    assert "lambda  container" in both.stdout
    assert "container" in one.stdout
    assert "lambda" not in one.stdout


def test_a_script_reads_the_same_bill() -> None:
    """With the date of the prices."""
    done = run("--voters", "2000", "--minutes", "60", "--viewers", "100", "--json")
    document = json.loads(done.stdout)
    held = document["webhook"]["lambda"]

    assert document["prices_read_on"] == f"{Prices.load().read_on}"
    assert held["dominant"]["service"] == "Twilio"
    assert held["evening_usd"] == pytest.approx(sum(o["usd"] for o in held["lines"]), abs=1e-3)


def test_another_kind_of_webhook_is_refused() -> None:
    """With those there are."""
    done = run("--voters", "10", "--webhook", "ec2")

    assert done.exit_code == 2
    assert "lambda or container" in done.output


def test_the_page_shows_the_table_that_the_command_prints() -> None:
    """Word for word; `voteapp cost` renews it."""
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")

    assert markdown().strip() in page


def test_an_evening_on_the_page_is_the_one_that_the_command_prints() -> None:
    """The example, with its options."""
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    (options,) = re.findall(r"^voteapp cost (--voters .+)$", page, re.MULTILINE)

    assert markdown(*options.split()).strip() in page


def test_people_get_a_table_without_marks() -> None:
    """Markdown only if it is asked for."""
    table, marked = run().stdout, markdown()

    assert "|" not in table
    assert "voters  minutes  screens" in table
    assert "| voters | minutes | screens |" in marked
    assert "**" not in run("--voters", "200").stdout
