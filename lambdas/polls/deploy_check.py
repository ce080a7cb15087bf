"""The check of a deploy: refuses to lose options that are deployed, and names the open polls.

CloudFormation removes resources that a template no longer has only after every update has
succeeded ("Understand update behaviors of stack resources", "Stack update rollback"), so a refusal
here comes before anything is removed. A rollback is a request to update, too, with new and old
properties exchanged; only the status of the stack tells it from a deploy.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

ROLLING_BACK: Final = "UPDATE_ROLLBACK_IN_PROGRESS"
"""The status of a stack that returns to the state before a failed update."""

Properties = Mapping[str, Any]


class ForgottenOptionsError(Exception):
    """A deploy would lose options that are deployed, or change them back."""

    def __init__(self, lost: Mapping[str, str]) -> None:
        given = " ".join(f'-c {name}="{value}"' for name, value in lost.items())
        super().__init__(
            f"this deploy was not given options that are deployed: give {given} again, better "
            f"in cdk.json; or, to lose them on purpose: -c drop={','.join(lost)}"
        )


def check_options(old: Properties, new: Properties, status: Callable[[], str]) -> None:
    """Compare the options of two deploys; `status` reads that of the stack.

    Raises:
        ForgottenOptionsError: an option of the deploy before is missing, or has another value
            although it was given on the command line only and is not given there now.
    """
    lost = _lost(old, new)
    if lost and status() != ROLLING_BACK:
        raise ForgottenOptionsError(lost)


def _lost(old: Properties, new: Properties) -> dict[str, str]:
    deployed, given = old.get("Options", {}), new["Options"]
    intended = {*_names(new, "ByCommand"), *_names(new, "Drop")}
    # What cdk.json held before and holds now was changed there.
    intended |= set(given) - _names(old, "ByCommand")
    return {
        name: value
        for name, value in deployed.items()
        if name not in intended and given.get(name) != value
    }


def _names(properties: Properties, key: str) -> set[str]:
    return set(filter(None, properties.get(key, "").split(",")))
