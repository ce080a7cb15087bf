"""What the fallback's REST API makes of a request, and what it answers: VTL and TwiML."""

from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from infra.options import NO_REPLY

FORM_TYPE: Final = "application/x-www-form-urlencoded"

_ITEM: Final = {
    "body": "$util.urlEncode($util.urlEncode($input.body))",
    "signature": "$util.urlEncode($util.urlEncode($input.params('X-Twilio-Signature')))",
    # A header is found by its name as it was sent, and over HTTP/2 that is in lower case.
    "signature_in_lower_case": (
        "$util.urlEncode($util.urlEncode($input.params('x-twilio-signature')))"
    ),
    "host": "$util.urlEncode($context.domainName)",
    "path": "$util.urlEncode($context.path)",
    "at_ms": "$util.urlEncode($context.requestTimeEpoch)",
}
"""The values of an item. What a caller can choose is encoded twice: SQS decodes once, and what is
left has no character that could end a string of JSON."""


def request_template() -> str:
    """Return the VTL template that makes a SendMessage of a request."""
    quotation, colon, comma = map(quote, '":,')
    values = comma.join(
        f"{quotation}{name}{quotation}{colon}{quotation}{value}{quotation}"
        for name, value in _ITEM.items()
    )
    return f"Action=SendMessage&MessageBody={quote('{')}{values}{quote('}')}"


def response_template(reply: str) -> str:
    """Return the fixed TwiML: one message, or none for `none`."""
    message = "" if reply == NO_REPLY else f"<Message>{escape(reply)}</Message>"
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>'
