"""What the options of a stage cost on AWS, by their names in `cdk.json`; and what a flood costs."""

from collections.abc import Mapping
from typing import Final

from services.tools.cost import usage
from services.tools.cost.bill import bill_for
from services.tools.cost.prices import Prices
from services.tools.cost.usage import Event

EXPECTED_TEXTS_PER_SECOND: Final = 100
REQUESTS_PER_TEXT: Final = 2
"""What each of the two APIs admits: `infra/capacity.py`."""

Options = Mapping[str, str]


def idle_event(options: Options) -> Event:
    """Return an event of one voter for a stage with these options."""
    return Event(
        voters=1,
        minutes=1,
        viewers=0,
        webhook="container" if options.get("webhook") == "container" else "lambda",
        reconcile_minutes=_minutes(options.get("reconcile", "off")),
        canary_minutes=_minutes(options.get("canary", "off")),
        has_fallback=options.get("fallback") != "off",
        audience="large" if options.get("audience") == "large" else "direct",
    )


def _minutes(interval: str) -> int:
    return 0 if interval == "off" else int(interval.split(maxsplit=1)[0])


def idle_usd(options: Options, prices: Prices) -> float:
    """Return what AWS charges a month while nobody votes."""
    monthly = bill_for(idle_event(options), prices).monthly
    return sum(item.usd for item in monthly if item.service != "Twilio")


def option_usd(name: str, value: str, prices: Prices) -> float:
    """Return what one option adds to a month, compared with its default."""
    return idle_usd({name: value}, prices) - idle_usd({}, prices)


def admitted_per_second(options: Options) -> int:
    """Return how many requests a second each API admits."""
    expected = int(options.get("expected_texts_per_second", EXPECTED_TEXTS_PER_SECOND))
    return expected * REQUESTS_PER_TEXT


def flood_usd_per_hour(options: Options, prices: Prices) -> float:
    """Return what an hour of forged requests costs at the throttle of every API."""
    usd_of = prices.usd_of
    log = usage.LOG_BYTES_PER_TEXT / 1e9 * usd_of("log_gb")
    call = usd_of("lambda_request") + log
    webhook = usage.WEBHOOK_SECONDS * usage.WEBHOOK_GB * usd_of("lambda_gb_second")
    replay = usage.REPLAY_SECONDS * usage.REPLAY_GB * usd_of("lambda_gb_second")
    queue = usage.QUEUE_REQUESTS * usd_of("queue_request")
    request = usd_of("api_request") + call + webhook
    if options.get("fallback") != "off":
        request += usd_of("rest_request") + queue + call + replay
    return 3600 * admitted_per_second(options) * request


def summary(options: Options, prices: Prices) -> str:
    """Return two sentences: a month without votes, and an hour of a flood."""
    once = ""
    if "warm_writes_per_second" in options:
        once = ", and once what warm_writes_per_second adds (Amazon DynamoDB pricing)"
    return (
        f"While nobody votes, AWS charges about ${idle_usd(options, prices):,.2f} a month{once}. "
        f"A flood of forged requests costs ${flood_usd_per_hour(options, prices):,.2f} an hour: "
        f"each API admits {admitted_per_second(options):,} a second."
    )
