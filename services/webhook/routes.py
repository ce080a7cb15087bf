"""What the webhook answers: to a text, to errors, and to a person."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from services.adapters import log
from services.adapters.secrets import Secrets, UnusableSecretError
from services.adapters.ttl_cache import Cached
from services.adapters.twilio.forms import MalformedFormError, SignedForm
from services.adapters.twilio.webhooks import twiml
from services.voting.errors import StoreUnavailableError
from services.voting.identity import Pseudonyms
from services.voting.intake import Intake, IntakeResult
from services.voting.timing import REQUEST_SECONDS
from services.webhook.errors import RefusedRequestError
from services.webhook.health import Probe
from services.webhook.reply_limit import ErrorReplyLimit, is_error
from services.webhook.requests import SIGNATURE_HEADER, read_form

MIN_RELOAD_SECONDS = 5
"""After a wrong signature the secrets are read again if they are older than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The parts that the application is built from.

    `probes` are the checks of `/health` by table. `monotonic` returns seconds; it times each
    text, the limit of error replies and the cache of `/health`. `clients` create the boto3
    clients, each once.
    """

    intake: Intake
    secrets: Cached[Secrets]
    probes: Mapping[str, Probe]
    public_base_url: str | None = None
    close: Callable[[], Awaitable[None]] | None = None
    monotonic: Callable[[], float] = time.monotonic
    clients: Sequence[Callable[[], Any]] = ()


@dataclass(frozen=True, slots=True)
class TextEndpoint:
    """The ASGI application of `POST /sms`."""

    deps: Dependencies
    error_replies: ErrorReplyLimit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one text of Twilio's."""
        try:
            response = await self._accept(scope, receive)
        except _ANSWERED as error:
            response = _ANSWERS[type(error)](error)
        await response(scope, receive, send)

    async def _accept(self, scope: Scope, receive: Receive) -> Response:
        """Accept one text from Twilio and answer with TwiML.

        Raises:
            RefusedRequestError, MalformedFormError: the request is not a text message from Twilio.
            StoreUnavailableError: the text was not counted in time; sending it again is safe.
            UnusableSecretError: the secret is malformed.
        """
        started = self.deps.monotonic()
        form = await read_form(scope, receive, public_base_url=self.deps.public_base_url)
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                secrets = await self._authenticate(form)
                message = form.message()
                answer = await self.deps.intake.accept(
                    message, pseudonyms=Pseudonyms(secrets.voter_pepper)
                )
        except TimeoutError as error:
            raise StoreUnavailableError("accepting a text") from error
        is_withheld = self._is_withheld(answer, message.sender)
        log.event(
            "text",
            outcome=answer.outcome.kind,
            poll=answer.poll_id,
            withheld=is_withheld,
            ms=round((self.deps.monotonic() - started) * 1000, 1),
        )
        return reply_response(None if is_withheld else answer.reply)

    def _is_withheld(self, answer: IntakeResult, phone: str) -> bool:
        """Return True if this error reply exceeds the limit of the phone; else count it."""
        is_error_reply = answer.reply is not None and is_error(answer.outcome.kind)
        return is_error_reply and not self.error_replies.admit(phone)

    async def _authenticate(self, form: SignedForm) -> Secrets:
        """Return the secrets that the form is signed with; reload them if it is not.

        The signature is verified a second time only if the secrets have changed.
        """
        cached = self.deps.secrets.held() or await self.deps.secrets.current()
        if cached.are_set and form.is_signed(cached.twilio_auth_token):
            return cached
        reloaded = await self.deps.secrets.current(max_age_seconds=MIN_RELOAD_SECONDS)
        if not reloaded.are_set:
            raise RefusedRequestError(403, "the Twilio auth token is not set: see the deploy guide")
        if reloaded != cached and form.is_signed(reloaded.twilio_auth_token):
            return reloaded
        raise RefusedRequestError(403, f"{SIGNATURE_HEADER}: does not match the URL and the form")


async def about() -> JSONResponse:
    """Describe the service to a person who opens the URL in a browser."""
    return JSONResponse(
        {
            "name": "VoteApp webhook",
            "what": "Twilio delivers text messages to POST /sms; they are votes.",
            "health": "/health",
        }
    )


@lru_cache(maxsize=1024)
def reply_response(reply: str | None) -> Response:
    """Return a response with one reply, or with none; it may be sent any number of times."""
    return Response(twiml(reply), media_type="text/xml")


def refused(error: RefusedRequestError) -> Response:
    """Answer with the error's status and reason; log the event that the alarm counts."""
    log.event("refused", status=error.status, reason=error.reason)
    return PlainTextResponse(error.reason, status_code=error.status)


def malformed(error: MalformedFormError) -> Response:
    """Answer 400 with the error's reason; log it as a refused request."""
    return refused(RefusedRequestError(400, error.reason))


def unavailable(error: StoreUnavailableError) -> Response:
    """Answer 503 if the store is unreachable; sending the same text again is safe."""
    log.event("unavailable", operation=error.operation)
    return PlainTextResponse(
        "The store does not answer. Send the same request again.",
        status_code=503,
        headers={"Retry-After": str(error.retry_after_seconds)},
    )


def misconfigured(error: UnusableSecretError) -> Response:
    """Answer 503 if the secret is malformed, so that Twilio sends the text again."""
    log.event("misconfigured", key=error.key, reason=str(error))
    return PlainTextResponse("The webhook's secret cannot be used: see its log.", status_code=503)


_ANSWERS: Final[Mapping[type[Exception], Callable[[Any], Response]]] = {
    RefusedRequestError: refused,
    MalformedFormError: malformed,
    StoreUnavailableError: unavailable,
    UnusableSecretError: misconfigured,
}
"""The errors that are answered, not raised."""
_ANSWERED: Final = tuple(_ANSWERS)
