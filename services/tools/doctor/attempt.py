"""Runs a check and turns the errors that prevent it into a finding."""

from collections.abc import Callable

from services.adapters.secrets import UnusableSecretError
from services.tools.doctor.finding import DEPLOY, Finding, failed


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
