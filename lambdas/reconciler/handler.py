"""Lambda entry point of the scheduled reconciliation: does what `voteapp reconcile` does.

A run may overlap another, or a command: a text is counted once all the same.
"""

import os
from collections.abc import Mapping
from typing import Any

from services.adapters import log
from services.adapters.clock import now_ms
from services.adapters.dynamodb.client import sync_client
from services.adapters.secrets import Secrets, managed_secrets, secrets_client
from services.adapters.twilio.client import ACCOUNT, TOKEN, TwilioError
from services.adapters.twilio.numbers import TwilioNumbers
from services.late.due import due_rounds
from services.late.report import NotBalancedError
from services.late.run import Reconciliations
from services.settings import ReconcilerSettings
from services.voting.poll import Round

REMEDY = "voteapp connect stores Twilio's account and token in the secret: run it once more"


class ReconciliationFailedError(Exception):
    """Some rounds could not be reconciled; the log names them, and the next run tries again.

    It has no cause, because the message of one may have a phone number.
    """

    def __init__(self, failed: int, due: int) -> None:
        super().__init__(f"{failed} of {due} rounds could not be reconciled: see the lines before")


def handler(event: Mapping[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Reconcile every round that is due.

    Raises:
        ReconciliationFailedError: some round failed; the others were reconciled.
    """
    settings = ReconcilerSettings.from_env(os.environ)
    secrets = managed_secrets(secrets_client, settings.secret_arn)
    if not (secrets.twilio_account_sid and secrets.twilio_auth_token):
        log.event("reconcile.unconfigured", remedy=REMEDY)
        return
    reconciliations = assemble(os.environ, settings, secrets)
    at_ms, polls = now_ms(), reconciliations.rounds().values()
    due = [round for rounds in polls for round in due_rounds(rounds, at_ms)]
    failed = [round for round in due if not reconcile(reconciliations, round)]
    if failed:
        raise ReconciliationFailedError(len(failed), len(due))


def assemble(
    environ: Mapping[str, str], settings: ReconcilerSettings, secrets: Secrets
) -> Reconciliations:
    """Build what reconciles, for the account in the secret.

    Raises:
        TwilioError: the account's SID is malformed.
    """
    account = {ACCOUNT: secrets.twilio_account_sid, TOKEN: secrets.twilio_auth_token}
    return Reconciliations(
        numbers=TwilioNumbers.from_env({**environ, **account}),
        client=sync_client(),
        votes_table=settings.votes_table,
        polls_table=settings.polls_table,
        voter_pepper=secrets.voter_pepper,
    )


def reconcile(reconciliations: Reconciliations, round: Round) -> bool:
    """Reconcile one round and log the report; return False if that failed.

    Of an error only its kind is logged: its message may have a phone number.
    """
    try:
        report = reconciliations.run(round)
    except NotBalancedError as error:
        log.event("reconcile.unbalanced", **error.report.document())
    except TwilioError as error:
        _log_failure(round, error, key=error.key)
    except Exception as error:  # noqa: BLE001 - the other rounds are reconciled
        _log_failure(round, error)
    else:
        log.event("reconciled", **report.document())
        return True
    return False


def _log_failure(round: Round, error: Exception, key: str | None = None) -> None:
    kind = type(error).__name__
    log.event("reconcile.failed", poll=round.poll.id, round=round.number, error=kind, key=key)
