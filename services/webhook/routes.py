"""What the webhook answers to. Thin: read, hand over, translate back."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from services.adapters.secrets import Secrets, UnusableSecretError
from services.adapters.ttl_cache import Cached
from services.adapters.twilio.webhooks import twiml
from services.voting.errors import StoreUnavailableError
from services.voting.intake import Intake, IntakeResult
from services.voting.timing import REQUEST_SECONDS
from services.webhook import log
from services.webhook.errors import RefusedRequestError
from services.webhook.health import Probe
from services.webhook.reply_limit import ErrorReplyLimit, is_error
from services.webhook.requests import SIGNATURE_HEADER, SignedForm, read_form

RENEWED_SECONDS = 5
"""A form whose signature is wrong may have the secrets read anew, but not more often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What the application is made of. `probes` name what `/health` asks.

    `monotonic`, in seconds, times each text, the limit of error replies and the age of
    `/health`'s result.
    """

    intake: Intake
    secrets: Cached[Secrets]
    probes: Mapping[str, Probe]
    public_base_url: str | None = None
    close: Callable[[], Awaitable[None]] | None = None
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes, over their dependencies."""

    deps: Dependencies
    error_replies: ErrorReplyLimit

    async def sms(self, request: Request) -> Response:
        """One text from Twilio. The answer is TwiML; an error says whether to try again."""
        started = self.deps.monotonic()
        form = await read_form(request, public_base_url=self.deps.public_base_url)
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                secrets = await self._authenticate(form)
                message = form.message()
                answer = await self.deps.intake.accept(message, pepper=secrets.voter_pepper)
        except TimeoutError as error:
            raise StoreUnavailableError("accepting a text") from error
        withheld = self._withholds(answer, message.sender)
        log.event(
            "text",
            outcome=answer.outcome.kind,
            poll=answer.poll_id,
            withheld=withheld,
            ms=round((self.deps.monotonic() - started) * 1000, 1),
        )
        return Response(twiml(None if withheld else answer.reply), media_type="text/xml")

    def _withholds(self, answer: IntakeResult, phone: str) -> bool:
        """Whether a phone has had too many error replies to get this one; else it is counted."""
        is_error_reply = answer.reply is not None and is_error(answer.outcome.kind)
        return is_error_reply and not self.error_replies.admit(phone)

    async def _authenticate(self, form: SignedForm) -> Secrets:
        """The secrets under which a form is signed; those changed lately are read anew.

        Secrets that have not changed are not held against the form again.
        """
        held = await self.deps.secrets.current()
        if held.complete and form.is_signed(held.twilio_auth_token):
            return held
        renewed = await self.deps.secrets.current(at_most_seconds=RENEWED_SECONDS)
        if not renewed.complete:
            raise RefusedRequestError(403, "the Twilio auth token is not set: see the deploy guide")
        if renewed != held and form.is_signed(renewed.twilio_auth_token):
            return renewed
        raise RefusedRequestError(403, f"{SIGNATURE_HEADER}: does not match the URL and the form")

    async def about(self) -> JSONResponse:
        """What this is, for whoever opens the address in a browser."""
        return JSONResponse(
            {
                "name": "VoteApp webhook",
                "what": "Twilio delivers text messages to POST /sms; they are votes.",
                "health": "/health",
            }
        )


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


async def misconfigured(_: Request, error: Exception) -> Response:
    """The secret cannot be used: 503, so that no text is counted and Twilio tries again."""
    if not isinstance(error, UnusableSecretError):
        raise error
    log.event("misconfigured", key=error.key, reason=str(error))
    return PlainTextResponse("The webhook's secret cannot be used: see its log.", status_code=503)
