"""Settings that differ between stages, and options given as `-c name=value`.

Everything else in the stack is the same on a laptop and in production.
"""

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final, Literal, Self

from services.voting import gsm
from services.voting.addresses import E164

Stage = Literal["local", "dev", "prod"]

_EMULATOR_SHARD_ID: Final = "local"
FALLBACK_REPLY: Final = "Your text has arrived. If it is a vote, it will be counted."
NO_REPLY: Final = "none"

_INTERVAL: Final = re.compile(r"([1-9]|[1-5][0-9]|60) minutes?")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class OptionError(Exception):
    """An option given with `-c` is unknown or has an invalid value."""

    def __init__(self, option: str, value: object, remedy: str) -> None:
        self.option = option
        self.value = value
        self.remedy = remedy
        super().__init__(f"-c {option}={value}: {remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of `-c name=value`; each field is one, and all are optional."""

    number: str | None = None
    """E.164 number shown for polls that accept texts to every number of the account."""
    poll: str | None = None
    """Poll that the dashboard opens with; default: the first poll file."""
    webhook: Literal["lambda", "container"] = "lambda"
    fallback: Literal["on", "off"] = "on"
    """Whether texts go to a queue while the webhook is down."""
    fallback_reply: str = FALLBACK_REPLY
    """Reply to a text that went to the queue: one segment of GSM-7; `none` sends none."""
    reconcile: int = 0
    """Minutes from one scheduled reconciliation to the next, as "5 minutes"; 0 if it is off."""
    canary: int = 0
    """Minutes from one text of the canary to the next, as "5 minutes"; 0 if it is off."""
    alarm_email: str | None = None
    monthly_budget_usd: int = 50
    expected_texts_per_second: int | None = None
    """Rate for which capacity is provisioned, with auto-scaling; default: on demand."""
    expected_viewers: int = 100
    max_reads_per_second: int | None = None
    """Ceiling of the screens' reads on an on-demand table, in read units; more are throttled."""
    max_writes_per_second: int | None = None
    """Ceiling of an on-demand table; writes beyond it are throttled, not billed."""
    warm_writes_per_second: int | None = None
    """Rate that the tables take without scaling up; the part above 4,000 is charged once."""

    @classmethod
    def parse(cls, context: Mapping[str, object]) -> Self:
        """Parse the options in a CDK context; CDK's own keys contain `:`, `/` or `@`.

        Raises:
            OptionError: an option is unknown or has an invalid value.
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
        case "fallback" if value not in {"on", "off"}:
            raise OptionError(option, value, "say on or off")
        case "reconcile" | "canary" if value == "off":
            return 0
        case "reconcile" | "canary":
            return _minutes(option, value)
        case "fallback_reply" if remedy := _reply_problem(value):
            raise OptionError(option, value, remedy)
        case "number" if not re.fullmatch(E164, value):
            raise OptionError(option, value, "write it as +15550100199")
        case "alarm_email" if not _EMAIL.fullmatch(value):
            raise OptionError(option, value, "give one e-mail address")
        case "webhook" | "number" | "alarm_email" | "poll" | "fallback" | "fallback_reply":
            return value
        case _ if value.isascii() and value.isdigit() and int(value) > 0:
            return int(value)
        case _:
            raise OptionError(option, value, "give a whole number above 0")


def _minutes(option: str, value: str) -> int:
    if interval := _INTERVAL.fullmatch(value):
        return int(interval[1])
    raise OptionError(option, value, 'say off, or "5 minutes": whole minutes from 1 to 60')


def _reply_problem(reply: str) -> str | None:
    """Return what to do about a reply that cannot be a template or takes two segments."""
    if unsupported := gsm.unsupported_characters(reply):
        return f"leave out what GSM-7 lacks: {unsupported}"
    if templated := sorted(set(reply) & set("$#\\")):
        return f"leave out what API Gateway's templates replace: {' '.join(templated)}"
    if not reply.strip() or gsm.count_septets(reply) > gsm.SEGMENT:
        return f"write 1 to {gsm.SEGMENT} characters, or {NO_REPLY}"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """Settings of one stage; `local` runs on the emulator, the others on AWS."""

    stage: Stage
    python_version: str = "3.14"
    wheel_platform: str | None = "manylinux2014_aarch64"
    """pip platform of the wheels in a bundle; None means the host's."""
    keeps_data: bool = False
    """True if tables, secret and logs stay after `cdk destroy`."""
    log_retention_days: int = 30
    assumes_deploy_roles: bool = True
    """True if CDK assumes the bootstrap roles; False if it uses the caller's credentials."""
    snap_start: bool = True
    edge: Literal["none", "cloudfront"] = "cloudfront"
    """Server of the dashboard; with `none`, the local cloud uploads and serves it."""
    has_tls: bool = True
    """False where AWS's services are called by HTTP, as on the emulator."""
    is_monitored: bool = True
    """True if the stage has alarms and a CloudWatch dashboard."""
    stream_shard_id: str | None = None
    """Shard id to assume where stream events carry none, as on the emulator."""
    options: Options = Options()

    @property
    def stack_name(self) -> str:
        """The CloudFormation name of the stack."""
        return f"VoteApp-{self.stage}"

    @classmethod
    def of(cls, stage: object, options: Options) -> Self:
        """Return the settings of a stage.

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
        """Bundle for the host's Python: the emulator runs Lambda functions on it."""
        return cls(
            stage="local",
            python_version=".".join(platform.python_version_tuple()[:2]),
            wheel_platform=None,
            log_retention_days=1,
            assumes_deploy_roles=False,
            snap_start=False,
            edge="none",
            has_tls=False,
            is_monitored=False,
            stream_shard_id=_EMULATOR_SHARD_ID,
        )
