"""The bill: usage times prices, line by line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.tools.cost import usage
from services.tools.cost.prices import Prices
from services.tools.cost.usage import Event

MONTH_HOURS: Final = 730
ALARMS: Final = 8
METRICS: Final = 6
"""Three filters of logs, three of the aggregator's own."""
INSIGHTS_METRICS: Final = 20
"""Container Insights of one small cluster, about."""
_GB: Final = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class BillItem:
    """What one service takes for one thing."""

    service: str
    what: str
    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """`lines` are for the evening itself, `monthly` for having the stack, idle or not."""

    lines: Sequence[BillItem]
    monthly: Sequence[BillItem]
    voters: int

    @property
    def usd(self) -> float:
        """The evening."""
        return sum(line.usd for line in self.lines)

    @property
    def monthly_usd(self) -> float:
        """A month, without an evening in it."""
        return sum(line.usd for line in self.monthly)

    @property
    def usd_per_vote(self) -> float:
        """The evening, by voter."""
        return self.usd / self.voters

    @property
    def dominant(self) -> tuple[str, float]:
        """The dearest service, and its share of the evening."""
        totals = self.by_service()
        name = max(totals, key=lambda service: totals[service])
        return name, totals[name] / self.usd if self.usd else 0.0

    def by_service(self) -> Mapping[str, float]:
        """The evening by service, the dearest first."""
        totals: dict[str, float] = {}
        for line in self.lines:
            totals[line.service] = totals.get(line.service, 0.0) + line.usd
        return dict(sorted(totals.items(), key=lambda item: -item[1]))

    def without(self, service: str) -> float:
        """The evening without one service."""
        return sum(line.usd for line in self.lines if line.service != service)


def bill_for(event: Event, prices: Prices) -> Bill:
    """What an evening costs, and what the stack costs a month."""
    of = prices.of
    texts = _twilio_items(event, of)
    hook = (
        _container_webhook_items(event, of)
        if event.webhook == "container"
        else _lambda_webhook_items(event, of)
    )
    rest = [
        *_dynamodb_items(event, of),
        *_aggregator_items(event, of),
        *_delivery_and_log_items(event, of),
    ]
    return Bill(
        lines=[*texts, *hook, *rest], monthly=_monthly_items(event, of), voters=event.voters
    )


_PriceOf = Callable[[str], float]


def _twilio_items(event: Event, of: _PriceOf) -> list[BillItem]:
    received = event.texts * (of("text_in") + of("text_in_carrier"))
    sent = event.texts * (of("text_out") + of("text_out_carrier")) if event.replies else 0.0
    return [
        BillItem(service="Twilio", what="texts received", usd=received),
        BillItem(service="Twilio", what="replies sent", usd=sent),
    ]


def _lambda_webhook_items(event: Event, of: _PriceOf) -> list[BillItem]:
    seconds = event.texts * usage.WEBHOOK_SECONDS * usage.WEBHOOK_GB
    restored = event.webhook_instances * usage.WEBHOOK_GB * of("snapshot_restored_gb")
    calls = event.texts * of("lambda_request")
    return [
        BillItem(service="API Gateway", what="requests", usd=event.texts * of("api_request")),
        BillItem(
            service="Lambda",
            what="webhook",
            usd=calls + seconds * of("lambda_gb_second") + restored,
        ),
    ]


def _container_webhook_items(event: Event, of: _PriceOf) -> list[BillItem]:
    hours = event.seconds / 3600
    task = usage.TASK_VCPU * of("vcpu_hour") + usage.TASK_GB * of("memory_gb_hour")
    units = max(1.0, event.peak_texts_per_second / usage.CONNECTIONS_PER_UNIT)
    balancer = of("balancer_hour") + units * of("balancer_unit_hour")
    return [
        BillItem(service="API Gateway", what="requests", usd=event.texts * of("api_request")),
        BillItem(
            service="Fargate",
            what=f"{event.webhook_instances} tasks",
            usd=event.webhook_instances * hours * (task + of("address_hour")),
        ),
        BillItem(service="Load balancer", what="hours and units", usd=hours * balancer),
    ]


def _dynamodb_items(event: Event, of: _PriceOf) -> list[BillItem]:
    changed = event.texts - event.voters
    directory = event.webhook_instances * event.seconds / usage.DIRECTORY_SECONDS
    board_reads = event.board_reads * usage.BOARD_READ_UNITS
    votes = event.vote_writes * of("write_unit") + changed * of("read_unit")
    out = event.board_reads * usage.BOARD_BYTES / _GB
    return [
        BillItem(service="DynamoDB", what="votes", usd=votes),
        BillItem(service="DynamoDB", what="folds", usd=event.batches * of("write_unit")),
        BillItem(service="DynamoDB", what="polls read", usd=directory * of("read_unit")),
        BillItem(service="DynamoDB", what="screens read", usd=board_reads * of("read_unit")),
        BillItem(service="Data transfer", what="to the screens", usd=out * of("out_gb")),
    ]


def _aggregator_items(event: Event, of: _PriceOf) -> list[BillItem]:
    seconds = event.batches * usage.FOLD_SECONDS * usage.FOLD_GB
    calls = event.batches * of("lambda_request")
    return [
        BillItem(service="Lambda", what="aggregator", usd=calls + seconds * of("lambda_gb_second"))
    ]


def _delivery_and_log_items(event: Event, of: _PriceOf) -> list[BillItem]:
    lines = event.texts * usage.LOG_BYTES_PER_TEXT + event.batches * usage.LOG_BYTES_PER_BATCH
    page = event.viewers * usage.PAGE_BYTES / _GB * of("edge_gb")
    requests = event.viewers * usage.PAGE_REQUESTS * of("edge_request")
    reads = event.webhook_instances * event.seconds / usage.SECRET_SECONDS
    return [
        BillItem(service="CloudFront", what="the page", usd=page + requests),
        BillItem(service="CloudWatch", what="logs", usd=lines / _GB * of("log_gb")),
        BillItem(service="Secrets Manager", what="reads", usd=reads * of("secret_call")),
    ]


def _monthly_items(event: Event, of: _PriceOf) -> list[BillItem]:
    watching = ALARMS * of("alarm_month") + METRICS * of("metric_month") + of("dashboard_month")
    lines = [
        BillItem(service="Twilio", what="number", usd=of("number_month")),
        BillItem(service="Twilio", what="campaign", usd=of("campaign_month") * event.replies),
        BillItem(service="CloudWatch", what="alarms, metrics, dashboard", usd=watching),
        BillItem(service="Secrets Manager", what="secret", usd=of("secret_month")),
    ]
    if event.webhook == "lambda":
        kept = usage.WEBHOOK_GB * MONTH_HOURS * 3600 * of("snapshot_gb_second")
        return [*lines, BillItem(service="Lambda", what="SnapStart's snapshot", usd=kept)]
    task = usage.TASK_VCPU * of("vcpu_hour") + usage.TASK_GB * of("memory_gb_hour")
    hourly = usage.TASKS * (task + of("address_hour"))
    insights = INSIGHTS_METRICS * of("metric_month")
    return [
        *lines,
        BillItem(service="Fargate", what=f"{usage.TASKS} tasks", usd=MONTH_HOURS * hourly),
        BillItem(service="Load balancer", what="hours", usd=MONTH_HOURS * of("balancer_hour")),
        BillItem(service="CloudWatch", what="Container Insights", usd=insights),
    ]
