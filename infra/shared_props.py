"""What several constructs of the stack need in common."""

from dataclasses import dataclass

from infra.config import StageConfig
from infra.packaging import Packager
from infra.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedProps:
    """A stage's settings, its bundles, its tables and the ARN of its secret."""

    config: StageConfig
    bundles: Packager
    storage: Storage
    secret_arn: str
