"""Keyed pseudonyms of phones: one for each poll and round, one for each allow list."""

import hmac
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The pseudonyms of one deployment, 32 hex characters each.

    HMAC-SHA256 with the deployment's pepper: without the pepper, a number cannot be found by trying
    all numbers, and the ballots of two polls or rounds cannot be joined.
    """

    pepper: bytes = field(repr=False)

    def voter(self, poll_id: str, round_number: int, phone: str) -> str:
        """The pseudonym of a phone in one round of one poll."""
        return self._keyed(f"{poll_id}:{round_number}:{phone}")

    def allow_list_id(self, poll_id: str, phone: str) -> str:
        """The pseudonym of a phone on the allow list of one poll.

        The HMAC input begins with a character that no poll id has, so it never equals the input
        for a voter: an allow list and ballots cannot be joined.
        """
        return self._keyed(f"#list:{poll_id}:{phone}")

    def _keyed(self, subject: str) -> str:
        mac = _mac_of(self.pepper).copy()
        mac.update(subject.encode())
        return mac.hexdigest()[:32]


@lru_cache(maxsize=2)
def _mac_of(pepper: bytes) -> hmac.HMAC:
    """The beginning of every pseudonym: a copy takes half the time of a new one."""
    return hmac.new(pepper, digestmod="sha256")
