"""The error of a refused request."""


class RefusedRequestError(Exception):
    """The request is not a text message from Twilio. `status` is the HTTP status of the answer."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)
