"""What the webhook answers to. Thin: read, hand over, translate back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from services.adapters.cached import Cached
from services.adapters.secrets import Secrets
from services.adapters.twilio import twiml
from services.voting.errors import StoreUnavailableError
from services.voting.intake import Intake
from services.webhook import log
from services.webhook.requests import SIGNATURE_HEADER, RefusedRequestError, SignedForm, read_form

BUDGET_SECONDS = 8
"""For everything that one text needs of the store: Twilio gives up after 15."""

RENEWED_SECONDS = 5
"""A form whose signature is wrong may have the secrets read anew, but not more often."""

PROBE_SECONDS = 3

Probe = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What the application is made of. `probes` name what `/health` asks."""

    intake: Intake
    secrets: Cached[Secrets]
    probes: Mapping[str, Probe]
    public_base_url: str | None = None
    close: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Routes:
    """The three routes, over their dependencies."""

    deps: Dependencies

    async def sms(self, request: Request) -> Response:
        """One text from Twilio. The answer is TwiML; an error says whether to try again."""
        started = perf_counter()
        form = await read_form(request, public_base_url=self.deps.public_base_url)
        try:
            async with asyncio.timeout(BUDGET_SECONDS):
                secrets = await self._authenticate(form)
                answer = await self.deps.intake.accept(form.message(), pepper=secrets.voter_pepper)
        except TimeoutError as error:
            raise StoreUnavailableError("accepting a text") from error
        log.event(
            "text",
            outcome=answer.outcome.kind,
            poll=answer.poll_id,
            ms=round((perf_counter() - started) * 1000, 1),
        )
        return Response(twiml(answer.reply), media_type="text/xml")

    async def _authenticate(self, form: SignedForm) -> Secrets:
        """The secrets under which a form is signed; a token changed lately is read anew."""
        for age_seconds in (None, RENEWED_SECONDS):
            secrets = await self.deps.secrets.current(at_most_seconds=age_seconds)
            if secrets.complete and form.is_signed(secrets.twilio_auth_token):
                return secrets
        if not secrets.complete:
            raise RefusedRequestError(403, "the Twilio auth token is not set: see the deploy guide")
        raise RefusedRequestError(403, f"{SIGNATURE_HEADER}: does not match the URL and the form")

    async def health(self) -> JSONResponse:
        """Whether the tables answer: 200 if all do, else 503 naming those that do not."""
        names = list(self.deps.probes)
        verdicts = await asyncio.gather(*(self._probe(name) for name in names))
        well = all(verdicts)
        return JSONResponse(
            {
                "status": "ok" if well else "unavailable",
                "tables": {
                    name: "ok" if verdict else "no answer"
                    for name, verdict in zip(names, verdicts, strict=True)
                },
            },
            status_code=200 if well else 503,
        )

    async def _probe(self, name: str) -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self.deps.probes[name]()
        except Exception as error:  # noqa: BLE001 - whatever it is, the table did not answer
            log.event("unhealthy", table=name, error=type(error).__name__)
            return False
        return True

    async def about(self) -> dict[str, str]:
        """What this is, for whoever opens the address in a browser."""
        return {
            "name": "VoteApp webhook",
            "what": "Twilio delivers text messages to POST /sms; they are votes.",
            "health": "/health",
        }


async def refused(_: Request, error: Exception) -> Response:
    """A request that is not a text: its status and reason, and an event for the metric."""
    if not isinstance(error, RefusedRequestError):
        raise error
    log.event("refused", status=error.status, reason=error.reason)
    return PlainTextResponse(error.reason, status_code=error.status)


async def unavailable(_: Request, error: Exception) -> Response:
    """The store is out of reach: 503, and sending the same text again is safe."""
    if not isinstance(error, StoreUnavailableError):
        raise error
    log.event("unavailable", operation=error.operation)
    return PlainTextResponse(
        "The store does not answer. Send the same request again.",
        status_code=503,
        headers={"Retry-After": str(error.retry_after_seconds)},
    )
