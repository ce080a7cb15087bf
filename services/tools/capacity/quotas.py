"""The quotas of an AWS account that a plan exceeds, and which AWS raises on request."""

from dataclasses import dataclass
from typing import Final

from services.tools.capacity import limits
from services.tools.capacity.plan import CapacityPlan
from services.tools.cost.usage import WEBHOOK_SECONDS

REQUESTS_PER_TEXT: Final = 2
"""What each API admits: `infra/capacity.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One quota, its default, and what the plan needs."""

    name: str
    default: int
    needed: int


def quotas_to_raise(plan: CapacityPlan) -> list[Quota]:
    """Return the quotas whose defaults do not suffice. The names are those of Service Quotas."""
    texts = plan.demand.texts_per_second
    every = (
        Quota(
            name="DynamoDB, table-level write throughput",
            default=limits.TABLE_QUOTA,
            needed=max(plan.demand.write_units, plan.warm_writes_per_second or 0),
        ),
        Quota(
            name="API Gateway, throttle rate of the account",
            default=limits.API_QUOTA,
            needed=texts * REQUESTS_PER_TEXT,
        ),
        Quota(
            name="Lambda, concurrent executions",
            default=limits.CONCURRENCY_QUOTA,
            needed=round(texts * REQUESTS_PER_TEXT * WEBHOOK_SECONDS) + plan.partitions,
        ),
    )
    return [quota for quota in every if quota.needed > quota.default]
