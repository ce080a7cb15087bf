"""What differs between the stages, and what a person may choose with `-c name=value`.

Everything else about the stack is the same on a laptop and in production. Imports the
standard library only.
"""

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final, Literal, Self

Stage = Literal["local", "dev", "prod"]

_EMULATED_SHARD: Final = "local"
_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class OptionError(Exception):
    """An option given with `-c` is unknown, or has a value that cannot be used."""

    def __init__(self, option: str, value: object, remedy: str) -> None:
        self.option = option
        self.value = value
        self.remedy = remedy
        super().__init__(f"-c {option}={value}: {remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may choose, by the names of the fields; all are optional."""

    number: str | None = None
    """E.164 number shown for polls that answer on every number of the account."""
    poll: str | None = None
    """Poll the dashboard opens with; without it, the first of the poll files."""
    webhook: Literal["lambda", "container"] = "lambda"
    alarm_email: str | None = None
    monthly_budget_usd: int = 50
    expected_texts_per_second: int | None = None
    """Provisioned capacity for this rate, with auto-scaling; without it, on demand."""
    expected_viewers: int = 100
    max_writes_per_second: int | None = None
    """Ceiling of an on-demand table: what goes beyond it is throttled, not billed."""
    warm_writes_per_second: int | None = None
    """Have the tables take this rate at once. Charged once, for what exceeds 4,000."""

    @classmethod
    def parse(cls, context: Mapping[str, object]) -> Self:
        """Check the options of a CDK context; keys of CDK's own hold a `:`, `/` or `@`.

        Raises:
            OptionError: an option is unknown, or its value is not one it can have.
        """
        known = {field.name for field in fields(cls)}
        given = {key: value for key, value in context.items() if not re.search("[:/@]", key)}
        given.pop("stage", None)
        for key, value in given.items():
            if key not in known:
                raise OptionError(key, value, f"no such option; there are {sorted(known)}")
        return cls(**{key: _check(key, str(value)) for key, value in given.items()})  # type: ignore[arg-type]


def _check(option: str, value: str) -> str | int:
    match option:
        case "webhook" if value not in {"lambda", "container"}:
            raise OptionError(option, value, "say lambda or container")
        case "number" if not _E164.fullmatch(value):
            raise OptionError(option, value, "write it as +15550100199")
        case "alarm_email" if not _EMAIL.fullmatch(value):
            raise OptionError(option, value, "give one e-mail address")
        case "webhook" | "number" | "alarm_email" | "poll":
            return value
        case _ if value.isascii() and value.isdigit() and int(value) > 0:
            return int(value)
        case _:
            raise OptionError(option, value, "give a whole number above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """One stage. `local` is the emulator on this machine; the others are AWS accounts."""

    stage: Stage
    python_version: str = "3.14"
    wheel_platform: str | None = "manylinux2014_aarch64"
    """Platform of the wheels in a bundle; None takes those of the machine that builds."""
    keeps_data: bool = False
    """Data outlives the stack: tables, secret and logs stay after a destroy."""
    log_retention_days: int = 30
    assumes_deploy_roles: bool = True
    """The CDK command line assumes the bootstrap roles, or uses the caller's credentials."""
    snap_start: bool = True
    edge: Literal["none", "cloudfront"] = "cloudfront"
    """Who serves the dashboard; `none` leaves that and the upload to the local cloud."""
    watched: bool = True
    stream_shard_id: str | None = None
    """Stands in for the shard id that an emulator's stream events lack."""
    options: Options = Options()

    @property
    def stack_name(self) -> str:
        """Physical name of the stack."""
        return f"VoteApp-{self.stage}"

    @classmethod
    def of(cls, stage: object, options: Options) -> Self:
        """The settings of a stage.

        Raises:
            OptionError: there is no such stage.
        """
        match stage:
            case "local":
                return replace(cls._local(), options=options)
            case "dev":
                return cls(stage="dev", options=options)
            case "prod":
                return cls(stage="prod", keeps_data=True, log_retention_days=90, options=options)
            case _:
                raise OptionError("stage", stage, "say local, dev or prod")

    @classmethod
    def _local(cls) -> Self:
        """The emulator runs functions on its own interpreter, the one that builds them."""
        return cls(
            stage="local",
            python_version=".".join(platform.python_version_tuple()[:2]),
            wheel_platform=None,
            log_retention_days=1,
            assumes_deploy_roles=False,
            snap_start=False,
            edge="none",
            watched=False,
            stream_shard_id=_EMULATED_SHARD,
        )
