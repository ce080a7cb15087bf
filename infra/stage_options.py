"""The options of one stage: those that `cdk.json` keeps for it, and those given with `-c`.

`cdk.json` keeps them under the context key `voteapp:<stage>`. An option that is given with `-c` to
one deploy and forgotten at the next would remove alarms, budget or containers. So the deployed
stack remembers its options, and the function of the custom resources compares them
(`lambdas/polls/deploy_check.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from infra.options import OptionError, check_options

_PREFIX: Final = "voteapp:"
_STAGES: Final = ("local", "dev", "prod")
_NO_OPTIONS: Final = frozenset({"stage", "drop"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOptions:
    """The given options as text, by name."""

    kept: Mapping[str, str] = field(default_factory=dict)
    """From `cdk.json`."""
    by_command: Mapping[str, str] = field(default_factory=dict)
    """From `-c`; they win over those that are kept."""
    drop: tuple[str, ...] = ()
    """The deployed options that this deploy may lose: `-c drop=alarm_email,number`."""

    @classmethod
    def of(cls, stage: str, context: Mapping[str, object]) -> Self:
        """Read the options in a CDK context; CDK's own keys contain `:`, `/` or `@`.

        Raises:
            OptionError: an option is unknown or has an invalid value, or an option that is to be
                dropped is still given.
        """
        kept = _kept(context).get(stage, {})
        given = {
            key: f"{value}"
            for key, value in context.items()
            if key not in _NO_OPTIONS and not re.search("[:/@]", key)
        }
        check_options(given)
        drop = tuple(filter(None, str(context.get("drop", "")).split(",")))
        for name in drop:
            if name in kept or name in given:
                raise OptionError("drop", name, "it is still given: take it out of cdk.json or -c")
        return cls(kept=kept, by_command=given, drop=drop)

    @property
    def all(self) -> dict[str, str]:
        """Every given option."""
        return {**self.kept, **self.by_command}

    def to_properties(self) -> dict[str, object]:
        """Return the properties by which the custom resource compares two deploys.

        They are ASCII, because CloudFormation reads other characters back as question marks.
        """
        options = {name: _ascii(value) for name, value in sorted(self.all.items())}
        by_command, drop = ",".join(sorted(self.by_command)), ",".join(sorted(self.drop))
        return {"Options": options, "ByCommand": by_command, "Drop": drop}


def _kept(context: Mapping[str, object]) -> dict[str, dict[str, str]]:
    """Return the options of every stage in `cdk.json`."""
    found: dict[str, dict[str, str]] = {}
    for key, options in context.items():
        if not key.startswith(_PREFIX):
            continue
        stage = key.removeprefix(_PREFIX)
        if stage not in _STAGES or not isinstance(options, Mapping):
            remedy = f'in cdk.json, write "{_PREFIX}prod": {{"alarm_email": "..."}} in "context"'
            raise OptionError(key, options, remedy, source="context")
        check_options(options, source=f"cdk.json, {key}:")
        found[stage] = {name: f"{value}" for name, value in options.items()}
    return found


def _ascii(value: str) -> str:
    return value.encode("ascii", "backslashreplace").decode()
