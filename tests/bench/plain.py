"""The yardstick: the same put by a FastAPI handler as the manuals write it, with boto3.

Form parameters, Twilio's validator, TwiML by Twilio's library, a boto3 client in FastAPI's
thread pool. It counts one vote a phone and knows no redelivery, no poll, no rule.
"""

import hashlib
import os
from typing import Annotated

import boto3
from fastapi import Depends, FastAPI, Form, Header, HTTPException, Request, Response
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

app = FastAPI()
validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
store = boto3.client("dynamodb", endpoint_url=os.environ["AWS_ENDPOINT_URL"])


async def check_signature(request: Request, x_twilio_signature: Annotated[str, Header()]) -> None:
    """Refuse what Twilio did not sign."""
    url = os.environ["PUBLIC_BASE_URL"] + "/sms"
    if not validator.validate(url, await request.form(), x_twilio_signature):
        raise HTTPException(403)


@app.post("/sms", dependencies=[Depends(check_signature)])
def sms(
    From: Annotated[str, Form()],  # noqa: N803 - Twilio's names
    Body: Annotated[str, Form()],  # noqa: N803
    MessageSid: Annotated[str, Form()],  # noqa: N803
) -> Response:
    """Put one vote."""
    choice = Body.strip().upper()
    voter = hashlib.sha256(From.encode()).hexdigest()[:32]
    shard = int(voter[:8], 16) % 10
    store.put_item(
        TableName=os.environ["VOTES_TABLE"],
        Item={
            "pk": {"S": f"colors:1#{shard}"},
            "sk": {"S": voter},
            "picks": {"M": {choice: {"N": "1"}}},
            "sids": {"L": [{"S": MessageSid}]},
        },
        ConditionExpression="attribute_not_exists(pk)",
    )
    answer = MessagingResponse()
    answer.message(f"Thank you for casting a vote for {choice}")
    return Response(str(answer), media_type="text/xml")
