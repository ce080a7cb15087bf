"""Who may use the console: the person who was given its address, from a page of the console.

The address ends in a token after `#`, which browsers send to no server. The page exchanges it,
once, for a cookie and a key. The cookie is `SameSite=Strict` and hidden from scripts; but cookies
do not know ports, so another server on this machine could be sent it. The key is kept by the page,
whose storage does know ports, and goes in a header that no other site can set. Each request needs
both.

Requests that name another host (DNS rebinding), or come from another origin, are refused.
"""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

KEY_HEADER: Final = "x-console-key"
HOSTS: Final = ("127.0.0.1", "localhost")
JSON: Final = "application/json"
MAX_BODY_BYTES: Final = 4_096

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every response, errors included."""


class ForeignRequestError(Exception):
    """A request that the console's own page has not sent; `status` is the response's."""

    def __init__(self, problem: str, status: int = 403) -> None:
        self.status = status
        super().__init__(problem)


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(slots=True, kw_only=True)
class Guard:
    """The secrets of one console, which end with it."""

    port: int
    token: str = field(default_factory=_secret, repr=False)
    session: str = field(default_factory=_secret, repr=False)
    key: str = field(default_factory=_secret, repr=False)
    _is_exchanged: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def address(self) -> str:
        """The address of the page, with the token."""
        return f"http://{HOSTS[0]}:{self.port}/#token={self.token}"

    @property
    def cookie_name(self) -> str:
        """With the port, so that two consoles do not overwrite each other's cookie."""
        return f"voteapp-console-{self.port}"

    def exchange(self, token: str) -> bool:
        """Whether the token is right and is used for the first time."""
        with self._lock:
            is_right = _is_same(token, self.token) and not self._is_exchanged
            self._is_exchanged = self._is_exchanged or is_right
        return is_right

    def check_host(self, headers: Mapping[str, str]) -> None:
        """Raise unless the request names this machine and this port."""
        host = headers.get("host", "")
        if host not in {f"{name}:{self.port}" for name in HOSTS}:
            raise ForeignRequestError(f"host {host!r}: use http://{HOSTS[0]}:{self.port}", 421)

    def check_change(self, headers: Mapping[str, str]) -> None:
        """Raise unless a POST comes from a page of this console, as a small JSON document."""
        origin, host = headers.get("origin", ""), headers.get("host", "")
        if origin != f"http://{host}":
            raise ForeignRequestError(f"origin {origin!r}: not the console's own page")
        if headers.get("content-type", "").partition(";")[0] != JSON:
            raise ForeignRequestError(f"content-type: send {JSON}", 415)
        length = headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            raise ForeignRequestError("the body is too long", 413)

    def check_session(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> None:
        """Raise unless the request has both the cookie and the key of this console."""
        has_cookie = _is_same(cookies.get(self.cookie_name, ""), self.session)
        has_key = _is_same(headers.get(KEY_HEADER, ""), self.key)
        if not (has_cookie and has_key):
            raise ForeignRequestError("open the address that the console has printed", 401)


def _is_same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())
