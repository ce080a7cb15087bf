"""The texts of a rehearsal: a crowd's, in words that can count for no other poll."""

from dataclasses import dataclass, replace
from typing import Final

from services.tools.phones.crowd import Crowd, texted_choices, votes_per_phone
from services.tools.phones.sms import SimulatedText
from services.voting.poll import Poll

KEYWORD: Final = "REHEARSALPROBE"
"""First word of every text, also of those that are no vote: no poll of people answers to it."""

NUMBER: Final = "+15550100194"
"""A fictional number. Polls without numbers hear it too, so the keyword is needed."""


@dataclass(frozen=True, slots=True)
class RehearsalTexts:
    """Generates the texts. Phones and kinds are a crowd's."""

    crowd: Crowd

    def next(self) -> SimulatedText:
        """Return the next text."""
        text = self.crowd.next()
        return replace(text, body=f"{KEYWORD} {text.choice or 'NOTHING'}")


def texts_for(poll: Poll, *, seed: int) -> RehearsalTexts:
    """Return the texts for a poll; the same seed gives the same ones."""
    crowd = Crowd(
        texted_choices(poll), to=NUMBER, seed=seed, votes_per_phone=votes_per_phone(poll)
    )  # fmt: skip
    return RehearsalTexts(crowd)
