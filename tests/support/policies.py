"""Evaluates resource policies and grants as IAM does, as far as the stack's statements go.

IAM, "Policy evaluation logic": an explicit Deny wins, then an Allow of either policy is enough for
callers of the same account, and without one the request is denied. A condition key that the request
lacks fails every operator of `_OPERATORS` but `Null`.
"""

import fnmatch
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ACCOUNT: Final = "111111111111"
_PSEUDO: Final = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": "us-east-1",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`caller` is a service, or a role as `resolve` writes it; `context` holds condition keys."""

    caller: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def resolve(value: Any) -> Any:
    """Replace intrinsic functions by strings: `Ref` by the logical id, `GetAtt` by `id.Attribute`."""
    match value:
        case {"Ref": str(name)}:
            return _PSEUDO.get(name, name)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"{name}.{attribute}"
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(map(resolve, parts))
        case dict():
            return {key: resolve(held) for key, held in value.items()}
        case list():
            return [resolve(held) for held in value]
    return value


def is_allowed(statements: Iterable[Mapping[str, Any]], request: Request) -> bool:
    """Whether the resolved statements, of the resource and of the caller, allow a request."""
    effects = {one["Effect"] for one in statements if _applies(one, request)}
    return "Deny" not in effects and "Allow" in effects


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    conditions = statement.get("Condition", {})
    return (
        _is_caller(statement.get("Principal", "*"), request.caller)
        and _matches(statement["Action"], request.action.lower(), str.lower)
        and _matches(statement["Resource"], request.resource)
        and all(
            _OPERATORS[operator](_as_list(wanted), _value(request, key))
            for operator, keys in conditions.items()
            for key, wanted in keys.items()
        )
    )


def _is_caller(principal: Any, caller: str) -> bool:
    """A star names everybody; a grant of a role has no principal."""
    named = [principal] if isinstance(principal, str) else [
        one for held in principal.values() for one in _as_list(held)
    ]  # fmt: skip
    return "*" in named or caller in named


def _matches(patterns: Any, value: str, change: Callable[[str], str] = str) -> bool:
    return any(fnmatch.fnmatchcase(value, change(pattern)) for pattern in _as_list(patterns))


def _value(request: Request, key: str) -> str | None:
    """Condition keys are not case-sensitive."""
    return {name.lower(): held for name, held in request.context.items()}.get(key.lower())


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_one_of(wanted: list[str], value: str | None) -> bool:
    return value in wanted


def _is_like(wanted: list[str], value: str | None) -> bool:
    return value is not None and _matches(wanted, value)


_OPERATORS: Final[Mapping[str, Callable[[list[str], str | None], bool]]] = {
    "Bool": _is_one_of,
    "StringEquals": _is_one_of,
    "ArnEquals": _is_like,
    "ArnLike": _is_like,
    "StringLike": _is_like,
    "Null": lambda wanted, value: (value is None) == (wanted == ["true"]),
}
