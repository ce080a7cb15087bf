"""What the options of a stage cost, and what a flood of requests costs at the throttle."""

import json
import re
from pathlib import Path

import pytest
from aws_cdk import App
from aws_cdk.assertions import Annotations, Match
from typer.testing import CliRunner

import app as application
from infra.capacity import RequestLimit
from infra.options import Options
from services.cli.app import app
from services.tools.cost.prices import Prices
from services.tools.cost.stage import admitted_per_second, flood_usd_per_hour, option_usd

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose cdk.json keeps three options for production."""
    options = {"webhook": "container", "reconcile": "5 minutes", "expected_texts_per_second": 1000}
    context = {"voteapp:dev": {}, "voteapp:prod": options}
    (tmp_path / "cdk.json").write_text(json.dumps({"context": context}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("texts", [None, "1", "1000"])
def test_the_calculator_knows_what_the_apis_admit(texts: str | None) -> None:
    """The stack and the calculator share no code."""
    given = {} if texts is None else {"expected_texts_per_second": texts}

    assert admitted_per_second(given) == RequestLimit.of(Options.parse(given)).per_second


def test_a_flood_costs_what_both_apis_admit_in_an_hour() -> None:
    """720,000 requests each: the API, the call, 20 ms, a log; and a queue with its replayer."""
    webhook = 1e-6 + 2e-7 + 0.02 * 0.0000133334 + 900 * 0.5e-9
    fallback = 3.5e-6 + 3 * 4e-7 + 2e-7 + 0.05 * 0.0000133334 + 900 * 0.5e-9
    prices = Prices.load()

    assert flood_usd_per_hour({"fallback": "off"}, prices) == pytest.approx(720_000 * webhook)
    assert flood_usd_per_hour({}, prices) == pytest.approx(720_000 * (webhook + fallback))


@pytest.mark.parametrize(
    ("name", "value", "usd"),
    [
        ("webhook", "lambda", 0.0),
        ("webhook", "container", 36.14 + 16.43 + 6.00 - 3.95 + 0.20),
        ("fallback", "off", -0.26),
        ("canary", "5 minutes", 0.35 + 0.04 + 0.09 + 0.20),
        ("audience", "large", 0.20),
        ("alarm_email", "count@example.com", 0.0),
        ("expected_texts_per_second", "1000", 0.0),
    ],
)
def test_an_option_costs_what_it_adds_to_an_idle_month(name: str, value: str, usd: float) -> None:
    """An expected rate reserves nothing, so it is free."""
    assert option_usd(name, value, Prices.load()) == pytest.approx(usd, abs=0.02)


@pytest.mark.usefixtures("project")
def test_the_command_shows_the_options_that_are_set_for_a_stage() -> None:
    """And uses them for the evening: only the kind of webhook that the stage has."""
    idle = CliRunner().invoke(app, ["cost", "--stage", "prod", "--markdown"]).stdout
    evening = (
        CliRunner()
        .invoke(app, ["cost", "--stage", "prod", "--voters", "2000", "--markdown"])
        .stdout
    )

    assert "| webhook | container | +$54.8" in idle
    assert "each API admits 2,000 a second" in idle
    assert "| the evening | | container |" in evening
    assert "scheduled reconciliations" in evening


@pytest.mark.usefixtures("project")
def test_a_script_reads_the_options_and_their_cost() -> None:
    """In one document."""
    done = CliRunner().invoke(app, ["cost", "--stage", "prod", "--json"])
    document = json.loads(done.stdout)

    assert list(document["options"]) == ["webhook", "reconcile", "expected_texts_per_second"]
    assert document["idle_monthly_usd"] > 60
    assert document["flood_usd_per_hour"] > 50


@pytest.mark.usefixtures("project")
def test_a_stage_without_options_says_so() -> None:
    """Rather than an empty table."""
    done = CliRunner().invoke(app, ["cost", "--stage", "dev"])

    assert "none: every option has its default" in done.stdout


@pytest.mark.usefixtures("project")
def test_a_stage_that_the_file_does_not_know_is_refused() -> None:
    """A typing error would show the default's cost."""
    done = CliRunner().invoke(app, ["cost", "--stage", "production"])

    assert done.exit_code == 2
    assert "voteapp:production" in re.sub(r"\s+", "", done.output)


@pytest.mark.parametrize(("stage", "said"), [("dev", True), ("prod", True), ("local", False)])
def test_a_synth_says_what_the_stack_costs(stage: str, said: bool) -> None:  # noqa: FBT001
    """Before anything is deployed; the emulator costs nothing."""
    stack = application.build(App(context={"aws:cdk:bundling-stacks": [], "stage": stage}))
    cost = Match.string_like_regexp(r"AWS charges about \$\d+\.\d\d a month.* an hour")

    assert bool(Annotations.from_stack(stack).find_info("*", cost)) == said


def test_the_page_says_what_a_flood_costs() -> None:
    """The figure that the calculator has for the default rate."""
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")

    assert f"${flood_usd_per_hour({}, Prices.load()):.2f} an hour" in page
