"""How long a text may be on its way, and how long Twilio may deliver it again.

The webhook keeps to these limits; a certificate, a repair after a lost stream and a change of
what ballots depend on wait for them.
"""

from typing import Final

DIRECTORY_SECONDS: Final = 2
"""Age at which a webhook reads the polls anew."""

REQUEST_SECONDS: Final = 8
"""Time after which the webhook gives up on a text and answers 503. Twilio waits 15 s."""

MARGIN_SECONDS: Final = 10
"""For a write that the store carries out after the webhook gave up, and for clocks that differ."""

LANDING_SECONDS: Final = DIRECTORY_SECONDS + REQUEST_SECONDS + MARGIN_SECONDS
"""Time after the end of a round until no text that it accepted can still become a ballot."""

LANDING_MS: Final = LANDING_SECONDS * 1000

REDELIVERED_MS: Final = 5 * 60_000
"""Time in which a text that is delivered again is recognised in every round of its number."""
