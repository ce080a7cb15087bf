"""Evaluates alarms as CloudWatch documents it, minute by minute.

"Configuring how CloudWatch alarms treat missing data": an alarm looks at more data points than its
evaluation periods (its evaluation range; by the page's tables two more). If as many as it needs exist,
the newest of these count; else the missing ones are treated as the alarm says. "Using metric math":
`IF`, `FILL` and `SERVICE_QUOTA`; an expression over a missing value is missing. An alarm on a metric
of DynamoDB keeps its state while data is missing, whatever it says (PutMetricAlarm).
"""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

Series = Callable[[int], float | None]
"""The value of a metric in a minute; None if there is no data."""

QUOTA: Final = 10
"""Functions that may run at a time in a new account."""

_MORE_POINTS: Final = 2
_BREACHES: Final = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
}
_OPERATIONS: Final[Mapping[type, Callable[[Any, Any], Any]]] = {
    ast.Mult: operator.mul,
    ast.Sub: operator.sub,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.Eq: operator.eq,
}


def evaluate(expression: str, values: Mapping[str, float | None]) -> float | None:
    """The value of an expression in one minute; None if it is missing."""
    return _value(_parsed(expression), values)


@cache
def _parsed(expression: str) -> ast.expr:
    return ast.parse(expression.replace(" AND ", " and "), mode="eval").body


def _value(node: ast.expr, values: Mapping[str, float | None]) -> float | None:
    match node:
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=float() | int() as constant):
            return constant
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return _called(function, [_value(argument, values) for argument in arguments])
        case ast.BoolOp(op=ast.And(), values=parts):
            found_parts = [_value(part, values) for part in parts]
            return None if None in found_parts else all(found_parts)
        case (
            ast.BinOp(left=left, op=operation, right=right)
            | ast.Compare(left=left, ops=[operation], comparators=[right])
        ):
            pair = _value(left, values), _value(right, values)
            return None if None in pair else _OPERATIONS[type(operation)](*pair)
    raise NotImplementedError(ast.unparse(node))


def _called(function: str, arguments: list[float | None]) -> float | None:
    match function, arguments:
        case "FILL", [measured, other]:
            return other if measured is None else measured
        case "SERVICE_QUOTA", [measured]:
            return None if measured is None else QUOTA
        case "IF", [condition, met, unmet]:
            return None if condition is None else met if condition else unmet
    raise NotImplementedError(function)


def metrics_of(alarm: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The metrics of an alarm by the name that its expression has for them."""
    if "MetricName" in alarm:
        return {"measured": dict(alarm)}
    return {
        one["Id"]: one["MetricStat"]["Metric"] for one in alarm["Metrics"] if "MetricStat" in one
    }


def ringing(
    alarm: Mapping[str, Any], series: Mapping[str, Series], *, start: int, end: int
) -> list[int]:
    """The minutes in which an alarm goes from another state to ALARM, after its data is there.

    With data points of several minutes it is the last minute of one.

    `series` are the metrics by the names of `metrics_of`.
    """
    expression = next(
        (m["Expression"] for m in alarm.get("Metrics", []) if "Expression" in m), None
    )

    length = period_minutes(alarm)

    @cache  # each is in the evaluation ranges of several periods
    def point(period: int) -> float | None:
        minutes = range(period * length, (period + 1) * length)
        values = {name: _sum(map(held, minutes)) for name, held in series.items()}
        return evaluate(expression, values) if expression else values["measured"]

    states, rang = [False], []
    for period in range(start // length, end // length):
        states.append(_is_alarm(alarm, point, period, before=states[-1]))
        if states[-1] and not states[-2]:
            rang.append((period + 1) * length - 1)
    return rang


def period_minutes(alarm: Mapping[str, Any]) -> int:
    """The length of an alarm's data points. Longer ones than a minute are sums here."""
    periods = {
        one["MetricStat"]["Period"] for one in alarm.get("Metrics", []) if "MetricStat" in one
    }
    return max(periods, default=60) // 60


def _sum(values: Iterable[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return sum(found) if found else None


def _is_alarm(alarm: Mapping[str, Any], point: Series, minute: int, *, before: bool) -> bool:
    periods = alarm["EvaluationPeriods"]
    reaches = _BREACHES[alarm["ComparisonOperator"]]
    points = [point(one) for one in range(minute - periods - _MORE_POINTS + 1, minute + 1)]
    breaches = [reaches(one, alarm["Threshold"]) for one in points if one is not None][-periods:]
    missing = periods - len(breaches)
    if missing and alarm.get("Namespace") == "AWS/DynamoDB":
        return before
    if alarm["TreatMissingData"] == "breaching":
        breaches += [True] * missing
    return bool(sum(breaches) >= alarm["DatapointsToAlarm"])
