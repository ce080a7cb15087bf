"""Time limits for handling a text and for recognising its redelivery.

The webhook keeps to these limits. Certificates, repairs after a lost stream, and changes of
settings that ballots depend on wait for them.
"""

from typing import Final

DIRECTORY_SECONDS: Final = 2
"""Maximum age of the directory that a webhook caches."""

REQUEST_SECONDS: Final = 8
"""Time after which the webhook stops handling a text and answers 503. Twilio waits 15 s."""

MARGIN_SECONDS: Final = 10
"""For writes that the store completes after the webhook has given up, and for clock skew."""

SETTLING_SECONDS: Final = DIRECTORY_SECONDS + REQUEST_SECONDS + MARGIN_SECONDS
"""Time after the end of a round until no write of a text that it accepted can be in flight."""

SETTLING_MS: Final = SETTLING_SECONDS * 1000

REDELIVERED_MS: Final = 5 * 60_000
"""How long a redelivered text is looked up in all earlier rounds of its number."""
