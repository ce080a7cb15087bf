"""`voteapp text`: sends one text message as Twilio delivers it, and shows the reply."""

import asyncio
import os
import secrets
from typing import Annotated, Final

import typer

from services.cli.deployment import Deployment, DeploymentError, Local, Stage, find
from services.cli.output import FAILED, Json, emit, exit_on_error
from services.tools.phones.handsets import message_in
from services.tools.phones.load_generator import (
    UNREACHABLE,
    WebhookEndpoint,
    WebhookReply,
    deliver,
    session,
)
from services.tools.phones.sms import SimulatedText, TextKind

SENDER: Final = "+15550100101"
RECEIVER: Final = "+15550100100"
TOKEN: Final = "TWILIO_AUTH_TOKEN"  # noqa: S105 - the name of a variable


def text(
    words: Annotated[list[str], typer.Argument(help="The words of the text.")],
    *,
    sender: Annotated[str, typer.Option("--from", help="The sending phone (E.164).")] = SENDER,
    receiver: Annotated[
        str | None,
        typer.Option("--to", help="The receiving number; without it, the first number of a poll."),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help=f"Another webhook; signed with ${TOKEN} if it is set.")
    ] = None,
    sid: Annotated[
        str | None, typer.Option(help="MessageSid; the same one again is a redelivery.")
    ] = None,
    local: Annotated[bool, Local] = False,
    stage: Annotated[str, Stage] = "dev",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Send one signed text as Twilio would, and show the reply.

    The text is counted like any other. Exits with 1 if the webhook refuses it.
    """
    message = SimulatedText(
        kind=TextKind.NEW,
        sid=sid or f"SM{secrets.token_hex(16)}",
        sender=sender,
        to=receiver or RECEIVER,
        body=" ".join(words),
    )
    with exit_on_error():
        endpoint, message = _endpoint_and_message(message, url, receiver, local=local, stage=stage)
        answer = asyncio.run(_send(endpoint, message))
        if answer.status == UNREACHABLE:
            raise DeploymentError(f"{endpoint.url} does not answer", answer.body)
    reply = message_in(answer.body) if answer.accepted else None
    document = {
        "status": answer.status,
        "reply": reply,
        "refused": None if answer.accepted else answer.body,
        "sid": message.sid,
        "from": message.sender,
        "to": message.to,
        "milliseconds": round((answer.answered_at - answer.sent_at) * 1000),
    }
    reply_text = reply or "(no reply)" if answer.accepted else f"{answer.status}: {answer.body}"
    emit(document, reply_text, as_json=as_json)
    if not answer.accepted:
        raise typer.Exit(FAILED)


def _endpoint_and_message(
    message: SimulatedText, url: str | None, receiver: str | None, *, local: bool, stage: str
) -> tuple[WebhookEndpoint, SimulatedText]:
    """The webhook and its token, and the message, addressed to a poll's number by default."""
    token = os.environ.get(TOKEN)
    if url and token and not local:
        return WebhookEndpoint(url=url, token=token), message
    deployment = find(local=local, stage=stage)
    if receiver is None:
        number = _first_number(deployment) or message.to
        message = SimulatedText(
            kind=message.kind, sid=message.sid, sender=message.sender, to=number, body=message.body
        )
    return WebhookEndpoint(
        url=url or deployment.webhook_url, token=deployment.secrets().twilio_auth_token
    ), message


def _first_number(deployment: Deployment) -> str | None:
    return next((entry.number for entry in deployment.directory.entries() if entry.number), None)


async def _send(endpoint: WebhookEndpoint, message: SimulatedText) -> WebhookReply:
    async with session() as http:
        return await deliver(http, endpoint, message)
