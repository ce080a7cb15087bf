"""Alarms and graphs of the webhook in containers."""

from aws_cdk import aws_cloudwatch as cloudwatch

from infra import metrics
from infra.alarm_spec import DOCTOR, AlarmSpec, tail
from infra.container import WebhookService


class ContainerWatch:
    """What to watch of the load balancer and the tasks behind it."""

    def __init__(self, service: WebhookService) -> None:
        self._log = tail(service.log_group)
        self._unhealthy = metrics.target_metric(service.targets, "UnHealthyHostCount", "Maximum")
        self._healthy = metrics.target_metric(service.targets, "HealthyHostCount", "Minimum")
        balancer = service.balancer
        self._refused = metrics.balancer_metric(balancer, "HTTPCode_ELB_5XX_Count")
        self._failed = metrics.balancer_metric(balancer, "HTTPCode_Target_5XX_Count")

    def alarm_specs(self) -> list[AlarmSpec]:
        """Return the alarms."""
        return [
            AlarmSpec(
                name="TasksUnhealthy",
                metric=self._unhealthy,
                threshold=1,
                minutes=3,
                means="A task does not answer; ECS replaces it. If that goes on, read its log.",
                command=self._log,
            ),
            AlarmSpec(
                name="BalancerFails",
                metric=self._refused,
                threshold=1,
                minutes=2,
                means="The load balancer found no task that answers; Twilio sends the texts again.",
                command=DOCTOR,
            ),
            AlarmSpec(
                name="TasksFail",
                metric=self._failed,
                threshold=1,
                minutes=2,
                means="Tasks answer texts with errors. Read the webhook's log for the reason.",
                command=self._log,
            ),
        ]

    def graphs(self) -> dict[str, list[cloudwatch.IMetric]]:
        """Return the graphs by title."""
        return {
            "Tasks: healthy, unhealthy": [self._healthy, self._unhealthy],
            "Load balancer: errors": [self._refused, self._failed],
        }
