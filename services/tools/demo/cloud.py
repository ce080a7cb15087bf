"""The local cloud as a context manager: starts everything on entry, stops it on exit."""

import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from services.adapters.dynamodb.directory import DynamoDirectory
from services.adapters.dynamodb.tallies import DynamoTallies
from services.adapters.secrets import SecretStore
from services.tools.demo import pages
from services.tools.demo.progress import Progress, SilentProgress
from services.tools.lab.lab import Lab
from services.tools.lab.lab_poll import POLL as LAB_POLL
from services.tools.local import boards, site, static_server
from services.tools.local.aws import LocalAws
from services.tools.local.deployment import NUMBER, STACK, LocalDeployment, Outputs
from services.tools.local.emulator import emulator
from services.tools.local.processes import Process
from services.tools.local.runs import CloudFile, publish, run_folder
from services.tools.local.webhook import webhook
from services.tools.phones.delivery import WebhookEndpoint
from services.tools.phones.handsets import Handsets
from services.voting.poll import Round
from services.voting.tally import Totals

Audience = Literal["direct", "large"]
DEFAULT_POLL: Final = "colors"
CRASH_DETECTION_SECONDS: Final = 0.3
"""Time to wait for a server's exit code before a failure is blamed on its client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCloud:
    """A running local cloud.

    `webhook` is the webhook under uvicorn, `api` the one on Lambda behind the HTTP API. The lab
    starts when it is first used.
    """

    aws: LocalAws
    outputs: Outputs
    dashboard_url: str
    webhook: WebhookEndpoint
    api: WebhookEndpoint
    handsets: Handsets
    lab: Lab
    processes: tuple[Process, ...]
    folder: Path
    dynamodb: Any = field(repr=False)

    def check(self) -> None:
        """Raise ServerDiedError if a server has stopped."""
        for process in self.processes:
            process.check()

    def round_of(self, poll: str) -> tuple[Round, str]:
        """Return a poll's current round, and the number to text to.

        Raises:
            PollUnknownError: the stack has no such poll.
        """
        return _round_of(self.dynamodb, self.outputs, poll)

    def totals(self, round: Round) -> Totals:
        """Read the current totals of a round."""
        tallies = DynamoTallies(client=self.dynamodb, table=self.outputs.aggregates_table)
        return tallies.totals(round.board, round.number)


def clear_aws_environment() -> None:
    """Delete the AWS variables of this process, and exclude loopback from any proxy.

    Entry points call it, so that the local cloud never uses the account of the person who runs it.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    for name in ("NO_PROXY", "no_proxy"):
        hosts = os.environ.get(name)
        os.environ[name] = f"127.0.0.1,localhost,{hosts}" if hosts else "127.0.0.1,localhost"


@contextmanager
def local_cloud(
    *,
    port: int = 0,
    progress: Progress | None = None,
    poll: str = DEFAULT_POLL,
    audience: Audience = "direct",
) -> Iterator[LocalCloud]:
    """Start everything, and stop everything on exit, also after an error.

    `port` is the dashboard's port; 0 takes a free one. `audience` is the option of the stack.
    Raises LocalCloudError with a remedy.
    """
    static_server.check_port_is_free(port)
    show = progress or SilentProgress()
    with ExitStack() as stack, _report_crashed_server() as servers:
        folder = stack.enter_context(run_folder())
        with show.step("AWS emulator"):
            emulator_process, aws = stack.enter_context(emulator(folder))
            servers.append(emulator_process)
        options = {"audience": audience} if audience == "large" else {}
        outputs = _deploy(LocalDeployment(aws, folder, options), show)
        token = _set_token(aws, outputs)
        with show.step("webhook"):
            webhook_process, url = stack.enter_context(webhook(aws, outputs, folder))
            servers.append(webhook_process)
        endpoint, dynamodb = WebhookEndpoint(url=url, token=token), aws.client("dynamodb")
        lab = stack.enter_context(Lab(aws, outputs, folder, token=token))
        handsets = Handsets(endpoint, current_round=lambda: _round_of(dynamodb, outputs, poll))
        with show.step("dashboard"):
            site.upload(aws, outputs, poll=poll, lab_poll=LAB_POLL)
            routes = pages.page_routes(lab, handsets)
            reader = outputs.reader_function
            application = static_server.create_site_app(
                aws,
                outputs.site_bucket,
                routes=routes,
                boards=boards.reader_function(aws, reader) if reader else None,
            )
            dashboard_url = stack.enter_context(
                static_server.serve_in_thread(application, port=port, adds_date=False)
            )
        cloud = LocalCloud(
            aws=aws,
            outputs=outputs,
            dashboard_url=dashboard_url,
            webhook=endpoint,
            handsets=handsets,
            lab=lab,
            api=_api_endpoint(aws, outputs, token),
            processes=tuple(servers),
            folder=folder,
            dynamodb=dynamodb,
        )
        publish(folder, _cloud_file(cloud))
        for server in servers:
            stack.callback(server.begin_stop)  # stop all of them before waiting for each
        yield cloud


def _round_of(dynamodb: Any, outputs: Outputs, poll: str) -> tuple[Round, str]:  # noqa: ANN401 - a boto3 client
    directory = DynamoDirectory(
        client=dynamodb, table=outputs.polls_table, aggregates=outputs.aggregates_table
    )
    entry = directory.entry(poll)
    return entry.round, entry.number or NUMBER


@contextmanager
def _report_crashed_server() -> Iterator[list[Process]]:
    """Raise ServerDiedError in place of an error that a stopped server has caused."""
    servers: list[Process] = []
    try:
        yield servers
    except Exception:
        time.sleep(CRASH_DETECTION_SECONDS)
        for server in servers:
            server.check()
        raise


def _deploy(deployment: LocalDeployment, show: Progress) -> Outputs:
    """Synthesise and bootstrap at the same time, then deploy."""
    with ThreadPoolExecutor(1) as pool, show.step("stack: synthesise, bootstrap"):
        bootstrapped = pool.submit(deployment.bootstrap)
        try:
            assembly = deployment.synthesise()
            bootstrapped.result()
        except BaseException:
            deployment.abort()  # or the pool would wait for the other command
            raise
    with show.step("stack: deploy") as show_detail:
        return deployment.deploy(assembly, show_detail)


def _set_token(aws: LocalAws, outputs: Outputs) -> str:
    """Add a random token to the secret, in place of Twilio's auth token."""
    token = secrets.token_hex(16)
    SecretStore(aws.client("secretsmanager"), outputs.secret_arn).set_token(token)
    return token


def _api_endpoint(aws: LocalAws, outputs: Outputs, token: str) -> WebhookEndpoint:
    """Return the endpoint of the HTTP API, which the emulator finds by the Host header.

    The signed URL is that of an AWS account: https, the domain of the API, no port.
    """
    url = urlsplit(outputs.webhook_url)
    return WebhookEndpoint(
        url=f"{aws.endpoint}{url.path}",
        token=token,
        public_url=f"https://{url.hostname}{url.path}",
        host=url.netloc,
    )


def _cloud_file(cloud: LocalCloud) -> CloudFile:
    return CloudFile(
        pids={"demo": os.getpid()} | {server.name: server.pid for server in cloud.processes},
        endpoint=cloud.aws.endpoint,
        region=cloud.aws.region,
        dashboard_url=cloud.dashboard_url,
        webhook_url=cloud.webhook.url,
        stack=STACK,
        outputs=dict(cloud.outputs.all),
        started_at_ms=time.time_ns() // 1_000_000,
    )
