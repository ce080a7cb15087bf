"""How many metrics CloudWatch charges for: custom ones, and those that alarms look at.

A test counts them in the templates (`tests/infra/test_watched.py`).
"""

from collections.abc import Mapping
from typing import Final

from services.tools.cost.usage import Webhook

ALARM_METRICS: Final[Mapping[Webhook, int]] = {"lambda": 33, "container": 35}
"""An alarm is charged for each metric that it looks at."""
METRICS: Final = 22
"""Custom metrics: twelve from log filters, four from the aggregator, and at the most six of the
event source mapping, which are taken for custom ones."""
RECONCILE_ALARM_METRICS: Final = 3
RECONCILE_METRICS: Final = 1
CANARY_ALARM_METRICS: Final = 2
READER_ALARM_METRICS: Final = 2
INSIGHTS_METRICS: Final = 20
"""Approximate number of Container Insights metrics of one small cluster."""
