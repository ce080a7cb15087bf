"""Why a request is refused. Imports nothing."""


class RefusedRequestError(Exception):
    """A request that is not a text message. `status` is the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)
