"""The local cloud as one context manager: everything up on entry, nothing left on exit."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from services.adapters.dynamodb.tallies import DynamoTallies
from services.tools.demo import pages
from services.tools.lab.lab import Lab
from services.tools.lab.lab_poll import POLL as LAB_POLL
from services.tools.local import site, static_server
from services.tools.local.aws import LocalAws
from services.tools.local.deployment import STACK, LocalDeployment, Outputs
from services.tools.local.emulator import emulator
from services.tools.local.processes import Process
from services.tools.local.rounds import round_of
from services.tools.local.runs import CloudFile, publish, run_folder
from services.tools.local.webhook import webhook
from services.tools.phones.handsets import Handsets
from services.tools.phones.load_generator import WebhookEndpoint
from services.voting.poll import Round
from services.voting.tally import Totals

DEFAULT_POLL: Final = "colors"
NOTICE_SECONDS: Final = 0.3
"""A server's death shows first in what uses it."""
TOKEN: Final = "twilio_auth_token"  # noqa: S105 - the name of a key


class Progress(Protocol):
    """Shows a person how far the set-up is."""

    def step(self, title: str) -> AbstractContextManager[Callable[[str], None]]:
        """Show a step while it runs; what is yielded takes a word on how far it is."""


class Silent:
    """A progress that shows nothing."""

    def step(self, title: str) -> AbstractContextManager[Callable[[str], None]]:
        """Show nothing."""
        del title
        return nullcontext(lambda _: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCloud:
    """A running local cloud. `line` reaches the webhook under uvicorn, `api` the one on Lambda.

    The lab is there, and starts when it is asked for.
    """

    aws: LocalAws
    outputs: Outputs
    dashboard_url: str
    line: WebhookEndpoint
    api: WebhookEndpoint
    handsets: Handsets
    lab: Lab
    processes: tuple[Process, ...]
    folder: Path
    dynamodb: Any = field(repr=False)

    def check(self) -> None:
        """Raises: ServerDiedError if a server has ended by itself."""
        for process in self.processes:
            process.check()

    def round_of(self, poll: str) -> tuple[Round, str | None]:
        """A poll's current round, and the number that the screen shows for it.

        Raises:
            LocalCloudError: the deploy has applied no such poll.
        """
        return round_of(self.dynamodb, self.outputs, poll)

    def totals(self, round: Round) -> Totals:
        """The totals on a round's board now."""
        tallies = DynamoTallies(client=self.dynamodb, table=self.outputs.aggregates_table)
        return tallies.totals(round.board, round.number)


def forget_own_account() -> None:
    """Drop this process's AWS variables, and keep loopback traffic away from any proxy.

    For entry points: a person's own account must never be what the local cloud talks to.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name)
        os.environ[name] = f"127.0.0.1,localhost,{known}" if known else "127.0.0.1,localhost"


@contextmanager
def local_cloud(
    *, port: int = 0, progress: Progress | None = None, poll: str = DEFAULT_POLL
) -> Iterator[LocalCloud]:
    """Bring everything up; take everything down, whatever happens in between.

    `port` fixes the dashboard's. Raises: LocalCloudError and its kin, saying what to do.
    """
    static_server.claim(port)
    show = progress or Silent()
    with ExitStack() as stack, _blame() as servers:
        folder = stack.enter_context(run_folder())
        with show.step("AWS emulator"):
            machine, aws = stack.enter_context(emulator(folder))
            servers.append(machine)
        outputs = _deploy(LocalDeployment(aws, folder), show)
        token = _set_token(aws, outputs)
        with show.step("webhook"):
            hook, url = stack.enter_context(webhook(aws, outputs, folder))
            servers.append(hook)
        line, dynamodb = WebhookEndpoint(url=url, token=token), aws.client("dynamodb")
        lab = stack.enter_context(Lab(aws, outputs, folder, token=token))
        handsets = Handsets(line, poll=lambda: round_of(dynamodb, outputs, poll))
        with show.step("dashboard"):
            site.upload(aws, outputs, poll=poll, lab_poll=LAB_POLL)
            routes = pages.page_routes(lab, handsets)
            application = static_server.create_edge(aws, outputs.site_bucket, routes=routes)
            dashboard_url = stack.enter_context(static_server.serving(application, port=port))
        cloud = LocalCloud(
            aws=aws,
            outputs=outputs,
            dashboard_url=dashboard_url,
            line=line,
            handsets=handsets,
            lab=lab,
            api=_api_line(aws, outputs, token),
            processes=tuple(servers),
            folder=folder,
            dynamodb=dynamodb,
        )
        publish(folder, _described(cloud))
        for server in servers:
            stack.callback(server.let_go)  # all at once, before each is waited for
        yield cloud


@contextmanager
def _blame() -> Iterator[list[Process]]:
    """Have a failure that comes of a dead server name the server, and not its symptom."""
    servers: list[Process] = []
    try:
        yield servers
    except Exception:
        time.sleep(NOTICE_SECONDS)
        for server in servers:
            server.check()
        raise


def _deploy(deployment: LocalDeployment, show: Progress) -> Outputs:
    """Synthesise and bootstrap side by side: one needs a processor, the other the emulator."""
    with ThreadPoolExecutor(1) as pool, show.step("stack: synthesise, bootstrap"):
        bootstrapped = pool.submit(deployment.bootstrap)
        try:
            assembled = deployment.synthesise()
            bootstrapped.result()
        except BaseException:
            deployment.abort()  # or the pool would wait for the other one
            raise
    with show.step("stack: deploy") as say:
        return deployment.deploy(assembled, say)


def _set_token(aws: LocalAws, outputs: Outputs) -> str:
    """Put a token of our own beside the pepper, where an operator puts Twilio's."""
    manager = aws.client("secretsmanager")
    held = json.loads(manager.get_secret_value(SecretId=outputs.secret_arn)["SecretString"])
    token = secrets.token_hex(16)
    manager.put_secret_value(
        SecretId=outputs.secret_arn, SecretString=json.dumps(held | {TOKEN: token})
    )
    return token


def _api_line(aws: LocalAws, outputs: Outputs, token: str) -> WebhookEndpoint:
    """The emulator tells its HTTP APIs apart by their host, which need not be resolvable.

    Signed is the URL that an account would have: https, the API's domain, no port.
    """
    url = urlsplit(outputs.webhook_url)
    return WebhookEndpoint(
        url=f"{aws.endpoint}{url.path}",
        token=token,
        public_url=f"https://{url.hostname}{url.path}",
        host=url.netloc,
    )


def _described(cloud: LocalCloud) -> CloudFile:
    return CloudFile(
        pids={"demo": os.getpid()} | {server.name: server.pid for server in cloud.processes},
        endpoint=cloud.aws.endpoint,
        region=cloud.aws.region,
        dashboard_url=cloud.dashboard_url,
        webhook_url=cloud.line.url,
        stack=STACK,
        outputs=dict(cloud.outputs.all),
        started_at_ms=time.time_ns() // 1_000_000,
    )
