"""Settings that differ between stages.

Everything else in the stack is the same on a laptop and in production.
"""

import platform
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self

from aws_cdk import RemovalPolicy

from infra.options import OptionError, Options

Stage = Literal["local", "dev", "prod"]

_EMULATOR_SHARD_ID: Final = "local"


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
    edge: Literal["local", "api", "cloudfront"] = "cloudfront"
    """Server of the dashboard; with `local`, the local cloud uploads and serves it."""
    has_tls: bool = True
    """False where AWS's services are called by HTTP, as on the emulator."""
    is_monitored: bool = True
    """True if the stage has alarms and a CloudWatch dashboard."""
    stream_shard_id: str | None = None
    """Shard id to assume where stream events carry none, as on the emulator."""
    options: Options = field(default_factory=Options)

    @property
    def stack_name(self) -> str:
        """The CloudFormation name of the stack."""
        return f"VoteApp-{self.stage}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags of every resource; `stage` is unique in an account, for the budget's filter."""
        return {"project": "VoteApp", "stage": self.stack_name}

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What happens to data when its stack is deleted; a failed first deploy keeps none."""
        keep = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        return keep if self.keeps_data else RemovalPolicy.DESTROY

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
                return cls(stage="dev", edge=_edge(options), options=options)
            case "prod":
                return cls(
                    stage="prod",
                    keeps_data=True,
                    log_retention_days=90,
                    edge=_edge(options),
                    options=options,
                )
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
            edge="local",
            has_tls=False,
            is_monitored=False,
            stream_shard_id=_EMULATOR_SHARD_ID,
        )


def _edge(options: Options) -> Literal["api", "cloudfront"]:
    return "api" if options.edge == "none" else "cloudfront"
