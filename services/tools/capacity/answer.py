"""The answer of `voteapp capacity`, as a JSON document and as text with a Markdown table."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from services.tools.capacity import board, limits
from services.tools.capacity.cost import bill_of
from services.tools.capacity.limits import Assumption
from services.tools.capacity.plan import EDGE_LOCATIONS, CapacityPlan
from services.tools.capacity.quotas import quotas_to_raise
from services.tools.cost.prices import Prices
from services.voting.amounts import amount

OURS: Final = (
    Assumption(
        "Votes are spread evenly over the keys. DynamoDB's hash is not public: MD5 takes its "
        "place. A plan must suit 95 of 100 placements, in which at most 1 % of the writes of the "
        "busiest second are throttled at first, and tried again.",
        "the model",
    ),
    Assumption(
        f"{limits.TEXTS_PER_VOTER} texts a voter: a changed vote takes two write units.",
        "an assumption",
    ),
    Assumption(
        f"For a large audience at most {EDGE_LOCATIONS} edge locations ask the reader, each about "
        "once a second.",
        "CloudFront, Simultaneous requests for the same object (request collapsing)",
    ),
)
ASSUMPTIONS: Final = (*limits.AWS_SAYS, *board.ASSUMPTIONS, *OURS)


def options_of(plan: CapacityPlan) -> dict[str, str]:
    """The options of a deploy that the plan needs, by their names in `cdk.json`."""
    options = {"expected_texts_per_second": f"{plan.demand.texts_per_second}"}
    if plan.warm_writes_per_second:
        options["warm_writes_per_second"] = f"{plan.warm_writes_per_second}"
    if plan.read_path == "large":
        options["audience"] = "large"
    return options


def document(plan: CapacityPlan, minutes: float, prices: Prices) -> Mapping[str, Any]:
    """Return the whole answer for scripts."""
    bill = bill_of(plan, minutes, prices)
    return {
        "shards": plan.shards,
        "partitions": plan.partitions,
        "write_units_per_second": plan.demand.write_units,
        "accepted_write_units_per_second": plan.rates._asdict(),
        "read_units_per_second": plan.read_units,
        "read_path": plan.read_path,
        "direct_viewers": plan.board.viewers,
        "board": {
            "rows": plan.board.rows,
            "bytes": plan.board.size_bytes,
            "read_units": plan.board.read_units,
        },
        "options": options_of(plan),
        "quotas_to_raise": [asdict(quota) for quota in quotas_to_raise(plan)],
        "cost": {
            "minutes": minutes,
            "voters": bill.voters,
            "aws_usd": round(bill.without("Twilio"), 2),
            "evening_usd": round(bill.usd, 2),
            "by_service": {name: round(usd, 4) for name, usd in bill.by_service().items()},
            "prices_read_on": f"{prices.read_on}",
            "region": prices.region,
        },
        "assumptions": [asdict(assumption) for assumption in ASSUMPTIONS],
    }


def render(plan: CapacityPlan, minutes: float, prices: Prices) -> str:
    """Return the answer for people, without the assumptions."""
    asked = plan.demand
    texts, viewers = amount(asked.texts_per_second, "text"), amount(asked.viewers, "viewer")
    days = "1 day" if asked.days == 1 else f"{asked.days:g} days"
    head = (
        f"{texts} in the busiest second, {viewers}, {amount(asked.polls, 'poll')} open for {days}:"
    )
    return "\n".join([head, "", *_table(plan, minutes, prices), "", *_instructions(plan)])


def render_assumptions() -> str:
    """Return the assumptions as a list, each with its source."""
    return "\n".join(f"- {one.what} ({one.source})" for one in ASSUMPTIONS)


def _table(plan: CapacityPlan, minutes: float, prices: Prices) -> Iterator[str]:
    bill, each = bill_of(plan, minutes, prices), plan.board
    aws = bill.without("Twilio")
    yield "| | | |"
    yield "|---|---:|---|"
    yield f"| shards of a poll | {plan.shards:,} | {_keys(plan)} |"
    yield f"| partitions of the votes table | {plan.partitions:,} | {_writes(plan)} |"
    yield (
        f"| write units a second | {plan.demand.write_units:,} | "
        "one a text, two for a changed vote |"
    )
    yield (
        f"| read units a second | {plan.read_units:,.0f} | {plan.reads_per_second:,} queries of "
        f"{each.read_units:g} units: {each.rows:,} rows, {each.size_bytes / 1000:,.0f} KB |"
    )
    yield f"| way to read | {plan.read_path} | {_way(plan)} |"
    yield (
        f"| cost on AWS | ${aws:,.2f} | {minutes:g} minutes with {bill.voters:,} voters; "
        f"texts and replies cost ${bill.usd - aws:,.2f} more |"
    )


def _keys(plan: CapacityPlan) -> str:
    keys = plan.shards * plan.demand.polls
    return f"{keys:,} keys on {plan.partitions:,} partitions"


def _writes(plan: CapacityPlan) -> str:
    return (
        f"take {plan.rates.nearly_always:,} write units a second in 95 of 100 placements, "
        f"{plan.rates.median:,} in half of them"
    )


def _way(plan: CapacityPlan) -> str:
    serves = f"reading the table directly serves {plan.board.viewers:,} viewers"
    if plan.read_path == "direct":
        return serves
    return f"{serves}; CloudFront and a reader function serve any number"


def _instructions(plan: CapacityPlan) -> Iterator[str]:
    yield f"- In the poll file: shards = {plan.shards}"
    options = " ".join(f"-c {name}={value}" for name, value in options_of(plan).items())
    yield f"- Deploy with: {options}"
    if plan.warm_writes_per_second:
        yield (
            "- AWS charges once for warm_writes_per_second, and it can never be lowered. Without "
            f"it, a table that has taken {plan.demand.write_units // 2:,} write units a second "
            "before takes twice that."
        )
    for quota in quotas_to_raise(plan):
        change = f"from {quota.default:,} to {quota.needed:,}"
        yield f"- Ask AWS to raise a quota: {quota.name}, {change}."
    if plan.read_path == "large" and plan.board.viewers < EDGE_LOCATIONS:
        yield (
            f"- The board serves {plan.board.viewers:,} edge locations a second, which is enough "
            "unless the audience is world-wide."
        )
