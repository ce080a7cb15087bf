"""The bill of an event with the reads of its plan, at list prices."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from services.tools.capacity import limits
from services.tools.capacity.plan import CapacityPlan
from services.tools.cost import usage
from services.tools.cost.bill import Bill, BillItem, bill_for
from services.tools.cost.prices import Prices
from services.tools.cost.usage import Event

ROW_ANSWER_BYTES: Final = 350
"""What one more row adds to DynamoDB's answer, as JSON."""
BOARD_JSON_BYTES: Final = 1_500
"""An answer of the reader, compressed, with its headers."""
READER_SECONDS: Final = 0.03
READER_GB: Final = 0.5
_SMALL_BOARD: Final = {"screens read", "to the screens"}
"""Items of the estimate without a plan, which takes a board of one row."""
_GB: Final = 1e9


def event_of(plan: CapacityPlan, minutes: float) -> Event:
    """The event: the average rate is a tenth of the peak, as the estimate of the cost has it."""
    texts = plan.demand.texts_per_second * minutes * 60 / usage.PEAK_FACTOR
    return Event(
        voters=max(1, round(texts / limits.TEXTS_PER_VOTER)),
        minutes=minutes,
        viewers=plan.demand.viewers,
        texts_per_voter=limits.TEXTS_PER_VOTER,
    )


def bill_of(plan: CapacityPlan, minutes: float, prices: Prices) -> Bill:
    """The bill of the event, in which all viewers watch from open to close."""
    bill = bill_for(event_of(plan, minutes), prices)
    others = [item for item in bill.lines if item.what not in _SMALL_BOARD]
    return replace(bill, lines=[*others, *_reading(plan, minutes * 60, prices)])


def _reading(plan: CapacityPlan, seconds: float, prices: Prices) -> Iterator[BillItem]:
    usd_of = prices.usd_of
    units = plan.read_units * seconds * usd_of("read_unit")
    yield BillItem("DynamoDB", "boards read", units)
    answers = plan.demand.viewers * seconds
    if plan.read_path == "direct":
        size = usage.BOARD_BYTES + ROW_ANSWER_BYTES * (plan.board.rows - 1)
        out = answers * size / _GB * usd_of("out_gb")
        yield BillItem("Data transfer", "boards", out)
        return
    out = answers * BOARD_JSON_BYTES / _GB * usd_of("edge_gb")
    yield BillItem("CloudFront", "boards", answers * usd_of("edge_request") + out)
    calls = plan.reads_per_second * seconds
    gb_seconds = calls * READER_SECONDS * READER_GB
    used = calls * usd_of("lambda_request") + gb_seconds * usd_of("lambda_gb_second")
    yield BillItem("Lambda", "reader", used)
