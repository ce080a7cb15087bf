"""What the webhook does at start, so that the first text need not wait for it."""

import json
import os
import subprocess
import sys
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from services.adapters import log
from services.adapters.dry_requests import dry_requests
from services.adapters.late_session import late_session
from services.webhook import priming
from tests.support.webhook import Desk

ROOT = Path(__file__).parents[2]
ENVIRON = {
    "VOTES_TABLE": "votes", "POLLS_TABLE": "polls", "SECRET_ARN": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}  # fmt: skip
CALLED = """
import gc, importlib, json, socket, sys
opened = []
socket.socket.connect = lambda *_: opened.append(1)
import services.webhook.entry as entry
from services.adapters.dynamodb.connection_pool import tls_context
before = set(sys.modules)
clients = [client() for client in entry.dependencies.clients]
print(json.dumps({
    "names": [client.meta.service_model.service_name for client in clients],
    "imported": sorted({name for name in ("boto3", "httptools") if name in before}),
    "opened": len(opened),
    "has_tls": tls_context.cache_info().currsize == 1,
    "frozen": gc.get_freeze_count() > 10_000,
    "again": [client() for client in entry.dependencies.clients] == clients,
}))
"""


def started(**environ: str) -> list[dict[str, Any]]:
    """The lines of a process that imports the entry: its log, then what it found."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", CALLED], cwd=ROOT, env={**clean, **ENVIRON, **environ},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_started_webhook_has_its_clients_and_has_asked_nobody() -> None:
    """All libraries are imported, and two requests were answered without a network."""
    primed, found = started()

    assert primed == {"event": "primed", "statuses": [200, 200]}
    assert found == {
        "names": ["dynamodb", "secretsmanager"],
        "imported": ["boto3", "httptools"],
        "opened": 0,
        "has_tls": True,
        "frozen": True,
        "again": True,
    }


def test_a_start_that_cannot_be_primed_is_a_start_all_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first text waits then, or fails with an error that says more."""
    events: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(log, "event", lambda name, **more: events.append((name, more)))

    def broken() -> None:
        raise EndpointConnectionError(endpoint_url="a secret address")

    priming.prime(Desk().app, [broken])

    assert events == [("priming.failed", {"error": "EndpointConnectionError"})]
    assert capsys.readouterr().out == ""


def test_each_client_is_used_once_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request of a client costs several times what the next one does."""
    statuses: list[Any] = []
    monkeypatch.setattr(log, "event", lambda _, **more: statuses.append(more))
    clients: list[Any] = [
        late_session().client(name, "us-east-1") for name in ("dynamodb", "secretsmanager")
    ]
    asked: list[str] = []
    for client in clients:
        client.meta.events.register(
            "request-created", lambda operation_name, **_: asked.append(operation_name)
        )
    priming.prime(Desk().app, [partial(itemgetter(at), clients) for at in (0, 1)])

    assert asked == ["Query", "GetSecretValue"]
    assert statuses[-1] == {"statuses": [200, 200]}


async def test_it_can_be_done_while_a_loop_is_running() -> None:
    """Uvicorn imports the application inside of its own."""
    statuses = []
    priming_app = Desk().app
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "event", lambda _, **more: statuses.append(more))
        priming.prime(priming_app, [])

    assert statuses[-1] == {"statuses": [200, 200]}


def test_a_dry_request_is_neither_signed_nor_sent() -> None:
    """And the client sends again afterwards."""
    client: Any = late_session().client("dynamodb", "us-east-1")
    sent: list[Any] = []
    client.meta.events.register("request-created", lambda request, **_: sent.append(request))
    with dry_requests(client, b'{"Count": 7}'):
        answer = client.query(TableName="Votes")

    assert answer["Count"] == 7
    assert "Authorization" not in sent[0].headers


@pytest.fixture
def _without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


@pytest.mark.usefixtures("_without_credentials")
def test_credentials_are_looked_for_when_a_request_is_signed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of the moment of the snapshot would have expired when it is restored."""
    session = late_session()
    client: Any = session.client("dynamodb", "us-east-1")
    with pytest.raises(NoCredentialsError):
        client.list_tables()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDLATER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    signed: list[str] = []

    def refuse(request: Any, **_: Any) -> None:
        signed.append(request.headers["Authorization"].decode())
        raise ConnectionRefusedError

    client.meta.events.register("before-send", refuse)
    with pytest.raises(ConnectionRefusedError):
        client.list_tables()

    assert isinstance(session, boto3.Session)
    assert "Credential=AKIDLATER/" in signed[0]
