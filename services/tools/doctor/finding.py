"""What a check found."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

DEPLOY: Final = "deploy it again: cdk deploy"
RESTORE: Final = "put it back: cdk deploy --revert-drift"
"""A plain deploy of an unchanged template leaves alone what was changed by hand (AWS
CloudFormation, "Drift-aware change sets")."""


class CheckStatus(StrEnum):
    """How a check went; only `failed` makes the whole examination fail."""

    OK = "ok"
    WARNING = "warning"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the checklist. `remedy` says what to do about a warning or a failure."""

    check: str
    verdict: CheckStatus
    detail: str
    remedy: str = ""

    @property
    def document(self) -> dict[str, str]:
        """For scripts."""
        return {name: str(value) for name, value in asdict(self).items()}


def ok(check: str, detail: str) -> Finding:
    """As it should be."""
    return Finding(check=check, verdict=CheckStatus.OK, detail=detail)


def failed(check: str, detail: str, remedy: str) -> Finding:
    """Texts are lost, miscounted, not shown, or shown to whom they should not be."""
    return Finding(check=check, verdict=CheckStatus.FAILED, detail=detail, remedy=remedy)


def warning(check: str, detail: str, remedy: str) -> Finding:
    """Works, but not as it was meant to."""
    return Finding(check=check, verdict=CheckStatus.WARNING, detail=detail, remedy=remedy)


def skipped(check: str, detail: str, remedy: str = "") -> Finding:
    """Could not be looked at, or not here."""
    return Finding(check=check, verdict=CheckStatus.SKIPPED, detail=detail, remedy=remedy)


def ok_or_failed(check: str, problems: Sequence[str], detail: str, remedy: str) -> Finding:
    """Fine with the detail, or all the problems with the remedy."""
    return failed(check, "; ".join(problems), remedy) if problems else ok(check, detail)
