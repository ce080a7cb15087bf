"""What an alarm watches, and what it means."""

from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSpec:
    """An alarm: raised if the metric reaches `threshold` in `minutes` of five minutes.

    With `is_floor` it is raised if the metric is below the threshold or missing. `periods` is the
    number of the metric's periods that are looked at.
    """

    name: str
    metric: cloudwatch.IMetric
    threshold: float
    minutes: int
    means: str
    """Text of the e-mail: what the alarm means for the count, and what to do."""
    command: str = ""
    """The first command to type."""
    is_floor: bool = False
    periods: int = 5
