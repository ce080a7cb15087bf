"""The console's desk on a deployment: it reads and acts by the functions of the commands."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from services.adapters.clock import now_ms
from services.adapters.secrets import UnusableSecretError
from services.cli.aws_session import DeploymentError, translate_aws_errors
from services.cli.certify import certify_round, describe_certificate
from services.cli.checks import DeploymentChecks
from services.cli.console_polls import poll_document
from services.cli.deployment import Deployment
from services.cli.poll_lifecycle import change_poll, reset_poll
from services.cli.poll_log import log_row
from services.polls.entry import DirectoryEntry
from services.polls.extension import line_of_file
from services.polls.moments import format_time
from services.tools.console.desk import DeskError, Dialogue, PollReadings, Request, StackLabel
from services.tools.doctor.finding import Finding, failed
from services.voting import lifecycle
from services.voting.certificate import NotCertifiableError
from services.voting.errors import PollStaleError, VotingError
from services.voting.poll import Round
from services.voting.probe_names import is_probe

SETTLE_SECONDS: Final = 10
"""As `voteapp certify` waits, until every write is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentDesk:
    """The `Desk` port."""

    deployment: Deployment
    stack: StackLabel

    @classmethod
    def of(cls, deployment: Deployment, *, stage: str) -> Self:
        """Create the desk; it asks AWS who the operator is."""
        stack = StackLabel(
            name=deployment.name,
            stage=stage,
            region=deployment.region,
            operator=deployment.operator(),
            dashboard_url=deployment.dashboard_url,
        )
        return cls(deployment=_with_kept_clients(deployment), stack=stack)

    def read_polls(self) -> PollReadings:
        """Read all polls and their counts; those of checks are left out."""
        with _refusals():
            entries = [e for e in self.deployment.directory.entries() if not is_probe(_id(e))]
            tallies, now = self.deployment.tallies, now_ms()
            polls = [
                poll_document(e, tallies.totals(e.round.board, e.round.number), now)
                for e in entries
            ]
            return PollReadings(polls=polls, revisions={_id(e): e.revision for e in entries})

    def read_log(self, poll: str) -> Sequence[Mapping[str, Any]]:
        """Read the operator's log of a poll."""
        with _refusals():
            changes = self.deployment.operators_log.changes(poll)
            return [{"poll": poll, **log_row(change)} for change in changes]

    def check_health(self) -> Sequence[Mapping[str, str]]:
        """Run the doctor's checks that may be repeated; name polls that cannot be read."""
        with _refusals():
            checks = DeploymentChecks(self.deployment, self.stack.stage)
            return [finding.document for finding in (*checks.health(), *self._unreadable())]

    def act(self, request: Request, dialogue: Dialogue) -> str:
        """Do what the operator asks for, as the command does."""
        acts: dict[str, Callable[[Request, Dialogue], str]] = {
            "open": self._open,
            "close": self._close,
            "extend": self._extend,
            "reset": self._reset,
            "certify": self._certify,
        }
        with _refusals():
            return acts[request.action](request, dialogue)

    def _open(self, request: Request, _dialogue: Dialogue) -> str:
        return self._change(request, lifecycle.opened)

    def _close(self, request: Request, _dialogue: Dialogue) -> str:
        return self._change(request, lifecycle.closed)

    def _change(self, request: Request, change: Callable[[Round, int], Round]) -> str:
        before, after = change_poll(
            self.deployment, request.poll, change, revision=request.revision
        )
        return _sentence(before, after)

    def _extend(self, request: Request, _dialogue: Dialogue) -> str:
        _, after = self.deployment.directory.extend(
            request.poll, request.minutes, revision=request.revision
        )
        poll = after.round.poll
        closes = format_time(poll.closes_at_ms or 0, poll.closes_utc_offset_minutes)
        return (
            f"{poll.id} closes {closes}. Write it into the poll file, or the next apply or deploy "
            f"puts the old time back: {line_of_file(poll)}"
        )

    def _reset(self, request: Request, _dialogue: Dialogue) -> str:
        before, after = reset_poll(
            self.deployment, request.poll, request.round, revision=request.revision
        )
        return _sentence(before, after)

    def _certify(self, request: Request, dialogue: Dialogue) -> str:
        entry = self.deployment.directory.entry(request.poll)
        if entry.revision != request.revision:
            raise PollStaleError(request.poll)
        certificate, new = certify_round(
            self.deployment,
            entry.round,
            dialogue,
            current=True,
            settle_seconds=SETTLE_SECONDS,
            is_confirmed=True,
        )
        name = f"{certificate.poll}, round {certificate.round}"
        return f"{name}: {describe_certificate(certificate, new=new)}"

    def _unreadable(self) -> list[Finding]:
        rows = ", ".join(self.deployment.directory.unreadable())
        remedy = "repair or delete these rows in the table of polls"
        return [failed("polls", f"cannot be read: {rows}", remedy)] if rows else []


def _id(entry: DirectoryEntry) -> str:
    return entry.round.poll.id


def _sentence(before: DirectoryEntry, after: DirectoryEntry) -> str:
    round = after.round
    phase = f"{round.poll.id}: round {round.number} is {round.phase_at(now_ms()).value}"
    return f"{phase}, as it was: nothing changed" if before == after else phase


def _with_kept_clients(deployment: Deployment) -> Deployment:
    """The deployment with one client for each service, which threads may share (boto3, "Clients").

    Creating them is slow, and not safe in two threads at once.
    """
    clients: dict[str, Any] = {}
    lock = threading.Lock()

    def client(service: str) -> Any:  # noqa: ANN401 - a boto3 client
        with lock:
            if service not in clients:
                clients[service] = deployment.client(service)
            return clients[service]

    return replace(deployment, client=client)


@contextmanager
def _refusals() -> Iterator[None]:
    """Translate the errors that a command would print. Raises: DeskError."""
    try:
        with translate_aws_errors():
            yield
    except NotCertifiableError as error:
        raise DeskError("; ".join(error.reasons)) from error
    except (DeploymentError, VotingError, UnusableSecretError) as error:
        raise DeskError(str(error)) from error
