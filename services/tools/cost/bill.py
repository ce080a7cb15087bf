"""The bill: usage times prices, line by line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.tools.cost import usage
from services.tools.cost.prices import Prices
from services.tools.cost.usage import Evening

MONTH_HOURS: Final = 730
ALARMS: Final = 8
METRICS: Final = 6
"""Three filters of logs, three of the aggregator's own."""
INSIGHTS_METRICS: Final = 20
"""Container Insights of one small cluster, about."""
_GB: Final = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one service takes for one thing."""

    service: str
    what: str
    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """`lines` are for the evening itself, `monthly` for having the stack, idle or not."""

    lines: Sequence[Line]
    monthly: Sequence[Line]
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


def bill_for(evening: Evening, prices: Prices) -> Bill:
    """What an evening costs, and what the stack costs a month."""
    of = prices.of
    texts = _texting(evening, of)
    hook = _container(evening, of) if evening.webhook == "container" else _lambda(evening, of)
    rest = [*_tables(evening, of), *_folding(evening, of), *_watching(evening, of)]
    return Bill(lines=[*texts, *hook, *rest], monthly=_monthly(evening, of), voters=evening.voters)


_Of = Callable[[str], float]


def _texting(evening: Evening, of: _Of) -> list[Line]:
    received = evening.texts * (of("text_in") + of("text_in_carrier"))
    sent = evening.texts * (of("text_out") + of("text_out_carrier")) if evening.replies else 0.0
    return [
        Line(service="Twilio", what="texts received", usd=received),
        Line(service="Twilio", what="replies sent", usd=sent),
    ]


def _lambda(evening: Evening, of: _Of) -> list[Line]:
    seconds = evening.texts * usage.WEBHOOK_SECONDS * usage.WEBHOOK_GB
    restored = evening.environments * usage.WEBHOOK_GB * of("snapshot_restored_gb")
    calls = evening.texts * of("lambda_request")
    return [
        Line(service="API Gateway", what="requests", usd=evening.texts * of("api_request")),
        Line(
            service="Lambda",
            what="webhook",
            usd=calls + seconds * of("lambda_gb_second") + restored,
        ),
    ]


def _container(evening: Evening, of: _Of) -> list[Line]:
    hours = evening.seconds / 3600
    task = usage.TASK_VCPU * of("vcpu_hour") + usage.TASK_GB * of("memory_gb_hour")
    units = max(1.0, evening.busiest / usage.CONNECTIONS_PER_UNIT)
    balancer = of("balancer_hour") + units * of("balancer_unit_hour")
    return [
        Line(service="API Gateway", what="requests", usd=evening.texts * of("api_request")),
        Line(
            service="Fargate",
            what=f"{evening.environments} tasks",
            usd=evening.environments * hours * (task + of("address_hour")),
        ),
        Line(service="Load balancer", what="hours and units", usd=hours * balancer),
    ]


def _tables(evening: Evening, of: _Of) -> list[Line]:
    changed = evening.texts - evening.voters
    directory = evening.environments * evening.seconds / usage.DIRECTORY_SECONDS
    looks = evening.looks * usage.BOARD_READ_UNITS
    votes = evening.vote_writes * of("write_unit") + changed * of("read_unit")
    out = evening.looks * usage.BOARD_BYTES / _GB
    return [
        Line(service="DynamoDB", what="votes", usd=votes),
        Line(service="DynamoDB", what="folds", usd=evening.batches * of("write_unit")),
        Line(service="DynamoDB", what="polls read", usd=directory * of("read_unit")),
        Line(service="DynamoDB", what="screens read", usd=looks * of("read_unit")),
        Line(service="Data transfer", what="to the screens", usd=out * of("out_gb")),
    ]


def _folding(evening: Evening, of: _Of) -> list[Line]:
    seconds = evening.batches * usage.FOLD_SECONDS * usage.FOLD_GB
    calls = evening.batches * of("lambda_request")
    return [Line(service="Lambda", what="aggregator", usd=calls + seconds * of("lambda_gb_second"))]


def _watching(evening: Evening, of: _Of) -> list[Line]:
    lines = evening.texts * usage.LOG_BYTES_PER_TEXT + evening.batches * usage.LOG_BYTES_PER_BATCH
    page = evening.viewers * usage.PAGE_BYTES / _GB * of("edge_gb")
    requests = evening.viewers * usage.PAGE_REQUESTS * of("edge_request")
    reads = evening.environments * evening.seconds / usage.SECRET_SECONDS
    return [
        Line(service="CloudFront", what="the page", usd=page + requests),
        Line(service="CloudWatch", what="logs", usd=lines / _GB * of("log_gb")),
        Line(service="Secrets Manager", what="reads", usd=reads * of("secret_call")),
    ]


def _monthly(evening: Evening, of: _Of) -> list[Line]:
    watching = ALARMS * of("alarm_month") + METRICS * of("metric_month") + of("dashboard_month")
    lines = [
        Line(service="Twilio", what="number", usd=of("number_month")),
        Line(service="Twilio", what="campaign", usd=of("campaign_month") * evening.replies),
        Line(service="CloudWatch", what="alarms, metrics, dashboard", usd=watching),
        Line(service="Secrets Manager", what="secret", usd=of("secret_month")),
    ]
    if evening.webhook == "lambda":
        kept = usage.WEBHOOK_GB * MONTH_HOURS * 3600 * of("snapshot_gb_second")
        return [*lines, Line(service="Lambda", what="SnapStart's snapshot", usd=kept)]
    task = usage.TASK_VCPU * of("vcpu_hour") + usage.TASK_GB * of("memory_gb_hour")
    hourly = usage.TASKS * (task + of("address_hour"))
    insights = INSIGHTS_METRICS * of("metric_month")
    return [
        *lines,
        Line(service="Fargate", what=f"{usage.TASKS} tasks", usd=MONTH_HOURS * hourly),
        Line(service="Load balancer", what="hours", usd=MONTH_HOURS * of("balancer_hour")),
        Line(service="CloudWatch", what="Container Insights", usd=insights),
    ]
