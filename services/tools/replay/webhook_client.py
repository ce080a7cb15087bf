"""Posts texts to the real webhook in this process, as Twilio does.

A text passes through the whole ASGI application, with its signature, but without a network.
"""

from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import FastAPI

from services.adapters.memory import MemoryDirectory
from services.adapters.secrets import Secrets
from services.adapters.ttl_cache import Cached
from services.tools.phones.sms import signature
from services.tools.replay.system import PEPPER
from services.voting.errors import StoreUnavailableError
from services.voting.intake import Intake
from services.voting.poll import Round
from services.voting.ports import Ballots
from services.webhook.app import create_app
from services.webhook.routes import Dependencies

TOKEN: Final = "a token for replays"  # noqa: S105 - protects nothing
BASE_URL: Final = "https://votes.example.com"
OK: Final = 200
UNAVAILABLE: Final = 503
_TRIES: Final = 50
_FOREVER_SECONDS: Final = 10.0**9


@dataclass(slots=True)
class WebhookClient:
    """A webhook on a store of ballots; the caller sets its clock `now_ms`."""

    rounds: list[Round]
    ballots: Ballots
    now_ms: int = 0
    _app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        async def unused_probe() -> None: ...

        self._app = create_app(
            Dependencies(
                intake=Intake(
                    directory=MemoryDirectory(self.rounds),
                    ballots=self.ballots,
                    clock=lambda: self.now_ms,
                ),
                secrets=Cached(lambda: Secrets(TOKEN, PEPPER), seconds=_FOREVER_SECONDS),
                probes={"votes": unused_probe},
                public_base_url=BASE_URL,
                monotonic=lambda: self.now_ms / 1000,
            )
        )

    async def send_text(self, *, sid: str, sender: str, to: str, body: str) -> tuple[int, bytes]:
        """Post a text, again after each 503 as Twilio does; return status and body.

        Raises:
            StoreUnavailableError: every response was 503.
        """
        fields = {"MessageSid": sid, "From": sender, "To": to, "Body": body, "NumMedia": "0"}
        for _ in range(_TRIES):
            status, content = await self._post(fields)
            if status != UNAVAILABLE:
                return status, content
        raise StoreUnavailableError("posting a text")

    async def _post(self, fields: dict[str, str]) -> tuple[int, bytes]:
        sent: list[dict[str, Any]] = []
        content = urlencode(fields).encode()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message
            sent.append(message)

        signed = signature(f"{BASE_URL}/sms", [*fields.items()], TOKEN)
        await self._app(_scope(signed.encode()), receive, send)
        return sent[0]["status"], sent[1]["body"]


def _scope(signature: bytes) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/sms",
        "raw_path": b"/sms",
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"votes.example.com"),
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"x-twilio-signature", signature),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("votes.example.com", 443),
    }
