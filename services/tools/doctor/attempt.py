"""A check, carried out: what stands in its way is a finding, too."""

from collections.abc import Callable

from services.tools.doctor.finding import DEPLOY, Finding, failed


def run_check(name: str, check: Callable[[], Finding]) -> Finding:
    """The finding; what stands in the way of a check is one, too."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return check()
    except ClientError as error:
        said = error.response["Error"]
        remedy = "the examination needs an operator's permissions"
        return failed(name, f"AWS refused: {said['Code']}: {said.get('Message', '')}", remedy)
    except (BotoCoreError, OSError) as error:
        return failed(name, f"no answer: {error}", "check the network, and whether it is deployed")
    except KeyError as error:
        return failed(name, f"output {error.args[0]}: missing", DEPLOY)
