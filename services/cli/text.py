"""`voteapp text`: sends one text message as Twilio delivers it, and shows the reply."""

import asyncio
import os
import secrets
from dataclasses import replace
from typing import Annotated, Final

import typer

from services.cli.aws_session import DeploymentError
from services.cli.deployment import Deployment, Local, Stage, find
from services.cli.output import FAILED, Json, emit, exit_on_error
from services.cli.poll_files import complete_poll_id
from services.tools.phones.delivery import UNREACHABLE, WebhookEndpoint, deliver_one, message_in
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
    poll: Annotated[
        str | None,
        typer.Option(
            help="Text this poll: to its number, after its keyword.",
            autocompletion=complete_poll_id,
        ),
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
        token = os.environ.get(TOKEN)
        deployment = None
        if poll or local or not (url and token):
            deployment = find(local=local, stage=stage)
            message = _addressed(deployment, message, receiver, poll)
            token = deployment.secrets().twilio_auth_token
        endpoint = WebhookEndpoint(
            url=url or (deployment.webhook_url if deployment else ""), token=token or ""
        )
        answer = asyncio.run(deliver_one(endpoint, message))
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
        "milliseconds": round(answer.milliseconds),
    }
    reply_text = reply or "(no reply)" if answer.accepted else f"{answer.status}: {answer.body}"
    stack = deployment.name if deployment and not url else None
    emit(document, reply_text, as_json=as_json, stack=stack)
    if not answer.accepted:
        raise typer.Exit(FAILED)


def _addressed(
    deployment: Deployment, message: SimulatedText, receiver: str | None, poll: str | None
) -> SimulatedText:
    """The message to a poll, by default to the first one with a number."""
    if poll is None:
        return replace(message, to=receiver or deployment.displayed_number or message.to)
    entry = deployment.directory.entry(poll)
    keyword = entry.round.poll.keyword
    numbers = (*entry.round.poll.numbers, entry.number or message.to)
    body = f"{keyword} {message.body}" if keyword else message.body
    return replace(message, to=receiver or numbers[0], body=body)
