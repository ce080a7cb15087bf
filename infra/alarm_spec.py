"""What an alarm watches, and what it means."""

from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSpec:
    """An alarm: raised if the metric reaches `threshold` in `minutes` of five minutes."""

    name: str
    metric: cloudwatch.IMetric
    threshold: float
    minutes: int
    means: str
    """Text of the e-mail: what the alarm means for the count, and what to do."""
