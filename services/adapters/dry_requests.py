"""boto3 requests that are made up to the point of signing and sending them."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.client import BaseClient


class _Body(BytesIO):
    """A response's body, as botocore reads it."""

    def stream(self) -> Iterator[bytes]:
        """Yield all of it."""
        yield self.read()


@contextmanager
def dry_requests(client: "BaseClient", body: bytes) -> "Iterator[None]":
    """Answer all requests of a client with this body; neither sign nor send them.

    botocore's handlers of "choose-signer" and "before-send" are made for that.
    """

    def answer(request: "AWSPreparedRequest", **_: Any) -> Any:  # noqa: ANN401 - botocore's
        return AWSResponse(request.url, 200, HTTPHeaders(), _Body(body))

    def leave_unsigned(**_: Any) -> Any:  # noqa: ANN401 - botocore's
        return UNSIGNED

    events = client.meta.events
    events.register_first("choose-signer.*", leave_unsigned)
    events.register_first("before-send.*", answer)
    try:
        yield
    finally:
        events.unregister("choose-signer.*", leave_unsigned)
        events.unregister("before-send.*", answer)
