"""What a check found."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

DEPLOY: Final = "deploy it again: cdk deploy"
RESTORE: Final = "put it back: cdk deploy --revert-drift"
"""A plain deploy of an unchanged template leaves alone what was changed by hand (AWS
CloudFormation, "Drift-aware change sets")."""


class Verdict(StrEnum):
    """How a check went; only `failed` makes the whole examination fail."""

    OK = "ok"
    WARNING = "warning"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the checklist. `remedy` says what to do about a warning or a failure."""

    check: str
    verdict: Verdict
    detail: str
    remedy: str = ""

    @property
    def document(self) -> dict[str, str]:
        """For scripts."""
        return {name: str(value) for name, value in asdict(self).items()}


def fine(check: str, detail: str) -> Finding:
    """As it should be."""
    return Finding(check=check, verdict=Verdict.OK, detail=detail)


def wrong(check: str, detail: str, remedy: str) -> Finding:
    """Texts are lost, miscounted, not shown, or shown to whom they should not be."""
    return Finding(check=check, verdict=Verdict.FAILED, detail=detail, remedy=remedy)


def doubtful(check: str, detail: str, remedy: str) -> Finding:
    """Works, but not as it was meant to."""
    return Finding(check=check, verdict=Verdict.WARNING, detail=detail, remedy=remedy)


def skipped(check: str, detail: str, remedy: str = "") -> Finding:
    """Could not be looked at, or not here."""
    return Finding(check=check, verdict=Verdict.SKIPPED, detail=detail, remedy=remedy)


def verdict_on(check: str, problems: Sequence[str], detail: str, remedy: str) -> Finding:
    """Fine with the detail, or all the problems with the remedy."""
    return wrong(check, "; ".join(problems), remedy) if problems else fine(check, detail)
