"""Time limits for delivering and handling a text, and for recognising its redelivery.

The webhook keeps to these limits. Certificates, repairs after a lost stream, and changes of
settings that ballots depend on wait for them.
"""

from typing import Final

DIRECTORY_SECONDS: Final = 2
"""Age after which a webhook reads the directory again."""

DIRECTORY_STALE_SECONDS: Final = 60
"""Maximum age of the directory that a webhook uses while reading it fails."""

REQUEST_SECONDS: Final = 3
"""Time after which the webhook stops handling a text and answers 503, and Twilio tries again."""

DELIVERY_SECONDS: Final = 15
"""Time in which Twilio makes all attempts to deliver a text."""

MARGIN_SECONDS: Final = 10
"""For writes that the store completes after the webhook has given up, and for clock skew."""

SETTLING_SECONDS: Final = DIRECTORY_STALE_SECONDS + REQUEST_SECONDS + MARGIN_SECONDS
"""Time after the end of a round until no write of a text that it accepted can be in flight."""

REACHED_SECONDS: Final = DELIVERY_SECONDS + SETTLING_SECONDS
"""Time after which a text that Twilio received is in its ballot, or was not delivered."""

DIRECTORY_STALE_MS: Final = DIRECTORY_STALE_SECONDS * 1000
DELIVERY_MS: Final = DELIVERY_SECONDS * 1000
MARGIN_MS: Final = MARGIN_SECONDS * 1000
SETTLING_MS: Final = SETTLING_SECONDS * 1000
REACHED_MS: Final = REACHED_SECONDS * 1000

REDELIVERED_MS: Final = 5 * 60_000
"""How long a redelivered text is looked up in all earlier rounds of its number."""
