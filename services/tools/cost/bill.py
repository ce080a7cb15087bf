"""Computes the bill: usage times prices, one item at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.tools.cost import usage
from services.tools.cost.prices import Prices
from services.tools.cost.usage import Event
from services.tools.cost.watched import (
    ALARM_METRICS,
    CANARY_ALARM_METRICS,
    INSIGHTS_METRICS,
    METRICS,
    READER_ALARM_METRICS,
    RECONCILE_ALARM_METRICS,
    RECONCILE_METRICS,
)

MONTH_HOURS: Final = 730
_GB: Final = 1e9


@dataclass(frozen=True, slots=True)
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
    in_container = event.webhook == "container"
    lines = [
        *_twilio_items(event, usd_of),
        BillItem("API Gateway", "requests", event.texts * usd_of("api_request")),
        *(_container_items if in_container else _lambda_items)(event, usd_of),
        *_dynamodb_items(event, usd_of),
        *(_json_items if event.audience == "large" else _screen_items)(event, usd_of),
        _aggregator_item(event, usd_of),
        *(_fallback_items(event, usd_of) if event.has_fallback else []),
        *_reconcile_items(event, usd_of),
        *_delivery_and_log_items(event, usd_of),
    ]
    return Bill(lines=lines, monthly=_monthly_items(event, usd_of), voters=event.voters)


_PriceOf = Callable[[str], float]


def _twilio_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    received = event.texts * (usd_of("text_in") + usd_of("text_in_carrier"))
    sent = event.texts * (usd_of("text_out") + usd_of("text_out_carrier")) if event.replies else 0.0
    return [
        BillItem("Twilio", "texts received", received),
        BillItem("Twilio", "replies sent", sent),
    ]


def _lambda_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    seconds = event.texts * usage.WEBHOOK_SECONDS * usage.WEBHOOK_GB
    restored = event.webhook_instances * usage.WEBHOOK_GB * usd_of("snapshot_restored_gb")
    calls = event.texts * usd_of("lambda_request")
    return [BillItem("Lambda", "webhook", calls + seconds * usd_of("lambda_gb_second") + restored)]


def _container_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    hours, tasks = event.seconds / 3600, event.webhook_instances
    units = max(1.0, event.peak_texts_per_second / usage.CONNECTIONS_PER_UNIT)
    balancer = usd_of("balancer_hour") + units * usd_of("balancer_unit_hour")
    return [
        BillItem("Fargate", f"{tasks} tasks", tasks * hours * _task_hour(usd_of)),
        BillItem("Load balancer", "hours and units", hours * balancer),
    ]


def _task_hour(usd_of: _PriceOf) -> float:
    task = usage.TASK_VCPU * usd_of("vcpu_hour") + usage.TASK_GB * usd_of("memory_gb_hour")
    return task + usd_of("address_hour")


def _dynamodb_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    changed = event.texts - event.voters
    directory = event.webhook_instances * event.seconds / usage.DIRECTORY_SECONDS
    votes = event.vote_writes * usd_of("write_unit") + changed * usd_of("read_unit")
    return [
        BillItem("DynamoDB", "votes", votes),
        BillItem("DynamoDB", "folds", event.batches * usd_of("write_unit")),
        BillItem("DynamoDB", "polls read", directory * usd_of("read_unit")),
    ]


def _screen_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    units = event.board_reads * usage.BOARD_READ_UNITS
    out = event.board_reads * usage.BOARD_BYTES / _GB
    return [
        BillItem("DynamoDB", "screens read", units * usd_of("read_unit")),
        BillItem("Data transfer", "to the screens", out * usd_of("out_gb")),
    ]


def _json_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    units, calls = event.board_reads * usage.READER_UNITS, event.board_reads
    gb_seconds = calls * usage.READER_SECONDS * usage.READER_GB
    out = event.json_requests * usage.JSON_BYTES / _GB
    reader = calls * usd_of("lambda_request") + gb_seconds * usd_of("lambda_gb_second")
    boards = event.json_requests * usd_of("edge_request") + out * usd_of("edge_gb")
    return [
        BillItem("DynamoDB", "screens read", units * usd_of("read_unit")),
        BillItem("Lambda", "reader", reader),
        BillItem("CloudFront", "boards", boards),
    ]


def _aggregator_item(event: Event, usd_of: _PriceOf) -> BillItem:
    seconds = event.batches * usage.FOLD_SECONDS * usage.FOLD_GB
    calls = event.batches * usd_of("lambda_request")
    return BillItem("Lambda", "aggregator", calls + seconds * usd_of("lambda_gb_second"))


def _fallback_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    texts = event.texts * usage.FALLBACK_SHARE
    seconds = texts * usage.REPLAY_SECONDS * usage.REPLAY_GB
    replays = texts * usd_of("lambda_request") + seconds * usd_of("lambda_gb_second")
    queue = texts * usage.QUEUE_REQUESTS * usd_of("queue_request")
    return [
        BillItem("API Gateway", "fallback", texts * usd_of("rest_request")),
        BillItem("SQS", "fallback", queue),
        BillItem("Lambda", "replayer", replays),
    ]


def _reconcile_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    if not (runs := event.reconciliations):
        return []
    seconds = runs * event.texts * usage.RECONCILE_SECONDS
    reads = runs * event.voters / usage.BALLOTS_PER_READ_UNIT
    return [
        BillItem(
            "Lambda",
            "scheduled reconciliations",
            seconds * usage.RECONCILE_GB * usd_of("lambda_gb_second"),
        ),
        BillItem("DynamoDB", "ballots reconciled", reads * usd_of("read_unit")),
    ]


def _monthly_reconcile_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    if not event.reconcile_minutes:
        return []
    runs = MONTH_HOURS * 60 / event.reconcile_minutes
    gb_seconds = usage.RECONCILE_IDLE_SECONDS * usage.RECONCILE_GB
    idle = usd_of("lambda_request") + gb_seconds * usd_of("lambda_gb_second")
    alarms = RECONCILE_ALARM_METRICS * usd_of("alarm_month")
    watching = alarms + RECONCILE_METRICS * usd_of("metric_month")
    return [
        BillItem("Lambda", "scheduled reconciliations", runs * idle),
        BillItem("Secrets Manager", "scheduled reads", runs * usd_of("secret_call")),
        BillItem("CloudWatch", "watching the schedule", watching),
    ]


def _monthly_canary_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    if not event.canary_minutes:
        return []
    runs = MONTH_HOURS * 60 / event.canary_minutes
    gb_seconds = usage.CANARY_SECONDS * usage.CANARY_GB
    run = usd_of("lambda_request") + gb_seconds * usd_of("lambda_gb_second")
    writes = runs * usage.CANARY_WRITES * usd_of("write_unit")
    alarm = CANARY_ALARM_METRICS * usd_of("alarm_month")
    return [
        BillItem("Lambda", "canary", runs * run),
        BillItem("Secrets Manager", "reads of the canary", runs * usd_of("secret_call")),
        BillItem("DynamoDB", "writes of the canary", writes),
        BillItem("CloudWatch", "alarm of the canary", alarm),
    ]


def _monthly_reader_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    if event.audience == "direct":
        return []
    alarms = READER_ALARM_METRICS * usd_of("alarm_month")
    return [BillItem("CloudWatch", "alarms of the reader", alarms)]


def _delivery_and_log_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    lines = event.texts * usage.LOG_BYTES_PER_TEXT + event.batches * usage.LOG_BYTES_PER_BATCH
    page = event.viewers * usage.PAGE_BYTES / _GB * usd_of("edge_gb")
    requests = event.viewers * usage.PAGE_REQUESTS * usd_of("edge_request")
    reads = event.webhook_instances * event.seconds / usage.SECRET_SECONDS
    return [
        BillItem("CloudFront", "the page", page + requests),
        BillItem("CloudWatch", "logs", lines / _GB * usd_of("log_gb")),
        BillItem("Secrets Manager", "reads", reads * usd_of("secret_call")),
    ]


def _monthly_items(event: Event, usd_of: _PriceOf) -> list[BillItem]:
    watching = (
        ALARM_METRICS[event.webhook] * usd_of("alarm_month")
        + METRICS * usd_of("metric_month")
        + usd_of("dashboard_month")
    )
    polls = usage.IDLE_POLLERS * MONTH_HOURS * 3600 / usage.IDLE_POLL_SECONDS
    polled = BillItem("SQS", "polls of the empty queue", polls * usd_of("queue_request"))
    lines = [
        *([polled] if event.has_fallback else []),
        BillItem("Twilio", "number", usd_of("number_month")),
        BillItem("Twilio", "campaign", usd_of("campaign_month") * event.replies),
        BillItem("CloudWatch", "alarms, metrics, dashboard", watching),
        BillItem("Secrets Manager", "secret", usd_of("secret_month")),
        *_monthly_reconcile_items(event, usd_of),
        *_monthly_canary_items(event, usd_of),
        *_monthly_reader_items(event, usd_of),
    ]
    if event.webhook == "lambda":
        kept = usage.WEBHOOK_GB * MONTH_HOURS * 3600 * usd_of("snapshot_gb_second")
        return [*lines, BillItem("Lambda", "SnapStart's snapshot", kept)]
    hourly = usage.TASKS * _task_hour(usd_of)
    insights = INSIGHTS_METRICS * usd_of("metric_month")
    return [
        *lines,
        BillItem("Fargate", f"{usage.TASKS} tasks", MONTH_HOURS * hourly),
        BillItem("Load balancer", "hours", MONTH_HOURS * usd_of("balancer_hour")),
        BillItem("CloudWatch", "Container Insights", insights),
    ]
