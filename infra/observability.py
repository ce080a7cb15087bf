"""The alarms and the CloudWatch dashboard of all that the stack watches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from infra.account_watch import AccountWatch
from infra.aggregation import Aggregation
from infra.aggregation_watch import AggregationWatch
from infra.alarm_spec import AlarmSpec
from infra.canary import Canary
from infra.canary_watch import CanaryWatch
from infra.config import StageConfig
from infra.container_watch import ContainerWatch
from infra.fallback import Fallback
from infra.fallback_watch import FallbackWatch
from infra.ingest import Ingest
from infra.ingest_watch import IngestWatch
from infra.merging import Merging
from infra.merging_watch import MergingWatch
from infra.notifications import add_budget, add_topic
from infra.reader import Reader
from infra.reader_watch import ReaderWatch
from infra.reconciliation import Reconciliation
from infra.reconciliation_watch import ReconciliationWatch
from infra.storage import Storage

_REACHES: Final = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
_BELOW: Final = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_BREACHING: Final = cloudwatch.TreatMissingData.BREACHING
_NOT_BREACHING: Final = cloudwatch.TreatMissingData.NOT_BREACHING


class Watch(Protocol):
    """What to watch of one part of the stack."""

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarms."""

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs by title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedParts:
    """The parts of a stack that are watched."""

    storage: Storage
    ingest: Ingest
    fallback: Fallback | None
    aggregation: Aggregation
    merging: Merging
    reconciliation: Reconciliation | None
    canary: Canary | None
    reader: Reader | None


class Observability(Construct):
    """Alarms and a dashboard; with an address, also e-mails and a budget."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: StageConfig, parts: WatchedParts
    ) -> None:
        super().__init__(scope, construct_id)
        watches = [*self._watches(parts, config)]
        options = config.options
        self._add_alarms([spec for w in watches for spec in w.alarm_specs()], config)
        if options.alarm_email:
            add_budget(self, options.alarm_email, config)
        self._add_dashboard({title: g for w in watches for title, g in w.graphs().items()})

    def _watches(self, parts: WatchedParts, config: StageConfig) -> Iterator[Watch]:
        """Yield what to watch, in the order in which a text passes it."""
        storage, namespace = parts.storage, config.stack_name
        ingest = IngestWatch(self, parts.ingest, storage.votes, namespace)
        yield ingest
        if parts.ingest.service:
            yield ContainerWatch(parts.ingest.service)
        yield AggregationWatch(
            self,
            parts.aggregation,
            aggregates=storage.aggregates,
            accepted=ingest.accepted,
            namespace=namespace,
        )
        yield MergingWatch(self, parts.merging, namespace)
        yield AccountWatch()
        if parts.fallback:
            yield FallbackWatch(self, parts.fallback, namespace)
        if parts.reconciliation:
            yield ReconciliationWatch(self, parts.reconciliation, namespace)
        if parts.canary:
            yield CanaryWatch(parts.canary, config.options.canary)
        if parts.reader:
            yield ReaderWatch(parts.reader)

    def _add_alarms(self, specs: Sequence[AlarmSpec], config: StageConfig) -> None:
        email = config.options.alarm_email
        topic = add_topic(self, email) if email else None
        for spec in specs:
            alarm = cloudwatch.Alarm(
                self,
                spec.name,
                metric=spec.metric,
                threshold=spec.threshold,
                evaluation_periods=spec.periods,
                datapoints_to_alarm=spec.minutes,
                comparison_operator=_BELOW if spec.is_floor else _REACHES,
                treat_missing_data=_BREACHING if spec.is_floor else _NOT_BREACHING,
                alarm_description=spec.description(config.stage),
            )
            if topic:
                alarm.add_alarm_action(actions.SnsAction(topic))

    def _add_dashboard(self, graphs: Mapping[str, Sequence[cloudwatch.IMetric]]) -> None:
        dashboard = cloudwatch.Dashboard(self, "Pipeline")
        widgets = [
            cloudwatch.GraphWidget(title=title, left=[*graph_metrics], width=12)
            for title, graph_metrics in graphs.items()
        ]
        for start in range(0, len(widgets), 2):
            dashboard.add_widgets(*widgets[start : start + 2])
