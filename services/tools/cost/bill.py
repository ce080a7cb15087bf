"""Computes the bill: usage times prices, one item at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.tools.cost import usage
from services.tools.cost.prices import Prices
from services.tools.cost.usage import Event

MONTH_HOURS: Final = 730
ALARMS: Final = 8
METRICS: Final = 6
"""Custom metrics: three from log filters, three from the aggregator."""
INSIGHTS_METRICS: Final = 20
"""Approximate number of Container Insights metrics of one small cluster."""
_GB: Final = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class BillItem:
    """One line of the bill."""

    service: str
    what: str
    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """`lines` are the costs of the event, `monthly` the costs of the stack even if idle."""

    lines: Sequence[BillItem]
    monthly: Sequence[BillItem]
    voters: int

    @property
    def usd(self) -> float:
        """Cost of the event."""
        return sum(line.usd for line in self.lines)

    @property
    def monthly_usd(self) -> float:
        """Cost of a month without an event."""
        return sum(line.usd for line in self.monthly)

    @property
    def usd_per_vote(self) -> float:
        """Cost of the event per voter."""
        return self.usd / self.voters

    @property
    def dominant(self) -> tuple[str, float]:
        """The most expensive service, and its share of the event's cost (0 to 1)."""
        totals = self.by_service()
        name = max(totals, key=lambda service: totals[service])
        return name, totals[name] / self.usd if self.usd else 0.0

    def by_service(self) -> Mapping[str, float]:
        """Cost of the event by service, the most expensive first."""
        totals: dict[str, float] = {}
        for line in self.lines:
            totals[line.service] = totals.get(line.service, 0.0) + line.usd
        return dict(sorted(totals.items(), key=lambda item: -item[1]))

    def without(self, service: str) -> float:
        """Cost of the event without one service."""
        return sum(line.usd for line in self.lines if line.service != service)


def bill_for(event: Event, prices: Prices) -> Bill:
    """Compute what an event costs, and what the stack costs per month."""
    usd_of = prices.usd_of
    texts = _twilio_items(event, usd_of)
    webhook = (
        _container_webhook_items(event, usd_of)
        if event.webhook == "container"
        else _lambda_webhook_items(event, usd_of)
    )
    rest = [
        *_dynamodb_items(event, usd_of),
        *_aggregator_items(event, usd_of),
        *_delivery_and_log_items(event, usd_of),
    ]
    return Bill(
        lines=[*texts, *webhook, *rest], monthly=_monthly_items(event, usd_of), voters=event.voters
    )


_PriceOf = Callable[[str], float]


def _twilio_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    received = event.texts * (usd_of("text_in") + usd_of("text_in_carrier"))
    sent = event.texts * (usd_of("text_out") + usd_of("text_out_carrier")) if event.replies else 0.0
    return [
        BillItem(service="Twilio", what="texts received", usd=received),
        BillItem(service="Twilio", what="replies sent", usd=sent),
    ]


def _lambda_webhook_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    seconds = event.texts * usage.WEBHOOK_SECONDS * usage.WEBHOOK_GB
    restored = event.webhook_instances * usage.WEBHOOK_GB * usd_of("snapshot_restored_gb")
    calls = event.texts * usd_of("lambda_request")
    return [
        BillItem(service="API Gateway", what="requests", usd=event.texts * usd_of("api_request")),
        BillItem(
            service="Lambda",
            what="webhook",
            usd=calls + seconds * usd_of("lambda_gb_second") + restored,
        ),
    ]


def _container_webhook_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    hours = event.seconds / 3600
    task = usage.TASK_VCPU * usd_of("vcpu_hour") + usage.TASK_GB * usd_of("memory_gb_hour")
    units = max(1.0, event.peak_texts_per_second / usage.CONNECTIONS_PER_UNIT)
    balancer = usd_of("balancer_hour") + units * usd_of("balancer_unit_hour")
    return [
        BillItem(service="API Gateway", what="requests", usd=event.texts * usd_of("api_request")),
        BillItem(
            service="Fargate",
            what=f"{event.webhook_instances} tasks",
            usd=event.webhook_instances * hours * (task + usd_of("address_hour")),
        ),
        BillItem(service="Load balancer", what="hours and units", usd=hours * balancer),
    ]


def _dynamodb_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    changed = event.texts - event.voters
    directory = event.webhook_instances * event.seconds / usage.DIRECTORY_SECONDS
    board_reads = event.board_reads * usage.BOARD_READ_UNITS
    votes = event.vote_writes * usd_of("write_unit") + changed * usd_of("read_unit")
    out = event.board_reads * usage.BOARD_BYTES / _GB
    return [
        BillItem(service="DynamoDB", what="votes", usd=votes),
        BillItem(service="DynamoDB", what="folds", usd=event.batches * usd_of("write_unit")),
        BillItem(service="DynamoDB", what="polls read", usd=directory * usd_of("read_unit")),
        BillItem(service="DynamoDB", what="screens read", usd=board_reads * usd_of("read_unit")),
        BillItem(service="Data transfer", what="to the screens", usd=out * usd_of("out_gb")),
    ]


def _aggregator_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    seconds = event.batches * usage.FOLD_SECONDS * usage.FOLD_GB
    calls = event.batches * usd_of("lambda_request")
    return [
        BillItem(
            service="Lambda", what="aggregator", usd=calls + seconds * usd_of("lambda_gb_second")
        )
    ]


def _delivery_and_log_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    lines = event.texts * usage.LOG_BYTES_PER_TEXT + event.batches * usage.LOG_BYTES_PER_BATCH
    page = event.viewers * usage.PAGE_BYTES / _GB * usd_of("edge_gb")
    requests = event.viewers * usage.PAGE_REQUESTS * usd_of("edge_request")
    reads = event.webhook_instances * event.seconds / usage.SECRET_SECONDS
    return [
        BillItem(service="CloudFront", what="the page", usd=page + requests),
        BillItem(service="CloudWatch", what="logs", usd=lines / _GB * usd_of("log_gb")),
        BillItem(service="Secrets Manager", what="reads", usd=reads * usd_of("secret_call")),
    ]


def _monthly_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    watching = (
        ALARMS * usd_of("alarm_month")
        + METRICS * usd_of("metric_month")
        + usd_of("dashboard_month")
    )
    lines = [
        BillItem(service="Twilio", what="number", usd=usd_of("number_month")),
        BillItem(service="Twilio", what="campaign", usd=usd_of("campaign_month") * event.replies),
        BillItem(service="CloudWatch", what="alarms, metrics, dashboard", usd=watching),
        BillItem(service="Secrets Manager", what="secret", usd=usd_of("secret_month")),
    ]
    if event.webhook == "lambda":
        kept = usage.WEBHOOK_GB * MONTH_HOURS * 3600 * usd_of("snapshot_gb_second")
        return [*lines, BillItem(service="Lambda", what="SnapStart's snapshot", usd=kept)]
    task = usage.TASK_VCPU * usd_of("vcpu_hour") + usage.TASK_GB * usd_of("memory_gb_hour")
    hourly = usage.TASKS * (task + usd_of("address_hour"))
    insights = INSIGHTS_METRICS * usd_of("metric_month")
    return [
        *lines,
        BillItem(service="Fargate", what=f"{usage.TASKS} tasks", usd=MONTH_HOURS * hourly),
        BillItem(service="Load balancer", what="hours", usd=MONTH_HOURS * usd_of("balancer_hour")),
        BillItem(service="CloudWatch", what="Container Insights", usd=insights),
    ]
