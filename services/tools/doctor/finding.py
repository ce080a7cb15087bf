"""The finding of a check, its constructors, and running a check."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from services.adapters.secrets import UnusableSecretError

DEPLOY: Final = "deploy it again: cdk deploy"
RESTORE: Final = "put it back: cdk deploy --revert-drift"
"""A plain deploy of an unchanged template leaves alone what was changed by hand (AWS
CloudFormation, "Drift-aware change sets")."""


class CheckStatus(StrEnum):
    """The result of a check; only `failed` makes the command exit with 1."""

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
        """The finding as JSON."""
        return {name: str(value) for name, value in asdict(self).items()}


def ok(check: str, detail: str) -> Finding:
    """The check passed."""
    return Finding(check=check, verdict=CheckStatus.OK, detail=detail)


def failed(check: str, detail: str, remedy: str) -> Finding:
    """The check failed: texts are lost, miscounted, not shown, or shown to the wrong people."""
    return Finding(check=check, verdict=CheckStatus.FAILED, detail=detail, remedy=remedy)


def warning(check: str, detail: str, remedy: str) -> Finding:
    """The deployment works, but not as intended."""
    return Finding(check=check, verdict=CheckStatus.WARNING, detail=detail, remedy=remedy)


def skipped(check: str, detail: str, remedy: str = "") -> Finding:
    """The check could not run, or does not apply to this deployment."""
    return Finding(check=check, verdict=CheckStatus.SKIPPED, detail=detail, remedy=remedy)


def ok_or_failed(check: str, problems: Sequence[str], detail: str, remedy: str) -> Finding:
    """Return `ok` with the detail if there are no problems, else `failed` with all of them."""
    return failed(check, "; ".join(problems), remedy) if problems else ok(check, detail)


def run_check(name: str, check: Callable[[], Finding]) -> Finding:
    """Run a check; an AWS error, a network error or a missing stack output is a failure."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return check()
    except ClientError as error:
        details = error.response["Error"]
        remedy = "run the doctor with an operator's permissions"
        return failed(name, f"AWS refused: {details['Code']}: {details.get('Message', '')}", remedy)
    except (BotoCoreError, OSError) as error:
        return failed(name, f"no answer: {error}", "check the network and the deployment")
    except UnusableSecretError as error:
        return failed(name, f"{error.key}: {error.problem}", error.remedy)
    except KeyError as error:
        return failed(name, f"output {error.args[0]}: missing", DEPLOY)
