"""What an alarm watches, and what it means."""

from dataclasses import dataclass
from typing import Final

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_logs as logs

DOCTOR: Final = "voteapp doctor --stage {stage} --no-text"
ACCOUNT_SETTINGS: Final = "aws lambda get-account-settings"
"""Says how many functions may run at a time in this account and region."""


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
    """What the alarm means for the count, and what to do."""
    command: str
    """The first command to type; `{stage}` stands for the stage."""
    is_floor: bool = False
    periods: int = 5

    def description(self, stage: str) -> str:
        """Return the text of the e-mail."""
        return f"{self.means}\nFirst: {self.command.replace('{stage}', stage)}"


def tail(log_group: logs.ILogGroup) -> str:
    """Return the command that prints the last lines of a log."""
    return f"aws logs tail {log_group.log_group_name} --since 10m"


def describe(table: dynamodb.ITable) -> str:
    """Return the command that prints the capacity and the limits of a table."""
    return f"aws dynamodb describe-table --table-name {table.table_name}"
